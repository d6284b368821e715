import FactoryProtocol
import FactoryWire
import Glibc
import IO
import JSON
import Processes
import SQLite
import TestSupport
import Testing

/// `factoryd --backup FILE`.
@Suite(.timeLimit(.minutes(2)))
struct BackupTests {
    let folder: TemporaryFolder
    init() throws { folder = try TemporaryFolder() }

    private var root: String { folder.file("farm") }

    private func backUp(_ path: String, in root: String? = nil) async throws -> (ProcessStatus, String) {
        var said = ""
        let status = try await Command(
            BuiltPrograms.path("factoryd"), ["--root", root ?? self.root, "--backup", path]
        ).run(until: .in(.seconds(60))) { said += $0.text + "\n" }
        return (status, said)
    }

    private func submit(_ key: String, _ daemon: DaemonProcess) async throws {
        let submit = Submit(spec: .object(["selfTest": .object(["seconds": .integer(1)])]), idempotencyKey: key)
        let _: Submitted = try await daemon.connect().ask(submit)
    }

    private func builds(_ path: String) throws -> Int {
        try Connection(path, .reader).one("SELECT count(*) FROM builds")
    }

    @Test func aFarmThatRunsAndOneThatStandsStillAreCopiedWhole() async throws {
        try Directory.make(root)
        let copy = folder.file("copy.sqlite")
        let daemon = try DaemonProcess(root: root)
        try await submit("one", daemon)
        let (first, said) = try await backUp(copy)
        #expect(first == .exited(0) && said.isEmpty, "\(said)")
        #expect(try builds(copy) == 1)
        #expect(try FileIO.status(copy)?.permissions == 0o600)
        #expect(try FileIO.status(copy + "-wal") == nil && FileIO.status(copy + ".partial") == nil)
        // In place of the copy of before; the farm has gone on meanwhile.
        try await submit("two", daemon)
        #expect(try await backUp(copy).0 == .exited(0))
        #expect(try builds(copy) == 2)
        #expect(await daemon.end(SIGTERM) == 0)
        #expect(try await backUp(copy).0 == .exited(0))
        #expect(try builds(copy) == 2)
        // A copy is a database that a farm starts with.
        let other = folder.file("other")
        try Directory.make(other)
        try FileIO.rename(copy, to: other + "/factory.sqlite")
        let next = try DaemonProcess(root: other)
        let list: Builds = try await next.connect().ask(ListBuilds())
        #expect(list.builds.count == 2)
        #expect(await next.end(SIGTERM) == 0)
    }

    enum Fault: String, CaseIterable, Sendable {
        case noFarm
        case noDirectory
        case theDatabaseItself
        case itsLog
        case theDatabaseByAnotherPath
        case anotherProgramsDatabase
    }

    @Test("what cannot be copied is said, and nothing is changed", arguments: Fault.allCases)
    func faults(fault: Fault) async throws {
        try Directory.make(root)
        do {
            let daemon = try DaemonProcess(root: root)
            try await submit("one", daemon)
            #expect(await daemon.end(SIGTERM) == 0)
        }
        let database = root + "/factory.sqlite"
        var (target, farm, reason) = (folder.file("copy.sqlite"), root, "")
        switch fault {
        case .noFarm: (farm, reason) = (folder.file("none"), "there is no database at \(folder.file("none"))/")
        case .noDirectory: (target, reason) = (folder.file("no/copy"), "there is no directory \(folder.file("no"))")
        case .theDatabaseItself: (target, reason) = (database, "is a file of the farm itself")
        case .itsLog: (target, reason) = (database + "-wal", "is a file of the farm itself")
        case .theDatabaseByAnotherPath:
            #expect(symlink(root, folder.file("link")) == 0)
            (target, reason) = (folder.file("link/factory.sqlite"), "is a file of the farm itself")
        case .anotherProgramsDatabase:
            farm = folder.file("foreign")
            try Directory.make(farm)
            try Connection(farm + "/factory.sqlite", .writer).script("CREATE TABLE t(a)")
            reason = "is another program's database"
        }
        let before = try FileIO.read(database, limit: 1 << 24)
        let (status, said) = try await backUp(target, in: farm)
        #expect(status == .exited(1), "\(said)")
        #expect(said.hasPrefix("factoryd: ") && said.contains(reason), "\(said)")
        #expect(try FileIO.read(database, limit: 1 << 24) == before)
        #expect(try FileIO.status(folder.file("copy.sqlite")) == nil)
    }
}
