import IO
import Synchronization

/// Tells a blocking piece of work that nobody waits for it any more.
final class Cancellation: Sendable {
    private let flag = Atomic(false)

    private func cancel() { flag.store(true, ordering: .relaxed) }

    /// Asked at every entry and every block.
    func check() throws(ArchiveError) {
        if flag.load(ordering: .relaxed) { throw ArchiveError(.cancelled, "cancelled") }
    }

    /// Runs `body` on a thread of its own; cancelling the task makes its next ``check()`` throw.
    static func run<Success: Sendable>(
        _ name: StaticString, _ body: @escaping @Sendable (Cancellation) throws(ArchiveError) -> Success
    ) async throws(ArchiveError) -> Success {
        let cancellation = Cancellation()
        let result: Result<Success, ArchiveError> = await withTaskCancellationHandler {
            do throws(ArchiveError) {
                return .success(
                    try await OwnThread.run(name) { () throws(ArchiveError) -> Success in try body(cancellation) })
            } catch {
                return .failure(error)
            }
        } onCancel: {
            cancellation.cancel()
        }
        return try result.get()
    }
}
