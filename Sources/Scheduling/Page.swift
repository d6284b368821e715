import FactoryProtocol
import JSON

/// The part of a list that one reply holds.
struct Page<Item: Encodable> {
    /// The items, in their order.
    let items: [Item]
    /// Whether no item is left.
    let isAll: Bool

    /// The first items whose JSON has at most `bytes` together; always one, when there is one. The rest of a frame is for
    /// the message around them.
    init(of all: [Item], bytes: Int = FrameLimits.afterWelcome / 2) throws(JSONError) {
        var left = bytes
        var count = 0
        for item in all {
            // A comma stands between two.
            left -= try CanonicalJSON.encode(item).count + 1
            guard left >= 0 || count == 0 else { break }
            count += 1
        }
        items = Array(all.prefix(count))
        isAll = count == all.count
    }
}
