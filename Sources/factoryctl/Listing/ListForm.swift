import Arguments

/// How a list is printed.
enum ListForm: Sendable {
    case table
    case json
    case ids

    /// The form that the options ask for.
    init(_ invocation: Invocation) throws(ArgumentsError) {
        let (json, quiet) = (invocation.flag(CommonOptions.json), invocation.flag(CommonOptions.quiet))
        if json, quiet { throw invocation.conflict("--json and --quiet are two forms of one list; give one of them") }
        self = json ? .json : quiet ? .ids : .table
    }
}
