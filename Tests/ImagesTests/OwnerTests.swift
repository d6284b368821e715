import FactoryExecution
import FactoryProtocol
import FactorySpec
import Glibc
import IO
import JSON
import Processes
import TestSupport
import Testing

@testable import FactoryImages

/// A base whose files belong to users that the user namespace of a worker does not have: the real program in a real one.
@Suite(
    .timeLimit(.minutes(2)), .enabled(if: isRoot, "gives files to other users: needs root"),
    .enabled(if: ToolFinder().find("skopeo") != nil, "brings the base with skopeo, which is not here"))
struct OwnerTests {
    @Test(
        "Whose fault an owner is that is not mapped follows from the owner, and the failure says what to do",
        arguments: [(1000, .worker, "usermod --add-subuids"), (100_000, .spec, "root of its machine")]
            as [(uid_t, Failure.Cause, String)])
    func unmappedOwner(user: uid_t, cause: Failure.Cause, advice: String) async throws {
        let fixture = try await ImageFixture { tree in
            try AtomicFile.write([1], to: tree.root + "/etc/owned")
            guard chown(tree.root + "/etc/owned", user, 0) == 0 else { throw IOError(system: errno, "chown", "owned") }
        }
        let layout = OCILayout(directory: fixture.scratch("base.oci"))
        try await layout.write(fixture.artifacts, from: fixture.out, name: "t")
        let work = """
            {"kind":"image","base":"oci:\(layout.directory):t","version":"v1.0.0","arch":"\(Architecture.host.rawValue)",
            "model":"generic","components":"none","skipSteps":[]}
            """
        let spool = Spool(fixture.scratch("job"))
        try Directory.make(spool.directory)
        try spool.write(
            order: JobOrder(
                job: JobID("b.image"), attempt: 1, fence: Fence(1),
                work: try StrictJSON.decode(JobWork.self, from: Array(work.utf8)), timeoutSeconds: 60,
                trees: fixture.scratch("other-trees"), cache: fixture.scratch("cache")))
        let status = try await Command(
            "/usr/bin/unshare",
            [
                "--user", "--map-root-user", "--mount", BuiltPrograms.path("factory-worker"), "run-job", "--quiet",
                spool.directory,
            ]
        ).run(until: .in(.seconds(60)))
        #expect(status == .exited(1))
        guard case .failed(let failure) = try spool.result()?.outcome else {
            Issue.record("the job has not failed")
            return
        }
        #expect(failure.cause == cause, "\(failure)")
        #expect(failure.message.contains("/etc/owned belongs to user \(user)"), "\(failure)")
        #expect(failure.message.contains(advice), "\(failure)")
    }
}
