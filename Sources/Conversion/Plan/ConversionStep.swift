/// A step of the conversion.
package struct ConversionStep: Encodable, Sendable, Equatable {
    /// Its name, unique within the plan: what events call it and, for most, what `skipSteps` takes.
    package var id: String
    /// What it does, for people.
    package var title: String
    /// Why it is left out; nil when it is done.
    package var skipped: String?
    /// What is done, in this order.
    package var actions: [ConversionAction]
}
