import Arguments
import FactoryClient

/// Which farm is meant: options of every command.
enum FarmOptions {
    static let socket = Option.value(
        "socket", "ENDPOINT",
        help: "Where factoryd listens: a path, or tcp:127.0.0.1:PORT. By default /run/factory/factoryd.sock.",
        accepts: .something, environment: "FACTORY_SOCKET", completion: .files)
    static let root = Option.value(
        "root", "DIR", help: "A farm that lives in this directory.", accepts: .something,
        environment: "FACTORY_ROOT", completion: .directories)

    static let all = [socket, root]

    /// The endpoint; what stands on the command line wins over the environment.
    static func endpoint(_ invocation: Invocation) throws -> Endpoint {
        let socket = invocation.value(Self.socket)
        let root = invocation.value(Self.root)
        if let socket, let root {
            let (line, other) = (invocation.origin(Self.socket), invocation.origin(Self.root))
            if line == .commandLine, other == .commandLine {
                throw invocation.conflict("--socket and --root name two farms; give one of them")
            }
            return other == .commandLine ? .root(root) : try Endpoint(parsing: socket)
        }
        if let socket { return try Endpoint(parsing: socket) }
        return root.map { .root($0) } ?? .standard
    }
}
