import FactoryProtocol
import Glibc
import IO

/// The processes whose `/` is a tree: daemons that a package's script left behind.
struct TreeProcesses {
    /// The tree's directory.
    let tree: String

    /// How long a killed process may take to be gone: it can wait for a disk.
    private static let patience = Duration.seconds(30)

    /// Ends all of them, and returns when they are gone.
    ///
    /// - Throws: `fileOperation` when one does not end; `cancelled`.
    func end() async throws(ImageError) {
        let deadline = Deadline.in(Self.patience)
        while true {
            let numbers = try living()
            if numbers.isEmpty { return }
            guard !deadline.hasPassed else {
                throw ImageError(
                    .fileOperation, .worker,
                    "processes \(numbers.map(String.init).joined(separator: ", ")) in \(tree) do not end")
            }
            // Again each time, because one may have started another meanwhile.
            for number in numbers { kill(number, SIGKILL) }
            do throws(IOError) { try await Poller.shared.sleep(until: .in(.milliseconds(5))) } catch {
                throw ImageError(error)
            }
        }
    }

    /// Their numbers. A program in a tree sits in a mount namespace of its own, where the tree has another name, so that
    /// it is the directory itself that is compared.
    private func living() throws(ImageError) -> [Int32] {
        var root = stat()
        guard stat(tree, &root) == 0 else { throw ImageError(system: errno, "look at \(tree)") }
        let entries = try ImageError.wrapping { () throws(IOError) in try Directory.entries("/proc") }
        return entries.compactMap { entry in
            guard let number = Int32(entry.name), number != getpid() else { return nil }
            var facts = stat()
            // It may have ended since; one that is not ours to look at is none of ours.
            guard stat("/proc/\(number)/root", &facts) == 0 else { return nil }
            return facts.st_dev == root.st_dev && facts.st_ino == root.st_ino ? number : nil
        }
    }
}
