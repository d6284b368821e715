import Archive

/// Writes one tree as a layer and says what came of it: our side of `scripts/bench`'s comparison with `buildah commit`.
@main
struct LayerWriterBench {
    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 3 else {
            print("usage: bench-layer-writer TREE BLOB")
            return
        }
        let layer = try await LayerWriter(tree: arguments[1]).write(to: arguments[2])
        print("\(layer.entries) entries, \(layer.tarSize) bytes of tar, \(layer.size) bytes of blob")
    }
}
