import FactoryProtocol
import FactoryQueue
import FactorySpec
import JSON
import SQLite
import TestSupport
import Testing

/// What a release finds in a queue that another one wrote, or that a disk has damaged.
@Suite struct StoredWorkTests {
    let queue: QueueFixture
    var store: JobStore { queue.store }
    init() throws { queue = try QueueFixture() }

    @Test(
        arguments: [
            "work_json = '{\"kind\":\"x\"}'", "work_json = '{\"kind\":\"image\"}'", "work_json = 'no JSON'",
            "work_json = '[]'", "work_format = 2", "work_format = 9223372036854775807",
        ])
    func whatCannotBeDecodedFailsAloneAndOnce(change: String) async throws {
        let receipt = try await store.submit(try queue.submission())
        let image = try #require(try await store.readyJobs().first)
        try await queue.change("UPDATE jobs SET \(change) WHERE id = '\(image.job)'")
        guard case .undecodable(let failure) = try await store.claim(image.job, for: WorkerName("w1")) else {
            Issue.record("it was claimed")
            return
        }
        #expect((failure.cause, failure.code) == (.internal, "undecodable-work"))
        #expect(failure.message.contains(image.job.rawValue))
        let details = try await store.details(of: receipt.build, lastSeq: 0)
        #expect(details.jobs.map(\.state) == [.failed, .cancelled, .cancelled])
        #expect(details.jobs[0].attempt == 1)
        #expect(details.verdict?.failure == failure)
        #expect(try await store.claim(image.job, for: WorkerName("w1")) == .notReady)
        #expect(try await store.openClaims().isEmpty)
    }

    @Test(arguments: ["requirements_json = '{}'", "requirements_json = 'x'", "architecture = 'riscv64'"])
    func aJobWhoseNeedCannotBeDecodedFailsAndHidesNoOther(change: String) async throws {
        let bad = try await store.submit(try queue.submission(key: "a"))
        let good = try await store.submit(try queue.submission(key: "b"))
        try await queue.change("UPDATE jobs SET \(change) WHERE build = '\(bad.build)' AND state = 'ready'")
        let needs = try await store.readyNeeds()
        #expect(needs.needs.count == 1 && needs.areUndecodable)
        #expect(try await store.readyJobs().map(\.job.build) == [good.build])
        let unreadable = try await store.undecodableRequirements()
        #expect(unreadable.map(\.build) == [bad.build])
        for job in unreadable {
            #expect(try await store.failUndecodableRequirements(of: job)?.code == "undecodable-work")
            #expect(try await store.failUndecodableRequirements(of: job) == nil)
        }
        #expect(try await store.undecodableRequirements().isEmpty)
        let other = try #require(try await store.readyJobs().first?.job)
        #expect(try await store.failUndecodableRequirements(of: other) == nil)
    }

    @Test func aJobEndsAsItDidAlsoWhenWhatNeedsItCannotBeDecoded() async throws {
        let receipt = try await store.submit(try queue.submission())
        let image = try await queue.start()
        try await queue.change("UPDATE jobs SET work_json = '{}' WHERE name = 'iso-amd64'")
        #expect(try await store.finish(image.claim, .succeeded, artifacts: []) == .current)
        let iso = try #require(try await store.readyJobs().first)
        _ = try await store.claim(iso.job, for: WorkerName("w1"))
        let details = try await store.details(of: receipt.build, lastSeq: 0)
        #expect(details.jobs.map(\.state) == [.succeeded, .failed, .cancelled])
    }

    /// As an earlier release writes it that does not know the key yet.
    @Test(arguments: [
        (
            #"{"kind":"image","base":"distro:debian/bookworm","version":"v1.0.0","arch":"amd64"}"#,
            JobWork.image(
                ImageWork(
                    base: .distribution(.bookworm), version: try ImageVersion(parsing: "v1.0.0"), arch: .amd64,
                    model: .generic, components: .none))
        ),
        (#"{"kind":"iso","arch":"amd64"}"#, .iso(ISOWork(arch: .amd64))),
        (
            #"{"kind":"boot-check","arch":"amd64","firmwares":["bios"]}"#,
            .bootCheck(BootCheckWork(arch: .amd64, firmwares: [.bios]))
        ),
        (#"{"kind":"self-test","seconds":3}"#, .selfTest(SelfTest(seconds: 3))),
        (#"{"kind":"self-test","seconds":3,"later":{"a":[1]}}"#, .selfTest(SelfTest(seconds: 3))),
    ])
    func aMissingKeyMeansItsDefaultAndAnUnknownOneNothing(json: String, work: JobWork) throws {
        #expect(try StrictJSON.decode(JobWork.self, from: Array(json.utf8)) == work)
    }

    /// An upgrade finds earlier builds by these: a description and its image, ISO and boot check, another one, a self-test.
    /// Only a raised `JobWork.revision` may change the keys of its kind.
    @Test func digestsAndCacheKeysStayThroughReleases() async throws {
        let plain = BuildSpec(base: .distribution(.bookworm), version: try ImageVersion(parsing: "v1.0.0"))
        var full = plain
        full.cloudConfig = "#cloud-config\n"
        full.sourceDateEpoch = 7
        full.bootCheck = .bios
        var keys: [String] = []
        for spec in [plain, full] {
            keys.append(try spec.digest().description)
            for job in Planner.plan(spec).jobs {
                keys.append(
                    try CacheKey.of(
                        job.work, inputs: [try QueueFixture.artifact("a.iso", .iso)],
                        sourceDateEpoch: spec.sourceDateEpoch))
            }
        }
        let test = BuildSpec(
            base: .distribution(.bookworm), version: try ImageVersion(parsing: "v1.0.0"), selfTest: SelfTest(seconds: 1)
        )
        keys.append(try test.digest().description)
        #expect(
            keys == [
                "sha256:2d93ab4e1e7dfecbd1876a1f0a96c3e756628f81e579a2809e2942ab52e0f9cf",
                "sha256:44127b69b264bf8d650cb56b62e445d57bc2033c7668a1628fa9bd3558484d6b",
                "sha256:82e0c97d0a9bac4a136ea7ac2de778861b715a418e0869d7eed7d376096ca0a8",
                "sha256:4a655c9b11cc8b27e194a5a4306f5b4801a7e6821f504e67a2be67e0f46360a3",
                "sha256:02ff4093c9ab1f553d2b2d3e7fe4654d3e1a5a8ceb5af7a8447f25f4a0f25898",
                "sha256:16ea7faa094aba827478015aec13500d0f46cb608219f55098902ddbca7ed9a2",
                "sha256:a87fe8c46614d24aaef5d08875732237ecf55dd97c47a4e45ccf2d998a942164",
                "sha256:43f2b106c2f9ebfffef9801c1696d9d33e604efbd22c324bf146f57b48bfd944",
                "sha256:ef5504da28903883e78bdf6407a7c98cb3fc3e673c930098db53fc2ad8eac09d",
            ])
    }
}
