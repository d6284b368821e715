import Arguments
import FactoryClient
import FactoryProtocol
import IO
import JSON
import Terminal

/// `factoryctl submit`: hands in a description.
enum SubmitCommand: Subcommand {
    static let wait = Option.flag(
        "wait", help: "Watch the build until its end; the exit status is then that of 'watch'.")
    static let detach = Option.flag("detach", help: "Do not watch.")
    static let noCache = Option.flag("no-cache", help: "Make everything anew, whatever is kept.")
    static let key = Option.value(
        "idempotency-key", "KEY",
        help: "Submitting again with the same key gives the same build. By default a new one each time.",
        accepts: .something)

    static let description = CommandDescription(
        "submit", "hand in a description of an image",
        discussion: """
            The description comes from a file (YAML or JSON), from the standard input, from options, or from all of \
            them; an option wins over the key of the file. It is checked whole before anything is queued, and every \
            mistake is shown at once.

            At a terminal the build is then watched; in a script it is not, unless --wait is given. Ctrl-C ends the \
            watching, never the build.
            """,
        options: SpecOptions.all + [noCache, wait, detach, key, CommonOptions.json, CommonOptions.quiet]
            + WatchOptions.all,
        positionals: [SpecOptions.place],
        examples: [
            .init(
                "factoryctl submit --base distro:debian/bookworm --version v1.0.0",
                "A Debian 12 ISO, booted under BIOS and UEFI"),
            .init(
                "factoryctl submit -f image.yaml --boot-check uefi",
                "A description from a file, with another boot check"),
            .init("factoryctl submit -q - < image.yaml", "Only the id, for scripts"),
            .init("factoryctl submit --self-test 5 --wait", "Try whether the farm works"),
        ],
        exitStatuses: [
            .init(0, "the build was accepted; when it is watched, it succeeded"),
            .init(2, "the command line or the description is wrong"),
            .init(5, "no worker that the farm knows can do it; it stays in the queue and is not watched"),
            .init(6, "the farm cannot be reached"),
        ])

    static func run(_ call: Call) async throws -> ExitStatus {
        let form = try ListForm(call.invocation)
        if call.invocation.flag(wait), call.invocation.flag(detach) {
            throw call.invocation.conflict("--wait and --detach exclude one another")
        }
        let input: SpecInput
        do {
            input = try await SpecInput.read(call.invocation)
        } catch let problems as SpecProblems {
            try await call.note(problems.lines(width: call.errorTraits.size?.width))
            return .usage
        }
        let submit = Submit(
            spec: input.json, idempotencyKey: call.invocation.value(key) ?? randomKey(),
            noCache: call.invocation.flag(noCache))
        let submitted = try await send(submit, call)
        do {
            try await say(submitted, form, call)
        } catch {
            // Who takes it for refused would submit it a second time.
            throw CommandError(
                FailureText(error).status, "build \(submitted.build) was accepted, but \(error)",
                hint: call.next("watch \(submitted.build)"))
        }
        guard watches(form, call) else { return .success }
        if let reason = hopeless(submitted) {
            return try await WatchLoop.end(.noWorker(reason: reason), submitted.build, call, form: form)
        }
        return try await WatchLoop.run(submitted.build, call, form: form, warnings: submitted.warnings)
    }

    /// Why no worker that the farm knows can ever run the build; nil when one can.
    static func hopeless(_ submitted: Submitted) -> String? {
        submitted.warnings.first { $0.code == "no-worker" }?.message
    }

    private static func watches(_ form: ListForm, _ call: Call) -> Bool {
        if call.invocation.flag(wait) { return true }
        return form == .table && call.traits.isInteractive && !call.invocation.flag(detach)
    }

    /// Submits; when the answer is lost, asks again with the same key, which cannot make a second build.
    private static func send(_ submit: Submit, _ call: Call) async throws -> Submitted {
        var backoff = Backoff()
        var isSent = false
        for attempt in 1... {
            do throws(ClientError) {
                let session = try await FarmSession.open(
                    try endpoint(call), hello: Call.hello, until: .in(.seconds(10)))
                isSent = true
                return try await session.request(submit)
            } catch {
                // Before anything was sent there is nothing to lose: a farm that is not there is said at once.
                guard error.isLoss, error.code != .cannotConnect || attempt > 1 else { throw error }
                guard attempt < 5 else {
                    throw lost(error, isSent: isSent, key: submit.idempotencyKey, next: call.next)
                }
                if attempt == 1 { try await call.note("\(error); asking again") }
                try await Task.sleep(for: backoff.failed(chance: .random(in: 0...1)))
            }
        }
        throw CancellationError()
    }

    /// The end of a submission that got no answer: what is known of the build.
    static func lost(_ error: ClientError, isSent: Bool, key: String, next: NextCommand) -> CommandError {
        guard isSent else {
            return CommandError(.connectionLost, "\(error); nothing was submitted", hint: next("doctor"))
        }
        return CommandError(
            .connectionLost, "\(error); whether the build was accepted is not known",
            hint: "\(next("list")), or the same command with --idempotency-key \(key), which makes no second build")
    }

    private static func endpoint(_ call: Call) throws(ClientError) -> Endpoint {
        do {
            return try call.endpoint()
        } catch let error as ClientError {
            throw error
        } catch {
            throw ClientError(.badEndpoint, "\(error)")
        }
    }

    private static func say(_ submitted: Submitted, _ form: ListForm, _ call: Call) async throws {
        // Programs read the events: before them stands nothing that is no JSON.
        if watches(form, call), form != .json, WatchLoop.mode(call, form) == .json {
            return try await call.note(lines(submitted, watched: true, next: call.next))
        }
        switch form {
        case .ids: try await call.print(Painted(submitted.build.rawValue))
        case .json: try await call.print(Painted(json: try CanonicalJSON.text(submitted)))
        case .table: try await call.print(lines(submitted, watched: watches(form, call), next: call.next))
        }
        guard form != .table else { return }
        for warning in submitted.warnings { try await call.note("warning: \(Neutralized.text(warning.message))") }
    }

    /// What a person is told: the build, what is ahead of it, what to know, how to watch.
    static func lines(_ submitted: Submitted, watched: Bool, next: NextCommand) -> [Painted] {
        let count = submitted.jobs.count
        let jobs = Human.count(count, "job")
        let ahead = submitted.position == 0 ? "next in line" : "\(submitted.position) ahead of it"
        let state = submitted.repeated ? "was submitted before with this key" : "accepted, \(jobs), \(ahead)"
        let first = Painted("build \(submitted.build) ", .bold) + Painted(state)
        // Of a build that will not be watched for want of a worker, the last line says so.
        let warnings = submitted.warnings.filter { !watched || $0.code != "no-worker" }.map {
            Painted("! \(Neutralized.text($0.message))", .yellow)
        }
        let last = watched ? [] : [Painted("watch it: \(next("watch \(submitted.build)"))", .dim)]
        return [first] + warnings + last
    }

    private static func randomKey() -> String {
        let half = { (number: UInt64) in String(number, radix: 16).rightAligned(to: 16).replacing(" ", with: "0") }
        return half(.random(in: 0 ... .max)) + half(.random(in: 0 ... .max))
    }
}
