import FactoryProtocol
import IO

extension DaemonProcess {
    /// One request on a connection of its own, ended by us; the whole answer, empty when the daemon closed without one.
    func http(_ request: String, _ fields: String = "", body: String = "") async throws -> String {
        let socket = try await Socket.connect(unix: httpSocket, until: .in(.seconds(30)))
        let text = "\(request) HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\(fields)\r\n\(body)"
        try await socket.write(Array(text.utf8), until: .in(.seconds(30)))
        // What was announced and does not come is no reason to wait.
        if fields.contains("Content-Length") { socket.finishWriting() }
        var answer: [UInt8] = []
        while true {
            do throws(IOError) {
                let more = try await socket.read(upTo: 65536, until: .in(.seconds(20)))
                if more.isEmpty { return String(decoding: answer, as: UTF8.self) }
                answer += more
            } catch {
                guard error.code == .peerGone || error.code == .closed else { throw error }
                return String(decoding: answer, as: UTF8.self)
            }
        }
    }
}
