/// Where the farm says what happens to it, for the operator's journal.
package struct FarmLog: Sendable {
    /// How much a line matters.
    package enum Level: Sendable, Equatable {
        /// Something that the operator has to look at.
        case error
        /// Something that may need looking at.
        case warning
        /// The course of things.
        case info
    }

    private let sink: @Sendable (Level, String, [String: String]) -> Void

    /// A log that hands every line on. Sentences are constant; values go with their names.
    package init(_ sink: @escaping @Sendable (Level, String, [String: String]) -> Void) { self.sink = sink }

    /// Says nothing.
    package static let silent = FarmLog { _, _, _ in }

    func error(_ sentence: String, _ values: [String: String] = [:]) { sink(.error, sentence, values) }
    func warning(_ sentence: String, _ values: [String: String] = [:]) { sink(.warning, sentence, values) }
    func info(_ sentence: String, _ values: [String: String] = [:]) { sink(.info, sentence, values) }
}
