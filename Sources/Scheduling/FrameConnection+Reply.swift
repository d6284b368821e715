import FactoryProtocol
import FactoryWire

extension FrameConnection {
    /// Sends an answer. One that no frame holds becomes an error with the code `reply-too-large`, and the connection lives.
    func reply(_ message: some Message, id: Int64?) async throws(WireError) {
        do throws(WireError) {
            try await send(message, id: id)
        } catch {
            guard error.kind == .violation(.frameTooLarge) else { throw error }
            let refusal = FarmError(
                "reply-too-large",
                "the answer has more than the \(FrameLimits.afterWelcome) bytes of a message: ask for less at once")
            try await send(refusal.reply, id: id)
        }
    }
}
