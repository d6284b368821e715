/// Why a text is not accepted as YAML, or why a value in it is not what its reader needs.
///
/// Compare by ``code``; the words are for people.
package struct YAMLError: Error, Sendable, Hashable {
    /// What kind of mistake it is: a stable word.
    package struct Code: Sendable, Hashable {
        /// The word, in kebab case.
        package let rawValue: String

        /// The text breaks the syntax of YAML.
        package static let syntax = Code(rawValue: "yaml-syntax")
        /// A line is indented with a tab.
        package static let tab = Code(rawValue: "yaml-tab")
        /// Bytes that are not UTF-8, or a control character.
        package static let encoding = Code(rawValue: "yaml-encoding")
        /// Nothing but blanks and comments.
        package static let empty = Code(rawValue: "yaml-empty")
        /// More than one document in one text.
        package static let severalDocuments = Code(rawValue: "yaml-several-documents")
        /// An anchor, an alias or a merge key.
        package static let anchor = Code(rawValue: "yaml-anchor")
        /// A tag such as `!!str`.
        package static let tag = Code(rawValue: "yaml-tag")
        /// A key that is given twice in one map.
        package static let duplicateKey = Code(rawValue: "yaml-duplicate-key")
        /// A key that is a list, a map or nothing.
        package static let key = Code(rawValue: "yaml-key")
        /// A number that parsers read differently, or that does not fit.
        package static let number = Code(rawValue: "yaml-number")
        /// More bytes, values or levels than are accepted.
        package static let limit = Code(rawValue: "yaml-limit")
        /// A value of another type than its reader needs.
        package static let type = Code(rawValue: "yaml-type")
        /// A value that cannot be written as YAML.
        package static let unwritable = Code(rawValue: "yaml-unwritable")
    }

    /// What kind of mistake it is.
    package let code: Code
    /// Where it is.
    package let mark: Mark
    /// The path of the value from the top, such as `artifacts[2].type`; empty at the top and for syntax errors.
    package let path: String
    /// What is wrong: one sentence without a full stop.
    package let message: String
    /// What to do about it: a sentence without a full stop; nil when the message says it all.
    package let advice: String?

    /// An error at a place.
    package init(_ code: Code, at mark: Mark, path: String = "", _ message: String, advice: String? = nil) {
        self.code = code
        self.mark = mark
        self.path = path
        self.message = message
        self.advice = advice
    }
}

extension YAMLError: CustomStringConvertible {
    /// `line:column: path: message; advice`.
    package var description: String {
        let place = path.isEmpty ? "\(mark): " : "\(mark): \(path): "
        return place + message + (advice.map { "; " + $0 } ?? "")
    }
}
