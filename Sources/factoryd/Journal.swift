import FactoryScheduling
import Systemd

/// The daemon's log: the journal's fields, or lines on standard error.
struct Journal: Sendable {
    private let log: Log

    init(environment: [String: String], threshold: Priority) {
        log = Log(
            identifier: "factoryd", fieldPrefix: "FACTORY", form: Log.form(environment: environment),
            threshold: threshold)
    }

    func error(_ sentence: String, _ values: [String: String] = [:]) { log.write(.error, sentence, values) }
    func warning(_ sentence: String, _ values: [String: String] = [:]) { log.write(.warning, sentence, values) }
    func info(_ sentence: String, _ values: [String: String] = [:]) { log.write(.info, sentence, values) }

    /// The same for what runs inside.
    var farm: FarmLog {
        FarmLog { [log] level, sentence, values in
            switch level {
            case .error: log.write(.error, sentence, values)
            case .warning: log.write(.warning, sentence, values)
            case .info: log.write(.info, sentence, values)
            }
        }
    }
}
