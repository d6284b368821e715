import Crypto
import FactoryProtocol
import FactoryStore
import Glibc
import IO
import Testing

/// A store in a folder of its own.
final class Fixture: Sendable {
    let root: String
    let store: BlobStore

    init(onDamage: @escaping @Sendable (Digest, String) -> Void = { _, _ in }) throws {
        root = try Directory.temporary()
        store = try BlobStore(root: root + "/store", onDamage: onDamage)
    }

    // What stays behind in a temporary directory is no failure of the test.
    deinit { try? Directory.remove(root) }

    func put(_ bytes: [UInt8], at path: String) throws {
        let file = try FileIO.open(path, O_WRONLY | O_CREAT)
        try FileIO.write(bytes, to: file)
    }

    /// A store on a disk of its own, which `body` may fill.
    static func onSmallDisk(
        _ size: String, reserve: Int64, _ body: (_ store: BlobStore, _ root: String) async throws -> Void
    ) async throws {
        let root = try Directory.temporary()
        #expect(mount("tmpfs", root, "tmpfs", 0, "size=\(size)") == 0)
        defer {
            umount2(root, Int32(MNT_DETACH))
            try? Directory.remove(root)  // an empty temporary folder that stays behind is no failure of the test
        }
        try await body(try BlobStore(root: root + "/store", reserve: reserve), root)
    }

    func content(_ digest: Digest) throws -> [UInt8] { try FileIO.read(store.path(of: digest), limit: 1 << 20) }
}

let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
let digest = Digest(hash: SHA256.hash(bytes))

/// Gives out the parts one after another, and then the end.
func feed(_ parts: [[UInt8]]) -> () async throws -> [UInt8] {
    var rest = parts[...]
    return { rest.popFirst() ?? [] }
}

func code(_ body: () async throws -> Void) async -> StoreError.Code? {
    do {
        try await body()
        return nil
    } catch let error as StoreError {
        return error.code
    } catch {
        Issue.record("\(error)")
        return nil
    }
}
