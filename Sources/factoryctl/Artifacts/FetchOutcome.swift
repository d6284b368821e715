/// How a fetched file came to be there.
enum FetchOutcome: Sendable, Equatable {
    /// It was there, with the right digest.
    case kept
    /// It was fetched; so many bytes of it were there before.
    case fetched(resumedFrom: Int)
}
