import FactoryProtocol

/// How much a worker may say about the end of a job: the queue keeps it, and lists and verdicts repeat it.
enum ReportLimits {
    /// Artifacts of one attempt. An image has 127 layers at most, beside a few other files.
    static let artifacts = 500
    /// Bytes of an artifact's name, a file name.
    static let name = 255
    /// Bytes of a role or a media type (RFC 6838 has 127).
    static let word = 127
    /// Characters of a sentence.
    static let sentence = 2000
    /// Lines of an excerpt, and characters of each.
    static let excerpt = (lines: 80, characters: 1024)

    /// What of the artifacts is beyond its limit; nil when nothing is.
    static func excess(of all: [Artifact]) -> String? {
        if all.count > artifacts { return "\(all.count) artifacts are more than \(artifacts)" }
        let long = all.first {
            !(1...name).contains($0.name.utf8.count) || !(1...word).contains($0.role.rawValue.utf8.count)
                || $0.mediaType.utf8.count > word
        }
        return long.map {
            "the artifact \($0.digest) has no name of 1 to \(name) bytes with a role of 1 to \(word) and a media type of at most \(word)"
        }
    }

    /// The events of a job. A warning stands in the place of each that only the farm may say, so that the numbers go on: a
    /// worker that is refused would send it again for ever.
    static func ofJobs(_ events: [Event]) -> [Event] {
        events.map { event in
            guard !event.kind.isOfJobs else { return event }
            var event = event
            event.kind = .warning(
                Warning(
                    code: "foreign-event",
                    message: "the worker sent an event \(event.kind.name), which only the farm makes: it was left out"))
            return event
        }
    }

    /// The same end in at most as many words as there is room for.
    static func shortened(_ outcome: Outcome) -> Outcome {
        switch outcome {
        case .succeeded: return outcome
        case .cancelled(var cancellation):
            cancellation.reason = shortened(cancellation.reason)
            return .cancelled(cancellation)
        case .failed(let failure):
            return .failed(
                Failure(
                    cause: failure.cause, code: shortened(failure.code, word), message: shortened(failure.message),
                    step: failure.step.map { shortened($0, word) },
                    excerpt: failure.excerpt.suffix(excerpt.lines).map { shortened($0, excerpt.characters) },
                    exitStatus: failure.exitStatus.map { shortened($0, word) }))
        }
    }

    /// A text cut to that many characters. Scalars are counted: one character may have any number of them.
    static func shortened(_ text: String, _ most: Int = sentence) -> String {
        guard text.utf8.count > most else { return text }
        let scalars = text.unicodeScalars.prefix(most)
        return scalars.endIndex == text.unicodeScalars.endIndex ? text : String(scalars) + "…"
    }
}
