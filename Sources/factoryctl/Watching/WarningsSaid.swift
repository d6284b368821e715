import FactoryProtocol

/// The warnings that a command has shown: one that a submission, a build and several of its jobs give is said once. Pure.
struct WarningsSaid: Sendable {
    private var said: [Warning]

    /// With what was shown before anything is watched.
    init(_ said: [Warning] = []) { self.said = said }

    /// Whether an event is to be shown; false for a warning that was.
    mutating func isNews(_ event: Event) -> Bool {
        guard case .warning(let warning) = event.kind else { return true }
        guard !said.contains(where: { $0.code == warning.code && $0.message == warning.message }) else { return false }
        said.append(warning)
        return true
    }
}
