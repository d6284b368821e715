import Arguments
import Configuration
import FactoryQueue
import FactoryScheduling
import Glibc
import IO
import Systemd

/// What the daemon was told, from the command line, the environment and the file.
struct Settings: Sendable {
    /// Where everything is.
    let places: Places
    /// Loopback addresses that were asked for.
    let listen: String?
    let httpListen: String?
    let adminGroup: String
    let userGroup: String
    let workerUsers: [String]
    let liveness: LivenessLimits
    let retry: RetryPolicy
    /// How long builds that are over are kept; nil for ever.
    let keepBuilds: Duration?
    let keepUnused: Duration
    /// What artifacts leave free on the disk, in bytes; nil for the store's own default.
    let storeReserve: Int64?
    let housekeeping: Duration
    let logLevel: Priority
    /// Where a copy of the database is wanted, instead of a daemon.
    let backup: String?

    private static let standardFile = "/etc/factory/factoryd.yaml"

    /// Reads the settings; nil when only help, the version or a description for others was wanted, and
    /// was written.
    ///
    /// - Throws: ``ArgumentsError``, ``ConfigurationError``, ``IOError`` for what cannot be written.
    static func read(_ arguments: [String], _ environment: [String: String]) throws -> Settings? {
        func parse(_ configuration: [String: [String]]) throws(ArgumentsError) -> Invocation? {
            let request = try DaemonOptions.description.parse(
                arguments, version: Daemon.software, environment: environment, configuration: configuration)
            switch request {
            case .run(let invocation): return invocation
            case .show(let text):
                print(text)
                return nil
            }
        }
        // Once without the file, to learn where the file is; then with it.
        guard let first = try parse([:]), try !SelfDescription.isWanted(first) else { return nil }
        let named = first.value(DaemonOptions.config)
        // A farm in a folder of its own does not take the settings of the one in the system.
        if named == nil, first.value(DaemonOptions.root) != nil { return try Settings(first) }
        let values = try ConfigurationFile.read(
            named ?? standardFile, known: DaemonOptions.all.map(\.name).filter { $0 != "config" },
            mayBeMissing: named == nil)
        return try parse(values).map { invocation in try Settings(invocation) }
    }

    private init(_ invocation: Invocation) throws(ArgumentsError) {
        func milliseconds(_ option: Option) -> Duration { .milliseconds(invocation.int(option) ?? 0) }
        if let root = invocation.value(DaemonOptions.root) {
            places = Places(root: root)
        } else {
            places = Places(
                state: invocation.value(DaemonOptions.state) ?? "", run: invocation.value(DaemonOptions.run) ?? "")
        }
        listen = invocation.value(DaemonOptions.listen)
        httpListen = invocation.value(DaemonOptions.httpListen)
        guard listen == nil || httpListen != nil else {
            throw ArgumentsError(
                .missing,
                "--listen needs --http-listen as well: over it workers that come by TCP fetch inputs and deliver results",
                command: "factoryd")
        }
        for (option, address) in [(DaemonOptions.listen, listen), (DaemonOptions.httpListen, httpListen)] {
            try Self.checkLoopback(address, option, invocation)
        }
        try Self.checkSockets(of: places, invocation)
        adminGroup = invocation.value(DaemonOptions.adminGroup) ?? ""
        userGroup = invocation.value(DaemonOptions.userGroup) ?? ""
        workerUsers = invocation.values(DaemonOptions.workerUser)
        liveness = LivenessLimits(
            heartbeat: milliseconds(DaemonOptions.heartbeat), dead: milliseconds(DaemonOptions.dead),
            grace: milliseconds(DaemonOptions.grace))
        // A worker that speaks as it was told to must not be dead between two signs of life, nor when one is late.
        guard liveness.dead >= liveness.heartbeat * 2 else {
            throw invocation.conflict(
                "dead (\(invocation.value(DaemonOptions.dead) ?? "")) must be at least twice heartbeat "
                    + "(\(invocation.value(DaemonOptions.heartbeat) ?? "")), or living workers lose their jobs: raise --dead "
                    + "or lower --heartbeat")
        }
        retry = RetryPolicy(first: milliseconds(DaemonOptions.retryDelay))
        let days = invocation.int(DaemonOptions.keepBuilds) ?? 0
        keepBuilds = days == 0 ? nil : .seconds(days * 24 * 3600)
        keepUnused = milliseconds(DaemonOptions.keepUnused)
        storeReserve = invocation.int(DaemonOptions.storeReserve).map { Int64($0) << 20 }
        housekeeping = milliseconds(DaemonOptions.housekeeping)
        backup = invocation.value(Backup.option)
        switch invocation.value(DaemonOptions.logLevel) {
        case "error": logLevel = .error
        case "warning": logLevel = .warning
        default: logLevel = .info
        }
    }

