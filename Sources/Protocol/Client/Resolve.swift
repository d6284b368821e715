/// Asks which build an identifier, or its beginning, names.
package struct ResolveBuild: Message, Equatable {
    /// The identifier or its beginning.
    package var build: BuildID

    package init(build: BuildID) { self.build = build }

    package static let type = "resolve"
}

/// The one build that was named.
package struct ResolvedBuild: Message, Equatable {
    /// Its whole identifier.
    package var build: BuildID

    package init(build: BuildID) { self.build = build }

    package static let type = "resolved"
}
