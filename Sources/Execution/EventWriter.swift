import Dispatch
package import FactoryProtocol
import Glibc
import IO
import JSON

/// Appends a job's events to `SPOOL/events.ndjson`: one line an event, numbered from 1 without gaps.
///
/// A line is one write(2), without a sync: it survives the death of every process. The ends of steps are made durable
/// beside it, on a queue of its own, so that a power cut loses seconds and not a build.
package final class EventWriter: Sendable {
    /// What `reserve` holds: enough for a last event and a result.
    private static let reserveSize = 128 * 1024

    /// How large the file may grow by log lines and progress, in bytes. Less than factoryd keeps of an attempt, which
    /// adds names to every line.
    package static let standardLimit = 64 << 20

    private struct State {
        var sequence: Int64
        /// How large the file is.
        var size: Int
        var failure: ExecutionError?
    }

    private let spool: Spool
    private let file: Descriptor
    private let state: Locked<State>
    private let limit: Int
    private let onFailure: @Sendable (ExecutionError) -> Void
    private let syncing = DispatchQueue(label: "events.sync")

    /// Opens the file, goes on after its last whole event, and takes the reserve.
    ///
    /// - Parameters:
    ///   - spool: The job's spool.
    ///   - limit: From this size on, in bytes, log lines and progress are left out, and one warning says so. Everything
    ///     else is always kept.
    ///   - onFailure: Called once, when an event could not be written: nobody would see what the job does any more, so
    ///     it should end.
    /// - Throws: `diskFull`, `spoolFailed`.
    package init(
        _ spool: Spool, limit: Int = standardLimit, onFailure: @escaping @Sendable (ExecutionError) -> Void
    ) throws(ExecutionError) {
        self.spool = spool
        self.limit = limit
        self.onFailure = onFailure
        do throws(IOError) {
            file = try FileIO.open(spool.eventsPath, O_RDWR | O_CREAT | O_APPEND)
            let last = try Self.lastEvent(file)
            // A torn line gets an end, so that the next event has a line of its own.
            if last.isTorn { try FileIO.write([UInt8(ascii: "\n")], to: file) }
            state = Locked(State(sequence: last.sequence, size: Int(lseek(file.rawValue, 0, SEEK_END))))
            let reserve = try FileIO.open(spool.reservePath, O_WRONLY | O_CREAT, mode: 0o600)
            let error = posix_fallocate(reserve.rawValue, 0, off_t(Self.reserveSize))
            if error != 0 { throw IOError(system: error, "reserve \(Self.reserveSize) bytes in", spool.directory) }
        } catch {
            throw ExecutionError(error)
        }
    }

    /// The number of the last event; 0 before the first.
    package var lastSequence: Int64 { state.withLock { $0.sequence } }

    /// The number of the last whole event in a spool; 0 when there is none.
    package static func lastSequence(in spool: Spool) throws(ExecutionError) -> Int64 {
        do throws(IOError) {
            return try lastEvent(try FileIO.open(spool.eventsPath, O_RDONLY)).sequence
        } catch {
            throw ExecutionError(error)
        }
    }

    /// Why events are not written any more; nil while they are.
    package var failure: ExecutionError? { state.withLock { $0.failure } }

    /// Appends an event. After a failure nothing is appended any more, until `useReserve`.
    package func append(_ kind: Event.Kind, at time: Timestamp = WallClock.now()) {
        let failure = state.withLock { state -> ExecutionError? in
            guard state.failure == nil else { return nil }
            // Who opens the file again knows by its size that the warning is there.
            let wasFull = state.size >= limit
            if wasFull, kind.mayBeDropped { return nil }
            do throws(ExecutionError) {
                try append(kind, at: time, to: &state)
                if !wasFull, state.size >= limit { try append(.warning(limitWarning), at: time, to: &state) }
                return nil
            } catch {
                state.failure = error
                return error
            }
        }
        if let failure { onFailure(failure) }
        if case .stepFinished = kind { sync() }
    }

    private func append(_ kind: Event.Kind, at time: Timestamp, to state: inout State) throws(ExecutionError) {
        // The last number was read from the spool, which the job's programs can write.
        let (next, isOver) = state.sequence.addingReportingOverflow(1)
        guard !isOver, next > 0 else {
            throw ExecutionError(
                .spoolFailed, "\(spool.eventsPath) ends with the impossible number \(state.sequence)")
        }
        state.size += try write(Event(seq: next, at: time, kind: kind.fitting))
        state.sequence = next
    }

    private var limitWarning: Warning {
        Warning(
            code: Warning.logCapped,
            message: "this attempt has written \(limit >> 20) MiB of log: further lines and progress are not kept")
    }

    /// Gives the reserve back to the disk, so that the last words fit.
    package func useReserve() throws(ExecutionError) {
        do throws(IOError) {
            try FileIO.removeFile(spool.reservePath)
        } catch {
            throw ExecutionError(error)
        }
        state.withLock { $0.failure = nil }
    }

    /// One write a line; returns its length. What a full disk took of it is cut off again, so that no torn line stays
    /// while we live.
    private func write(_ event: Event) throws(ExecutionError) -> Int {
        let line: [UInt8]
        do throws(JSONError) {
            line = try CanonicalJSON.encode(event) + [UInt8(ascii: "\n")]
        } catch {
            throw ExecutionError(.spoolFailed, "event \(event.seq) of \(spool.directory) cannot be written: \(error)")
        }
        let start = lseek(file.rawValue, 0, SEEK_END)
        var count = 0
        repeat {
            count = line.withUnsafeBytes { Glibc.write(file.rawValue, $0.baseAddress, $0.count) }
        } while count < 0
            && errno == EINTR
        if count == line.count { return count }
        let error = count < 0 ? errno : ENOSPC
        // When this fails too, the torn line is skipped by every reader.
        if count > 0 { ftruncate(file.rawValue, start) }
        throw ExecutionError(IOError(system: error, "append to", spool.eventsPath))
    }

    private func sync() {
        syncing.async { [file] in
            // A disk that cannot sync says so at the result, which counts.
            _ = fdatasync(file.rawValue)
        }
    }

    /// The number of the last whole event, and whether the file ends in the middle of a line.
    private static func lastEvent(_ file: Descriptor) throws(IOError) -> (sequence: Int64, isTorn: Bool) {
        let size = Int(lseek(file.rawValue, 0, SEEK_END))
        let length = min(size, 1 << 20)
        let tail = try FileIO.read(file, at: size - length, upTo: length)
        let isTorn = tail.last.map { $0 != UInt8(ascii: "\n") } ?? false
        for line in tail.split(separator: UInt8(ascii: "\n")).reversed() {
            if let event = EventLine.decode(line) { return (event.seq, isTorn) }
        }
        return (0, isTorn)
    }
}
