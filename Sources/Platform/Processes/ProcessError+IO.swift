import IO

extension ProcessError {
    /// A wait that ended without what was waited for.
    init(waiting error: IOError, for what: String) {
        switch error.code {
        case .cancelled: self.init(.cancelled, "The wait for \(what) was cancelled")
        case .timedOut: self.init(.deadlinePassed, "The wait for \(what) passed its deadline")
        default: self.init(.systemCallFailed, "The wait for \(what) failed: \(error)")
        }
    }
}
