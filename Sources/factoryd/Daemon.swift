import FactoryEvents
import FactoryProtocol
import FactoryQueue
import FactoryScheduling
import FactoryStore
import Glibc
import HTTP
import IO
import SQLite
import Systemd

/// The daemon from its lock file to its last checkpoint: wiring only.
struct Daemon: Sendable {
    /// Program and version.
    static let software = "factoryd 0.1.0"

    private let settings: Settings
    private let journal: Journal
    private let store: JobStore
    private let blobs: BlobStore
    private let farm: Farm
    private let http: HTTPServer
    private let manager: ServiceNotices

    /// Runs until a signal ends it, on the sockets that systemd handed over where it did; false when it could not start
    /// or must be started anew.
    static func run(
        _ settings: Settings, given: [SocketActivation.Entry], environment: [String: String], journal: Journal
    ) async -> Bool {
        umask(0o007)
        for sentence in settings.unknownNames {
            journal.warning("A name in the settings is unknown.", ["why": sentence])
        }
        do {
            try settings.places.make()
            // Held until the process ends, however it ends.
            let lock = try lock(settings.places)
            // Before the farm: workers over TCP are told the address of the store, whose port may be the kernel's choice.
            let listeners = try listeners(settings, given, journal)
            let daemon = try await Daemon(
                settings, remoteStore: listeners.remoteStore, environment: environment, journal: journal)
            let result = try await daemon.serve(listeners)
            lock.release()
            return result
        } catch let error as IOError {
            journal.error("factoryd cannot start: \(error.message).")
        } catch {
            journal.error("factoryd cannot start: \(error).")
        }
        return false
    }

    private static func lock(_ places: Places) throws(IOError) -> LockFile {
        do throws(IOError) {
            return try LockFile.acquire(places.lock)
        } catch {
            guard error.code == .locked else { throw error }
            let holder = try LockFile.holder(of: places.lock).map { "process \($0)" } ?? "another process"
            throw IOError(
                .locked,
                "another factoryd (\(holder)) already runs on \(places.state): stop it first, or give another --root")
        }
    }

    private init(_ settings: Settings, remoteStore: String?, environment: [String: String], journal: Journal)
        async throws
    {
        let blobs = try BlobStore(root: settings.places.store, reserve: settings.storeReserve) { digest, file in
            journal.error(
                "An artifact in the store is damaged; it was set aside, and is made again by a build that needs it.",
                ["digest": "\(digest)", "file": file])
        }
        let isNew = try FileIO.status(settings.places.database).map { $0.size == 0 } ?? true
        let store = try JobStore(
            path: settings.places.database, policy: settings.retry, clock: { Timestamp.now },
            isStored: { blobs.holds($0.digest, size: $0.size) })
        let access = StoreAccess(
            blobs, url: "unix:" + settings.places.httpSocket, remoteURL: remoteStore,
            keepUnused: settings.keepUnused, journal: journal)
        farm = Farm(
            store: store, logs: EventLogs(folder: settings.places.logs), access: access,
            root: settings.places.state, settings: settings.farm, log: journal.farm)
        let routes = Routes(farm: farm, blobs: blobs, policy: settings.policy)
        http = try HTTPServer(onError: { journal.error("A request over HTTP failed.", ["why": "\($0)"]) }) { request in
            try await routes.router.respond(to: request)
        }
        if isNew { try Self.warnOfLeftovers(settings.places, journal) }
        manager = try ServiceNotices(environment: environment, journal: journal)
        (self.settings, self.journal, self.blobs, self.store) = (settings, journal, blobs, store)
        try await farm.restore()
        try await Self.sweep(blobs, store, access, journal)
    }

    /// A new queue beside logs or artifacts is one that was lost: what it does not know is removed after a while.
    private static func warnOfLeftovers(_ places: Places, _ journal: Journal) throws(IOError) {
        let builds = try Directory.entries(places.logs).count
        let artifacts = try Directory.entries(places.store + "/blobs/sha256").count
        guard builds + artifacts > 0 else { return }
        journal.warning(
            "The queue is new, and there are logs and artifacts of an older one. What no build knows is removed after "
                + "keep-unused and keep-builds: if the queue was lost, stop factoryd now and restore a backup.",
            ["database": places.database, "logs": "\(builds)", "artifacts": "\(artifacts)"])
    }

