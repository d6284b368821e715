package import FactoryProtocol
import IO

extension FrameConnection {
    /// The client's half of the handshake: says `hello`, waits for `welcome`.
    ///
    /// - Throws: ``RefusedByServer`` when the server refuses, ``WireError`` when the connection does not last.
    package func greet(_ hello: Hello, within time: Duration = .seconds(5)) async throws -> Welcome {
        let deadline = Deadline.in(time)
        let answer: Incoming
        do throws(WireError) {
            try await send(hello, id: 1)
            answer = try await next(until: deadline)
        } catch {
            // A server that refuses everybody (too many connections) does not wait for the hello: its reason is here
            // already, though the connection is not writable any more. When nothing is, the first error counts.
            guard error.kind == .broken, let said = try? await next(until: deadline), said.type == Refused.type else {
                throw error
            }
            answer = said
        }
        switch answer.type {
        case Refused.type:
            let refused = try answer.decode(Refused.self)
            throw RefusedByServer(code: refused.code, message: refused.message)
        default:
            let welcome = try answer.decode(Welcome.self)
            raiseLimit()
            return welcome
        }
    }

    /// The server's half up to the decision: reads `hello` and agrees on a version. The owner answers.
    package func awaitHello(
        firstFrame: Duration = .seconds(2)
    ) async throws(WireError) -> (hello: Hello, id: Int64?, version: Int) {
        let incoming = try await next(until: .in(firstFrame))
        do throws(ProtocolError) {
            let hello = try incoming.decode(Hello.self)
            return (hello, incoming.id, try ProtocolVersions.ours.agreed(with: hello.protocol))
        } catch {
            throw WireError(error)
        }
    }
}

/// The server would not talk.
package struct RefusedByServer: Error, Sendable, CustomStringConvertible {
    package let code: String
    package let message: String

    package var description: String { message }
}
