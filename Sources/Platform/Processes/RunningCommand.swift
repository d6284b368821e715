import CLinux
import Glibc
import IO

/// One run of a command: reads its streams, waits for its end, and ends it when it is no longer wanted.
///
/// Lives in the one task that runs the command.
final class RunningCommand {
    /// How long a stream is read on after the program itself has ended: a daemon that it left may hold it open for ever.
    private static let lingering = Duration.milliseconds(250)
    private static let chunkSize = 64 * 1024

    private let command: Command
    private let descriptors: CommandDescriptors
    private let child: ChildProcess
    private let set: ReadySet
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: chunkSize, alignment: 16)
    private var termination = Termination()
    private var graceEnds = Deadline.never

    /// Starts the program.
    init(_ command: Command) throws(ProcessError) {
        self.command = command
        set = try ReadySet()
        descriptors = try CommandDescriptors(command)
        var request = SpawnRequest(
            paths: command.candidates, arguments: [command.executable] + command.arguments,
            environment: command.environment, root: command.root, directory: command.directory,
            descriptors: descriptors.child, namespaces: command.namespaces)
        if command.root != nil {
            request.namespaces.insert(.mount)
            request.flags.rawValue |= LINUX_SPAWN_CONFINED.rawValue
        }
        child = try request.spawn()
        descriptors.closeChildSide()
    }

    deinit { buffer.deallocate() }

    /// Reads until the program has ended. `onChunk` gets what a stream gave; false from it ends the program.
    ///
    /// - Throws: `cancelled`, `deadlinePassed` or `outputTooLarge` after the program has been ended for that reason.
    func finish(
        until deadline: Deadline, _ onChunk: (OutputStream, UnsafeRawBufferPointer) -> Bool
    ) async throws(ProcessError) -> Ending {
        do {
            for stream in descriptors.streams { try set.add(stream.descriptor) }
            try set.add(child.pidfd)
            while true {
                let ready = try set.ready()
                if try readStreams(onChunk) { try perform(termination.unwanted(.outputTooLarge)) }
                if ready.contains(child.pidfd) { break }
                try await waitForMore(until: deadline)
            }
            // The group first, then the status: until that is taken the group's number cannot belong to anybody else.
            try perform(termination.leaderEnded())
            try await readLeftovers(onChunk)
        } catch {
            // Nobody would read it any more. The first error is the one to tell.
            _ = kill(-child.pid, SIGKILL)
            _ = await shieldedWait(for: child.pidfd, until: .in(.seconds(5)))
            _ = try? child.takeEnding()
            throw error
        }
        guard let ending = try child.takeEnding() else {
            throw ProcessError(.systemCallFailed, "process \(child.pid) ended, but its exit status is not to be had")
        }
        if let reason = termination.reason { throw failure(reason, ending.status) }
        return ending
    }

    /// After `finish`: hands out the last lines, those that no line end followed.
    func finishLines(_ onLine: (OutputLine) -> Void) {
        for stream in descriptors.streams { stream.finish(onLine) }
    }

    /// Reads every stream until it has nothing; true when a reader wants no more.
    private func readStreams(_ onChunk: (OutputStream, UnsafeRawBufferPointer) -> Bool) throws(ProcessError) -> Bool {
        var enough = false
        for stream in descriptors.streams where stream.isOpen {
            // Not for ever: a program that writes without a pause must not keep us from seeing the deadline.
            reading: for _ in 0..<16 {
                switch try stream.read(into: buffer, { if !onChunk(stream, $0) { enough = true } }) {
                case .bytes: continue
                case .nothingYet: break reading
                case .end:
                    try set.remove(stream.descriptor)
                    break reading
                }
            }
        }
        return enough
    }

    /// The program has ended: takes what it left in its pipes, and waits a little for descendants that still write.
    private func readLeftovers(_ onChunk: (OutputStream, UnsafeRawBufferPointer) -> Bool) async throws(ProcessError) {
        let end = Deadline.in(Self.lingering)
        try set.remove(child.pidfd)
        while true {
            _ = try readStreams(onChunk)
            // Asked for itself: something that writes without a pause is always ready.
            if end.hasPassed || !descriptors.streams.contains(where: \.isOpen) { return }
            if await shieldedWait(for: set.epoll, until: end) != .ready { return }
        }
    }

    private func waitForMore(until deadline: Deadline) async throws(ProcessError) {
        if termination.reason == nil {
            // Asked for here too, because a program that always writes always has something ready.
            if Task.isCancelled { return try perform(termination.unwanted(.cancelled)) }
            if deadline.hasPassed { return try perform(termination.unwanted(.deadlinePassed)) }
            do {
                try await set.wait(until: deadline)
            } catch {
                switch error.code {
                case .cancelled: try perform(termination.unwanted(.cancelled))
                case .timedOut: try perform(termination.unwanted(.deadlinePassed))
                default: throw ProcessError(waiting: error, for: command.executable)
                }
            }
        } else if graceEnds.hasPassed {
            try perform(termination.graceOver())
        } else if await shieldedWait(for: set.epoll, until: graceEnds) == .failed {
            throw ProcessError(.systemCallFailed, "\(command.executable) could not be waited for after TERM")
        }
    }

    private enum Waited: Sendable {
        case ready
        case deadlinePassed
        case failed
    }

    /// Waits although the task is cancelled: a cancelled task still has to see its program end.
    private func shieldedWait(for descriptor: Int32, until deadline: Deadline) async -> Waited {
        // A shield: a new task does not inherit the cancellation; it is awaited here and has a deadline or KILL behind it.
        await Task { () -> Waited in
            do throws(IOError) {
                try await Poller.shared.wait(descriptor, .read, until: deadline)
                return .ready
            } catch {
                return error.code == .timedOut ? .deadlinePassed : .failed
            }
        }.value
    }

    private func perform(_ action: Termination.Action) throws(ProcessError) {
        switch action {
        case .nothing: break
        case .ask:
            graceEnds = .in(command.grace)
            try child.signalGroup(SIGTERM)
            // A stopped program would keep TERM pending until KILL comes.
            try child.signalGroup(SIGCONT)
        case .kill:
            graceEnds = .never
            try child.signalGroup(SIGKILL)
        }
    }

    private func failure(_ reason: Termination.Reason, _ status: ProcessStatus) -> ProcessError {
        let name = command.executable
        switch reason {
        case .cancelled:
            return ProcessError(.cancelled, "\(name) was cancelled (\(status))", status: status)
        case .deadlinePassed:
            return ProcessError(
                .deadlinePassed, "\(name) did not end before its deadline and was ended (\(status))", status: status)
        case .outputTooLarge:
            return ProcessError(
                .outputTooLarge, "\(name) wrote more than it may and was ended (\(status))", status: status)
        }
    }
}
