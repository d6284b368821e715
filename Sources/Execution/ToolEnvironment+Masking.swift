package import FactoryProtocol
import FactorySpec

extension ToolEnvironment {
    /// User and password in a URL; nil when it has none.
    private static func userInfo(_ url: String) -> Substring? {
        let rest = url.firstRange(of: "://").map { url[$0.upperBound...] } ?? url[...]
        let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        return authority.lastIndex(of: "@").map { authority[..<$0] }
    }

    /// The proxies as they may be shown, sorted by name.
    package var shownProxies: [(name: String, value: String)] {
        proxies.sorted { $0.key < $1.key }.map { (name: $0.key, value: masked($0.value)) }
    }

    /// Words that are shown to nobody, the longest first.
    static func secrets(of proxies: [String: String]) -> [String] {
        var words: Set<String> = []
        for (name, url) in proxies where name != "no_proxy" {
            if let info = Self.userInfo(url) { words.formUnion(SecretForms.of(userInfo: String(info))) }
        }
        return words.sorted { ($1.utf8.count, $0) < ($0.utf8.count, $1) }
    }

    /// The text with `***` in place of what a proxy's URL keeps secret.
    package func masked(_ text: String) -> String {
        var text = text
        for word in secrets where text.contains(word) { text = text.replacing(word, with: Passwords.mask) }
        return text
    }

    /// The failure without secrets: tools repeat the URL of a proxy that they cannot use.
    package func masked(_ failure: Failure) -> Failure {
        var failure = failure
        failure.message = masked(failure.message)
        failure.excerpt = failure.excerpt.map(masked)
        return failure
    }

    /// The event without secrets.
    package func masked(_ event: Event.Kind) -> Event.Kind {
        if secrets.isEmpty { return event }
        switch event {
        case .stepStarted(var step):
            step.title = masked(step.title)
            return .stepStarted(step)
        case .stepProgress(var step):
            step.note = step.note.map(masked)
            return .stepProgress(step)
        case .stepFinished(var step):
            step.note = step.note.map(masked)
            return .stepFinished(step)
        case .log(var line):
            line.text = masked(line.text)
            return .log(line)
        case .warning(var warning):
            warning.message = masked(warning.message)
            return .warning(warning)
        case .artifact, .bootResult, .buildAccepted, .jobStateChanged, .buildEnded, .unknown: return event
        }
    }
}
