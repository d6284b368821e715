package import IO

extension Command {
    /// How many lines an error carries.
    private static let rememberedLines = 40

    /// Runs the program and hands out its output line by line, in the order in which it was written.
    ///
    /// Returns when the program has ended and its streams are read; a daemon that it leaves behind is not waited for.
    /// Reading is the backpressure: while `onLine` works, the program waits as soon as its pipe is full.
    ///
    /// - Parameters:
    ///   - deadline: When the program is ended (TERM to its process group, after `grace` KILL).
    ///   - onLine: Called in this task for every line.
    /// - Returns: How it ended; a status other than 0 is no error here.
    /// - Throws: `programNotFound`, `spawnFailed`; `deadlinePassed` and `cancelled` after the program has ended;
    ///   `systemCallFailed`.
    @discardableResult
    package func run(
        until deadline: Deadline = .never, onLine: (OutputLine) -> Void = { _ in }
    ) async throws(ProcessError) -> ProcessStatus {
        try await measure(until: deadline, onLine: onLine).status
    }

    /// The same, with what the program used.
    package func measure(
        until deadline: Deadline = .never, onLine: (OutputLine) -> Void = { _ in }
    ) async throws(ProcessError) -> Ending {
        let running = try RunningCommand(self)
        let ending = try await running.finish(until: deadline) { stream, chunk in
            stream.split(chunk, onLine)
            return true
        }
        running.finishLines(onLine)
        return ending
    }

    /// Runs the program, for which only success counts.
    ///
    /// - Throws: As `run`, and `programFailed` with its words around the first error when it does not end with exit
    ///   status 0.
    package func runSuccessfully(
        until deadline: Deadline = .never, onLine: (OutputLine) -> Void = { _ in }
    ) async throws(ProcessError) {
        var words = RecentLines(Self.rememberedLines)
        let status = try await run(until: deadline) { line in
            Self.remember(line, in: &words)
            onLine(line)
        }
        if !status.isSuccess { throw failed(status, words) }
    }

    /// Runs the program and collects what it writes to standard output, as bytes.
    ///
    /// Standard error goes to `onErrorLine`, whatever `standardError` says, so that it does not mix with the data.
    ///
    /// - Parameters:
    ///   - limit: Most bytes to hold; a program that writes more is ended.
    ///   - deadline: When the program is ended.
    ///   - onErrorLine: Called in this task for every line of standard error.
    /// - Returns: How it ended, and the bytes.
    /// - Throws: As `run`, and `outputTooLarge`.
    package func output(
        limit: Int = 1 << 20, until deadline: Deadline = .never, onErrorLine: (OutputLine) -> Void = { _ in }
    ) async throws(ProcessError) -> (ProcessStatus, [UInt8]) {
        var command = self
        command.standardOutput = .lines
        command.standardError = .lines
        let running = try RunningCommand(command)
        var bytes: [UInt8] = []
        let ending = try await running.finish(until: deadline) { stream, chunk in
            guard stream.source == .output else {
                stream.split(chunk, onErrorLine)
                return true
            }
            guard bytes.count + chunk.count <= limit else { return false }
            bytes.append(contentsOf: chunk)
            return true
        }
        running.finishLines(onErrorLine)
        return (ending.status, bytes)
    }

    /// Runs the program, for which only success counts, and returns its standard output as text.
    ///
    /// - Throws: As `output`, and `programFailed` with the words of standard error around the first error.
    package func text(limit: Int = 1 << 20, until deadline: Deadline = .never) async throws(ProcessError) -> String {
        var words = RecentLines(Self.rememberedLines)
        let (status, bytes) = try await output(limit: limit, until: deadline) { Self.remember($0, in: &words) }
        if !status.isSuccess { throw failed(status, words) }
        return String(decoding: bytes, as: UTF8.self)
    }

    private func failed(_ status: ProcessStatus, _ words: RecentLines) -> ProcessError {
        let why = (words.firstComplaint ?? words.lines.last).map { ": \($0)" } ?? ""
        return ProcessError(
            .programFailed, "\(executable) ended with \(status)\(why)", status: status, lastLines: words.lines)
    }

    /// Keeps the lines that say something; progress bars say nothing afterwards.
    private static func remember(_ line: OutputLine, in words: inout RecentLines) {
        guard line.source != .status, line.ending != .carriageReturn else { return }
        words.add(line.text)
    }
}
