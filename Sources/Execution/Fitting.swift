package import FactoryProtocol

extension String {
    /// The text as it may stand in an event or a result: with U+FFFD in place of NUL, which no JSON reader of ours takes,
    /// and with at most `limit` bytes and a word about what was left out.
    func fitting(_ limit: Int) -> String {
        var text = self
        if utf8.count > limit {
            let left = utf8.count - limit
            text = String(decoding: utf8.prefix(limit), as: UTF8.self) + "… (\(left) bytes more)"
        }
        guard text.utf8.contains(0) else { return text }
        return String(String.UnicodeScalarView(text.unicodeScalars.map { $0.value == 0 ? "\u{fffd}" : $0 }))
    }
}

/// Longest texts, in bytes. A frame has a mebibyte, and JSON may write six bytes for one.
private enum Longest {
    /// A log line; a frame holds several such events.
    static let line = 16 * 1024
    /// A sentence: a title, a note, a message.
    static let sentence = 4 * 1024
    /// A line of an excerpt.
    static let excerptLine = 1024
    /// Lines of an excerpt: a boot's console and the machine's own words.
    static let excerpt = 80
    /// A word: a code, an identifier.
    static let word = 256
}

extension Failure {
    /// The same failure in words that can be written and sent: tools say what they like, and as much as they like.
    package var fitting: Failure {
        Failure(
            cause: cause, code: code.fitting(Longest.word), message: message.fitting(Longest.sentence),
            step: step?.fitting(Longest.word),
            excerpt: excerpt.suffix(Longest.excerpt).map { $0.fitting(Longest.excerptLine) },
            exitStatus: exitStatus?.fitting(Longest.word))
    }
}

extension Event.Kind {
    /// The same event in words that can be written and sent.
    var fitting: Event.Kind {
        switch self {
        case .stepStarted(var step):
            step.title = step.title.fitting(Longest.sentence)
            return .stepStarted(step)
        case .stepProgress(var step):
            step.note = step.note?.fitting(Longest.sentence)
            return .stepProgress(step)
        case .stepFinished(var step):
            step.note = step.note?.fitting(Longest.sentence)
            return .stepFinished(step)
        case .log(var line):
            line.text = line.text.fitting(Longest.line)
            return .log(line)
        case .warning(var warning):
            warning.message = warning.message.fitting(Longest.sentence)
            return .warning(warning)
        case .bootResult(var boot):
            boot.reason = boot.reason.fitting(Longest.sentence)
            return .bootResult(boot)
        case .artifact, .buildAccepted, .jobStateChanged, .buildEnded, .unknown: return self
        }
    }
}
