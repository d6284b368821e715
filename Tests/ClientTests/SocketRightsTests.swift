import Glibc
import IO
import Testing

@testable import FactoryClient

@Suite struct SocketRightsTests {
    @Test(arguments: [(UInt32(0o600), false), (0o660, true), (0o640, false)])
    func theGroupHelpsOnlyWhereTheModeSaysSo(mode: UInt32, helps: Bool) throws {
        let folder = try Directory.temporary()
        // An empty folder that stays behind is no failure of the test.
        defer { try? Directory.remove(folder) }
        let path = folder + "/s"
        try AtomicFile.write([], to: path)
        // A group without a name, for who may give a file to it.
        let isGiven = chown(path, uid_t.max, 54_321) == 0
        try #require(chmod(path, mode) == 0)
        let rights = try #require(SocketRights(of: path))
        let error = ClientError(connecting: .unix(path: path), IOError(.notPermitted, "x"), rights)
        #expect((error.group != nil) == helps)
        if isGiven, helps { #expect(error.group == "54321") }
        if geteuid() == 0 { #expect(rights.owner == "root") }
        #expect(error.message.contains("it is open to \(rights.owner)"))
        #expect(error.message.contains(" alone") == !helps)
    }

    @Test func whatCannotBeLookedAtSaysNothing() {
        #expect(SocketRights(of: "/nonexistent/s") == nil)
        let error = ClientError(connecting: .unix(path: "/nonexistent/s"), IOError(.notPermitted, "x"))
        #expect(error.group == nil && error.message.hasSuffix("may not be opened by this user"))
    }
}