    /// Refuses what is no TCP address of this machine alone: nothing is encrypted, and nobody proves who he is.
    private static func checkLoopback(
        _ address: String?, _ option: Option, _ invocation: Invocation
    ) throws(ArgumentsError) {
        guard let address else { return }
        do throws(IOError) {
            _ = try SocketAddress.tcp(address)
        } catch {
            throw invocation.conflict("--\(option.name): \(error.message)")
        }
        guard ["127.", "[::1]:", "localhost:"].contains(where: address.hasPrefix) else {
            throw invocation.conflict(
                "--\(option.name): \(address) is no loopback address: TCP is served on 127.0.0.1, [::1] or localhost only"
            )
        }
    }

    /// Refuses places whose sockets would have longer names than sockets may have, before anything is made there.
    private static func checkSockets(of places: Places, _ invocation: Invocation) throws(ArgumentsError) {
        let longest = max(places.socket.utf8.count, places.httpSocket.utf8.count)
        guard longest > Listener.maximumPathBytes else { return }
        let (option, directory) =
            places.isPrivate ? (DaemonOptions.root, places.state) : (DaemonOptions.run, places.run)
        throw invocation.conflict(
            "the socket \(places.socket) would have too long a name: give a shorter --\(option.name), at most "
                + "\(Listener.maximumPathBytes - longest + directory.utf8.count) bytes")
    }

    /// How patient the farm is.
    var farm: FarmSettings {
        var settings = FarmSettings()
        settings.liveness = liveness
        // Often enough for short times in tests, seldom enough to cost nothing.
        settings.tick = min(.seconds(1), max(.milliseconds(20), liveness.heartbeat / 5))
        settings.forgetBuildsAfter = keepBuilds
        settings.forgetting = housekeeping
        settings.server = Daemon.software
        return settings
    }

    /// Users and groups that were named, or are meant by default, and that this machine does not have. In a farm of one's own the
    /// default groups give nobody anything.
    var unknownNames: [String] {
        var sentences: [String] = []
        for (option, name) in [(DaemonOptions.adminGroup, adminGroup), (DaemonOptions.userGroup, userGroup)]
        where groupNumber(name) == nil && !(places.isPrivate && name == option.defaultValue) {
            sentences.append(
                "\(option.name): there is no group '\(name)' on this machine, so that nobody has its rights")
        }
        for name in workerUsers where userNumber(name) == nil {
            sentences.append("worker-user: there is no user '\(name)' on this machine, whose workers are refused")
        }
        return sentences
    }

    /// Who may do what, by the groups and users of this machine. Groups that do not exist give nobody anything.
    var policy: PeerPolicy {
        var policy = PeerPolicy()
        policy.adminGroups = Set([groupNumber(adminGroup)].compactMap(\.self))
        policy.userGroups = Set([groupNumber(userGroup)].compactMap(\.self))
        policy.workers = Set(workerUsers.compactMap(userNumber))
        if listen != nil { policy.tcp = [.read, .submit, .work] } else if httpListen != nil { policy.tcp = .read }
        return policy
    }
}

/// The number of a group by its name, or of the text when it is a number already.
func groupNumber(_ name: String) -> UInt32? {
    if let number = UInt32(name) { return number }
    var record = group()
    var found: UnsafeMutablePointer<group>?
    var buffer = [CChar](repeating: 0, count: 64 * 1024)
    guard getgrnam_r(name, &record, &buffer, buffer.count, &found) == 0, found != nil else { return nil }
    return record.gr_gid
}

/// The number of a user by its name, or of the text when it is a number already.
func userNumber(_ name: String) -> UInt32? {
    if let number = UInt32(name) { return number }
    var record = passwd()
    var found: UnsafeMutablePointer<passwd>?
    var buffer = [CChar](repeating: 0, count: 64 * 1024)
    guard getpwnam_r(name, &record, &buffer, buffer.count, &found) == 0, found != nil else { return nil }
    return record.pw_uid
}
