import IO
package import Processes

/// A program that serves beside a test.
package enum RunningService {
    /// Runs `body` while the program runs, and ends the program afterwards.
    ///
    /// - Parameters:
    ///   - command: the program.
    ///   - ready: what the body needs, taken from the first line that says it.
    ///   - body: gets that.
    /// - Throws: what `body` throws; an error when the program ends before it was ready.
    package static func with<Ready: Sendable>(
        _ command: Command, ready: @escaping @Sendable (String) -> Ready?,
        _ body: (Ready) async throws -> Void
    ) async throws {
        let (lines, said) = AsyncStream<Ready>.makeStream()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                defer { said.finish() }
                do throws(ProcessError) {
                    try await command.run(until: .in(.seconds(120))) { line in
                        if let value = ready(line.text) { said.yield(value) }
                    }
                } catch {
                    // The end of the test ends the program so.
                    guard error.code == .cancelled else { throw error }
                }
            }
            defer { group.cancelAll() }
            for await value in lines {
                try await body(value)
                return
            }
            throw IOError(.closed, "\(command.executable) ended before it was ready")
        }
    }
}
