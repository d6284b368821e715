import IO

/// The sockets that the daemon serves.
struct Listeners: Sendable {
    /// Those of the wire protocol.
    var wire: [Listener] = []
    /// Those of HTTP.
    var http: [Listener] = []

    /// The store's address for workers that came over TCP: they cannot be expected to reach a Unix socket.
    var remoteStore: String? {
        http.first { $0.address.path == nil }.map { "http://\($0.address)" }
    }
}
