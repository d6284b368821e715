import Archive
import Crypto

/// What a kept layer is found by: a hash of everything that went into it.
package struct LayerKey: Sendable, Hashable, CustomStringConvertible {
    /// The name of its directory: what it is, and 64 hexadecimal digits.
    package let name: String

    /// The key of a layer of this kind made of these inputs.
    ///
    /// - Parameters:
    ///   - kind: a word of lower-case letters, digits and dashes: `base`, `install`, `init`.
    ///   - inputs: everything that the result depends on, the revision of the code included, in a fixed order. They are
    ///     hashed with their lengths, so that no two lists run into one.
    package init(_ kind: String, inputs: [String]) {
        var hash = SHA256()
        for input in [kind, LayerWriter.revision] + inputs {
            hash.update(Array("\(input.utf8.count):\(input)".utf8))
        }
        name = kind + "-" + Hexadecimal.encode(hash.finish())
    }

    init(name: String) { self.name = name }

    package var description: String { name }
}
