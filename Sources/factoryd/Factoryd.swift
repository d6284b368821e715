import Arguments
import Configuration
import Dispatch
import FactoryProtocol
import Glibc
import IO
import Systemd
import Terminal

/// The daemon: reads its settings, runs, and says in one sentence why it cannot.
@main
struct Factoryd {
    static func main() {
        ProcessStart.prepare("factoryd")
        // A peer that goes away in the middle of a write is an error of that write, not the end of the daemon.
        signal(SIGPIPE, SIG_IGN)
        let environment = Environment.all()
        do {
            guard let settings = try Settings.read(Array(CommandLine.arguments.dropFirst()), environment) else {
                exit(0)
            }
            if let copy = settings.backup {
                try Backup.write(settings.places, to: copy)
                exit(0)
            }
            let journal = Journal(environment: environment, threshold: settings.logLevel)
            // Before the first thread of ours: it changes the environment.
            let given = try SocketActivation.take()
            Task {
                exit(await Daemon.run(settings, given: given, environment: environment, journal: journal) ? 0 : 1)
            }
            dispatchMain()
        } catch let error as ArgumentsError {
            fail("\(error)", status: 2)
        } catch let error as ConfigurationError {
            fail(error.message, status: 2)
        } catch {
            fail("\(error)", status: 1)
        }
    }

    private static func fail(_ sentence: String, status: Int32) -> Never {
        // It may quote what was typed, and must not move the cursor with it.
        let shown = sentence.split(separator: "\n", omittingEmptySubsequences: false).map {
            Neutralized.text(String($0))
        }
        let line = Array("factoryd: \(shown.joined(separator: "\n"))\n".utf8)
        // Nowhere is left to say that standard error cannot be written.
        _ = line.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
        exit(status)
    }
}
