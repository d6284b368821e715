/// A step of a job began.
package struct StepStarted: Codable, Sendable, Equatable {
    /// Identifier, unique within the attempt, for example `installPackages`.
    package var step: String
    /// What it does, for people.
    package var title: String
    /// The phase or stage it belongs to: `install`, `init`, `iso`.
    package var phase: String?

    package init(
        step: String, title: String, phase: String? = nil
    ) {
        self.step = step
        self.title = title
        self.phase = phase
    }
}

/// How far a step is. Replaces the one before it.
package struct StepProgress: Codable, Sendable, Equatable {
    /// The step.
    package var step: String
    /// How much is done.
    package var done: Int64
    /// How much there is, when known.
    package var total: Int64?
    /// What is counted.
    package var unit: Unit
    /// A few words: what is being done right now.
    package var note: String?

    package init(
        step: String, done: Int64, total: Int64? = nil, unit: Unit, note: String? = nil
    ) {
        self.step = step
        self.done = done
        self.total = total
        self.unit = unit
        self.note = note
    }

    /// What a progress counts.
    package enum Unit: String, Codable, Sendable {
        case bytes
        case packages
        case files
        case percent
        case seconds
        case lines
        case items
    }
}

/// A step ended.
package struct StepFinished: Codable, Sendable, Equatable {
    /// The step.
    package var step: String
    /// How.
    package var result: Result
    /// How long it took.
    package var milliseconds: Int64
    /// Why it was skipped, where the cached result came from, what failed.
    package var note: String?

    package init(
        step: String, result: Result, milliseconds: Int64, note: String? = nil
    ) {
        self.step = step
        self.result = result
        self.milliseconds = milliseconds
        self.note = note
    }

    /// How a step ended.
    package enum Result: String, Codable, Sendable {
        case done
        case cached
        case skipped
        case failed
    }
}

/// A line that a tool printed, or that the job says.
package struct LogLine: Codable, Sendable, Equatable {
    /// The step it belongs to.
    package var step: String?
    /// The line, without its end. Control characters are as the tool wrote them.
    package var text: String

    package init(
        step: String? = nil, text: String
    ) {
        self.step = step
        self.text = text
    }
}

/// Something that the user should know, though the job goes on.
package struct Warning: Codable, Sendable, Equatable {
    /// The code of the warning that stands where an attempt has written more log than is kept.
    package static let logCapped = "log-capped"

    /// A stable name.
    package var code: String
    /// One sentence.
    package var message: String

    package init(
        code: String, message: String
    ) {
        self.code = code
        self.message = message
    }
}
