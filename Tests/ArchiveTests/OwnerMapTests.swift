import Glibc
import Testing

@testable import Archive

/// Whose fault it is that a file cannot have its owner.
@Suite struct OwnerMapTests {
    private let path = TreePath.root.appending(Array("f".utf8))

    @Test(
        arguments: [
            // A usual range; one of a user alone; root of the machine.
            ("0 100000 65536", 100_000, 0, .ownerNotMapped), ("0 100000 65536", 0, 4_294_967_294, .ownerNotMapped),
            ("0 1000 1", 0, 42, .mapTooSmall), ("0 1000 1\n1 100000 999\n", 1000, 1000, .mapTooSmall),
            ("0 1000 1", 70_000, 1, .ownerNotMapped), ("", 0, 0, .mapTooSmall), ("x y z\n1 2", 5, 5, .mapTooSmall),
            ("         0          0 4294967295\n", 4_294_967_294, 70_000, .impossibleEntry),
        ] as [(String, UInt32, UInt32, ArchiveError.Code)])
    func whoIsAtFaultFollowsFromTheRange(_ map: String, _ user: UInt32, _ group: UInt32, _ code: ArchiveError.Code) {
        let error = OwnerMap(users: map, groups: map).error(path, user: user, group: group)
        #expect(error.code == code, "\(error)")
        #expect(error.message.contains("/f") && error.message.contains("\(user)"), "\(error)")
        #expect(code != .mapTooSmall || error.message.contains("usermod --add-subuids"), "\(error)")
    }

    @Test(
        arguments: [
            (ENOENT, .impossibleEntry), (EFBIG, .impossibleEntry), (EMLINK, .impossibleEntry),
            (E2BIG, .impossibleEntry),
            (EIO, .system), (EPERM, .system), (EROFS, .system), (ENOTSUP, .system), (ENOSPC, .noSpace),
            (EDQUOT, .noSpace),
        ] as [(Int32, ArchiveError.Code)])
    func whatOnlyAnEntryCanCauseIsTheLayersFault(_ number: Int32, _ code: ArchiveError.Code) {
        #expect(ArchiveError(entry: number, "make /f").code == code)
    }
}
