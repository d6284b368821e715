import JSON
import Terminal

/// A list of things in the three forms of every list: a table, JSON, or ids alone.
struct Listing<Item: Encodable & Sendable>: Sendable {
    let items: [Item]
    let columns: [Table.Column]
    /// The cells of an item, one a column.
    let row: @Sendable (Item) -> [Painted]
    /// The id of an item, for scripts.
    let id: @Sendable (Item) -> String
    /// What to say when there is nothing to list; not said to programs.
    let none: String

    /// The lines of the list.
    ///
    /// JSON is one array, indented by nothing, with the fields of the wire protocol.
    func lines(_ form: ListForm, width: Int?) throws(JSONError) -> [Painted] {
        switch form {
        case .json: return [Painted(json: try CanonicalJSON.text(items))]
        case .ids: return items.map { Painted(id($0)) }
        case .table:
            guard !items.isEmpty else { return [Painted(none, .dim)] }
            var table = Table(columns)
            for item in items { table.add(row(item)) }
            return table.lines(width: width)
        }
    }
}
