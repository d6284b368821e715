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

    /// The key that a directory of the cache is named after; nil for one that is not the cache's, as `lost+found`.
    init?(directory name: String) {
        let stem = name.prefix { $0 != "." }
        guard let dash = stem.lastIndex(of: "-"), dash != stem.startIndex else { return nil }
        let hash = stem[dash...].dropFirst().utf8
        guard hash.count == 64, hash.allSatisfy({ (48...57).contains($0) || (97...102).contains($0) }) else {
            return nil
        }
        self.name = name
    }

    package var description: String { name }
}
