import Arguments
import FactoryClient
import FactoryProtocol
import FactorySpec
import IO
import Terminal

/// What the program says when a command fails, and what it ends with.
struct FailureText: Sendable {
    let status: ExitStatus
    /// For the standard error; none when nobody is left to read.
    let lines: [Painted]

    /// - Parameters:
    ///   - error: What was thrown.
    ///   - next: How commands are written that may help.
    init(_ error: any Error, next: NextCommand = .plain) {
        switch error {
        case let error as ArgumentsError:
            self.init(.usage, error.description)
        case let error as CommandError:
            self.init(error.status, error.message, hint: error.hint)
        case let error as ClientError:
            self.init(client: error, next)
        case let error as TerminalError where error.code == .closed:
            // As a shell shows a program that SIGPIPE ended.
            self.init(status: .signalled(13), lines: [])
        case is CancellationError:
            self.init(.signalled(2), "interrupted")
        default:
            self.init(.buildFailed, "\(error)")
        }
    }

    private init(status: ExitStatus, lines: [Painted]) {
        self.status = status
        self.lines = lines
    }

    private init(_ status: ExitStatus, _ message: String, hint: String? = nil) {
        // A password that was typed by mistake does not get into the log of a CI machine.
        let texts = Passwords.masked(message).split(separator: "\n").map(String.init)
        let first = Painted("factoryctl: ", .red) + Painted(texts.first ?? "")
        self.init(
            status: status,
            lines: [first] + texts.dropFirst().map { Painted($0) }
                + (hint.map { [Painted("  try: \(Passwords.masked($0))")] } ?? []))
    }

    private init(client error: ClientError, _ next: NextCommand) {
        switch error.code {
        case .badEndpoint: self.init(.usage, error.message)
        case .cannotConnect:
            self.init(.connectionLost, error.message, hint: "\(next("doctor")), or name the farm by --root or --socket")
        case .notPermitted:
            let group = error.group.map { "adding the user to the group \($0) (usermod -aG), or " } ?? ""
            self.init(.connectionLost, error.message, hint: group + "the same as the socket's owner, or as root")
        case .rejected:
            let isUsage = [
                "bad-spec", "unknown-build", "ambiguous-build", "unknown-job", "unknown-worker", "key-reused",
                "bad-key",
            ]
            .contains(error.reason ?? "")
            self.init(isUsage ? .usage : .buildFailed, Self.words(error), hint: Self.hint(error.reason, next))
        default: self.init(.connectionLost, Self.words(error))
        }
    }

    private static func words(_ error: ClientError) -> String {
        ([error.message + (error.reason.map { " [\($0)]" } ?? "")] + error.problems.map { "  " + $0.sentence })
            .map(Neutralized.text).joined(separator: "\n")
    }

    private static func hint(_ reason: String?, _ next: NextCommand) -> String? {
        switch reason {
        case "unknown-build", "ambiguous-build": next("list")
        case "unknown-worker": next("workers")
        case "not-allowed": "the same as root, or as a member of the group factory-admin"
        case "no-common-version": "upgrading the older of the two programs"
        default: nil
        }
    }
}

extension Problem {
    /// Path, message and what to write instead; the path is said once.
    var sentence: String {
        (shownPath.map { $0 + ": " } ?? "") + message + (suggestion.map { " (try: \($0))" } ?? "")
    }
}
