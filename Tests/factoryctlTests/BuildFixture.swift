import FactoryProtocol

/// Events of a small build, one second apart from 12:00:00 UTC on.
struct BuildFixture {
    static let build = BuildID("01J8ZK")
    static let digest = Digest(hash: [UInt8](repeating: 0xAB, count: 32))
    static let iso = Artifact(
        name: "kairos.iso", role: .iso, digest: digest, size: 432_013_312, mediaType: "application/x-iso9660-image")
    private(set) var events: [Event] = []

    static func job(_ name: String) -> JobID { JobID("\(build).\(name)") }

    static func time(_ second: Int) -> Timestamp { Timestamp(milliseconds: Int64(12 * 3600 + second) * 1000) }

    /// Adds an event at a second; of a job when one is named.
    mutating func add(_ second: Int, _ job: String?, attempt: Int? = nil, _ kind: Event.Kind) {
        events.append(
            Event(
                seq: Int64(events.count + 1), at: Self.time(second), job: job.map(Self.job),
                attempt: job == nil ? nil : attempt ?? 1, kind: kind))
    }

    /// `image-amd64` and, after it, `iso-amd64`.
    static func accepted() -> BuildFixture {
        var fixture = BuildFixture()
        fixture.add(
            0, nil,
            .buildAccepted(
                BuildAccepted(jobs: [
                    JobSummary(
                        job: job("image-amd64"), name: "image-amd64", kind: "image", architecture: .amd64, needs: [],
                        state: .ready),
                    JobSummary(
                        job: job("iso-amd64"), name: "iso-amd64", kind: "iso", architecture: .amd64,
                        needs: ["image-amd64"], state: .waiting),
                ])))
        return fixture
    }

    /// The image job runs and installs packages.
    static func installing() -> BuildFixture {
        var fixture = accepted()
        let image = "image-amd64"
        fixture.add(1, image, .jobStateChanged(JobStateChanged(state: .leased, worker: WorkerName("w1"))))
        fixture.add(
            1, image, .jobStateChanged(JobStateChanged(state: .running, worker: WorkerName("w1"), maxAttempts: 3)))
        fixture.add(1, image, .stepStarted(StepStarted(step: "base", title: "Unpack the base", phase: "install")))
        fixture.add(16, image, .stepFinished(StepFinished(step: "base", result: .done, milliseconds: 15_000)))
        fixture.add(
            16, image, .stepStarted(StepStarted(step: "installPackages", title: "Install packages", phase: "install")))
        fixture.add(
            26, image, .stepProgress(StepProgress(step: "installPackages", done: 156, total: 312, unit: .packages)))
        fixture.add(
            26, image, .log(LogLine(step: "installPackages", text: "\u{1B}[1mSetting up libc6\u{1B}[0m\t(2.36)")))
        return fixture
    }

    static let failure = Failure(
        cause: .infrastructure, code: "apt-unreachable", message: "the mirror mirror.example does not answer",
        step: "installPackages", excerpt: ["Err:1 http://mirror.example", "E: Failed to fetch\u{7}"],
        exitStatus: "exit status 100")
}
