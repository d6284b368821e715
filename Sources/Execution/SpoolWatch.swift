import Glibc
package import IO

/// Tells that a spool's events have grown, or that their writer has ended (inotify(7)).
///
/// Make it before the first reading: nothing that is written in between is missed then.
package final class SpoolWatch: Sendable {
    private let watch: Descriptor

    /// Watches the events of a spool.
    package init(_ spool: Spool) throws(ExecutionError) {
        do throws(IOError) {
            let number = inotify_init1(Int32(IN_CLOEXEC) | Int32(IN_NONBLOCK))
            if number < 0 { throw IOError(system: errno, "inotify_init1", "for \(spool.eventsPath)") }
            watch = try Descriptor(adopting: number)
            // Closing counts too: it is the last thing that happens when the job dies.
            if inotify_add_watch(number, spool.eventsPath, UInt32(IN_MODIFY) | UInt32(IN_CLOSE_WRITE)) < 0 {
                throw IOError(system: errno, "inotify_add_watch", spool.eventsPath)
            }
        } catch {
            throw ExecutionError(error)
        }
    }

    /// Waits until something was written since the last call, or the job closed the file by ending.
    ///
    /// - Throws: `.timedOut`, `.cancelled`.
    package func changed(until deadline: Deadline) async throws(IOError) {
        _ = try await watch.read(upTo: 4096, until: deadline)
    }
}
