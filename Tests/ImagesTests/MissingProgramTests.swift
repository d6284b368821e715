import FactoryProtocol
import Glibc
import IO
import Processes
import TestSupport
import Testing

@testable import FactoryExecution
@testable import FactoryImages

/// A program that a tree does not have, asked for as every step of a conversion asks.
@Suite(.enabled(if: geteuid() == 0, "runs programs in a tree: needs root"))
struct MissingProgramTests {
    @Test(
        "A base without a program that is needed is the description's fault, and is tried once",
        arguments: ["apt-get", "/usr/bin/dracut", "/no/such/directory/program"])
    func missing(program: String) async throws {
        let folder = try TemporaryFolder()
        let tree = folder.file("tree")
        // Something of a base is there, and that program is not.
        for directory in ["usr/bin", "etc"] { try Directory.make("\(tree)/\(directory)") }
        let error = await #expect(throws: ProcessError.self) {
            try await Command(program, root: tree).runSuccessfully(until: .in(.seconds(30)))
        }
        let found = try #require(error)
        #expect(found.code == .programNotInRoot)
        for failure in [Failure(of: found), ImageError(found).failure.failure] {
            #expect(failure.cause == .spec && !failure.mayRetry, "\(failure)")
            #expect(failure.message.contains(program), "\(failure)")
        }
    }

    @Test("A program that this machine lacks is the worker's fault: another may have it")
    func onTheWorker() async throws {
        let error = await #expect(throws: ProcessError.self) {
            try await Command("no-such-program-anywhere").runSuccessfully(until: .in(.seconds(30)))
        }
        let found = try #require(error)
        #expect(found.code == .programNotFound)
        for failure in [Failure(of: found), ImageError(found).failure.failure] {
            #expect(failure.cause == .worker && failure.mayRetry, "\(failure)")
        }
    }
}
