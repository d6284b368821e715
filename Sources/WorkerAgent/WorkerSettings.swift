import Arguments
import FactoryClient
import FactoryProtocol
import Glibc
import IO

/// What an agent is told: by flags, then `FACTORY_WORKER_*`, then worker.yaml.
struct WorkerSettings: Sendable {
    /// Where the farm listens.
    var endpoint: Endpoint
    /// How many jobs at once.
    var slots: Int
    var architectures: [Architecture]
    var name: WorkerName
    /// What holds `spool`, `trees` and `cache`.
    var directory: String
    /// This program, for starting jobs.
    var program: String

    var spools: String { directory + "/spool" }
    var trees: String { Self.trees(in: directory) }
    var cache: String { directory + "/cache" }

    /// Reads the settings of an invocation.
    init(_ invocation: Invocation) throws(SettingsError) {
        let root = invocation.value(WorkerCommand.root)
        do throws(ClientError) {
            endpoint =
                if let socket = invocation.value(WorkerCommand.socket) { try Endpoint(parsing: socket) } else {
                    root.map { .root($0) } ?? .standard
                }
        } catch {
            throw SettingsError(description: "--\(WorkerCommand.socket.name): \(error)")
        }
        try Self.check(endpoint, root)
        directory = Self.directory(invocation)
        let processors = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
        // A build keeps about four processors busy at its widest steps.
        slots = invocation.int(WorkerCommand.slots) ?? max(1, Int(processors) / 4)
        architectures = Self.architectures(invocation)
        name = WorkerName(
            invocation.value(WorkerCommand.name) ?? Self.defaultName(of: Self.hostName(), for: architectures))
        guard name.isValid else {
            throw SettingsError(
                description:
                    "--\(WorkerCommand.name.name): '\(name)' is no name for a worker: letters, digits, '-', '_' "
                    + "and '.', at most 64")
        }
        program = Self.ownPath()
    }

    /// Refuses a socket whose name is too long: it would be tried for ever.
    private static func check(_ endpoint: Endpoint, _ root: String?) throws(SettingsError) {
        guard case .unix(let path) = endpoint else { return }
        let root = root.flatMap { endpoint == .root($0) ? $0 : nil }
        // factoryd makes the socket of a root by itself, and takes two bytes more for that.
        let (bytes, most) = (path.utf8.count, root == nil ? SocketAddress.maximumPathBytes : Listener.maximumPathBytes)
        guard bytes > most else { return }
        let remedy = root.map { "--root, at most \(most - bytes + $0.utf8.count) bytes" } ?? "--socket"
        throw SettingsError(
            description: "the socket \(path) has \(bytes) bytes, and it may have \(most): give a shorter \(remedy)")
    }

    /// What holds `spool`, `trees` and `cache`.
    static func directory(_ invocation: Invocation) -> String {
        invocation.value(WorkerCommand.root).map { absolute($0) + "/worker" } ?? "/var/lib/factory-worker"
    }

    /// Where images are made, in a worker's directory. It may be a mount of its own.
    static func trees(in directory: String) -> String { directory + "/trees" }

    /// What is built for.
    static func architectures(_ invocation: Invocation) -> [Architecture] {
        let words = invocation.values(WorkerCommand.arch)
        return words.isEmpty ? [.host] : Set(words.compactMap(Architecture.init)).sorted()
    }

    /// What an agent is called that was given no name: as its machine, and by what it builds for where that is not what
    /// the machine is, since such an agent may stand beside another one.
    static func defaultName(
        of machine: String, for architectures: [Architecture], on host: Architecture = .host
    ) -> String {
        architectures.contains(host) ? machine : ([machine] + architectures.map(\.rawValue)).joined(separator: "-")
    }

    /// The name of this machine.
    static func hostName() -> String {
        var facts = utsname()
        guard uname(&facts) == 0 else { return "worker" }
        return withUnsafeBytes(of: facts.nodename) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }

    static func absolute(_ path: String) -> String {
        if path.hasPrefix("/") { return path }
        guard let directory = getcwd(nil, 0) else { return path }
        defer { free(directory) }
        return String(cString: directory) + "/" + path
    }

    private static func ownPath() -> String {
        guard let path = realpath("/proc/self/exe", nil) else { return CommandLine.arguments.first ?? "factory-worker" }
        defer { free(path) }
        return String(cString: path)
    }
}

/// A setting that cannot be used.
struct SettingsError: Error, CustomStringConvertible {
    let description: String
}