    /// Removes what attempts left in the store that ended when no daemon was there to see it, in the background.
    private static func sweep(_ blobs: BlobStore, _ store: JobStore, _ access: StoreAccess, _ journal: Journal)
        async throws
    {
        let running = Set(try await store.openClaims().map { StoreAccess.name(of: $0.claim) })
        let leftovers = try blobs.leftovers(except: running)
        guard !leftovers.isEmpty else { return }
        journal.info("What ended attempts left in the store is removed.", ["attempts": "\(leftovers.count)"])
        for attempt in leftovers { access.closeIncoming(attempt) }
    }

    /// The sockets: those that systemd handed over by their names, else our own.
    private static func listeners(
        _ settings: Settings, _ given: [SocketActivation.Entry], _ journal: Journal
    ) throws -> Listeners {
        var all = Listeners()
        for entry in given {
            switch entry.name {
            case "factoryd.sock": all.wire.append(entry.listener)
            case "http.sock": all.http.append(entry.listener)
            default:
                journal.warning(
                    "systemd handed over a socket that factoryd has no use for; FileDescriptorName= is factoryd.sock "
                        + "or http.sock.", ["name": entry.name, "address": "\(entry.listener.address)"])
            }
        }
        let group = settings.places.isPrivate ? nil : groupNumber(settings.userGroup)
        let mode: UInt32 = group == nil ? 0o600 : 0o660
        if all.wire.isEmpty { all.wire.append(try .unix(settings.places.socket, mode: mode, group: group)) }
        if all.http.isEmpty { all.http.append(try .unix(settings.places.httpSocket, mode: mode, group: group)) }
        if let address = settings.listen { all.wire.append(try .tcp(address)) }
        if let address = settings.httpListen { all.http.append(try .tcp(address)) }
        return all
    }

    private func serve(_ listeners: Listeners) async throws -> Bool {
        let signals = Signals([SIGTERM, SIGINT])
        let reception = Reception(farm: farm, policy: settings.policy)
        let addresses = (listeners.wire + listeners.http).map(\.address.description).joined(separator: ", ")
        manager.ready("listening at \(addresses)")
        journal.info("factoryd is ready.", ["version": Self.software, "addresses": addresses])
        let endedWell = await withTaskGroup(of: Ending.self) { group in
            group.addTask { await ended(by: signals.stream) }
            group.addTask { await failed() }
            group.addTask {
                await manager.feedWatchdog(store)
                return .other
            }
            group.addTask {
                await farm.run()
                return .other
            }
            for listener in listeners.wire {
                group.addTask {
                    await reception.run(listener)
                    return .other
                }
            }
            group.addTask {
                await http.run(listeners.http)
                return .http
            }
            var isGood = true
            var isAsked = false
            for await ending in group {
                switch ending {
                case .other: continue
                case .daemon(let good):
                    (isGood, isAsked) = (good, true)
                    manager.stopping()
                    for listener in listeners.wire { listener.close() }
                    // Requests that are under way may end; whoever watches comes back to the next daemon.
                    http.shutdown(grace: .seconds(2))
                case .http:
                    if !isAsked {
                        isGood = false
                        journal.error("factoryd ends: it can take no more connections over HTTP.")
                    }
                    group.cancelAll()
                }
            }
            return isGood
        }
        await checkpoint()
        journal.info("factoryd has ended.")
        return endedWell
    }

    /// Empties the write-ahead log. Everything in it is on disk already, so that a disk without room for it loses nothing.
    private func checkpoint() async {
        do {
            _ = try await store.writer.exclusive { db in try db.checkpoint() }
        } catch {
            journal.warning("The database's log was not emptied; the next start takes it up.", ["why": "\(error)"])
        }
    }

    /// What came to its end.
    private enum Ending: Sendable {
        /// The daemon has to end; false when it must be started anew.
        case daemon(Bool)
        /// No request over HTTP is left.
        case http
        case other
    }

    /// Waits for the signal that ends the daemon.
    private func ended(by signals: AsyncStream<Int32>) async -> Ending {
        for await number in signals {
            journal.info("factoryd ends: a signal asked for it.", ["signal": number == SIGINT ? "INT" : "TERM"])
            return .daemon(true)
        }
        return .other
    }

    /// Waits until the disk fails to sync: whatever is written from then on proves nothing, so a restart must read anew.
    private func failed() async -> Ending {
        while true {
            if let failure = store.failure {
                journal.error("factoryd ends: the disk failed.", ["why": failure.message])
                return .daemon(false)
            }
            do throws(IOError) {
                try await Poller.shared.sleep(until: .in(.seconds(1)))
            } catch {
                return .other  // cancelled
            }
        }
    }
}
