import Testing

@testable import IO

@Suite struct SaturatingTests {
    @Test(
        arguments: [
            (0, 0, 0), (1, 2, 3), (.max, 1, .max), (.max, .max, .max), (.min, -1, .min), (.min, .min, .min),
            (.max, .min, -1),
            (-1, .min, .min), (.max, 0, .max),
        ] as [(Int64, Int64, Int64)])
    func aSumThatDoesNotFitIsTheNearestNumber(_ one: Int64, _ other: Int64, _ sum: Int64) {
        #expect(one.addingSaturated(other) == sum)
        #expect(other.addingSaturated(one) == sum)
    }

    @Test(
        arguments: [
            (0, .min, 0), (3, -2, -6), (.max, 2, .max), (.min, 2, .min), (.min, -1, .max), (.max, .min, .min),
            (.min, .min, .max),
        ] as [(Int64, Int64, Int64)])
    func aProductThatDoesNotFitIsTheNearestNumber(_ one: Int64, _ other: Int64, _ product: Int64) {
        #expect(one.multipliedSaturated(by: other) == product)
        #expect(other.multipliedSaturated(by: one) == product)
    }

    /// What statvfs(3) may tell of a file system of a user's own (FUSE).
    @Test(
        arguments: [
            (0, 0, 0), (1, 4096, 4096), (0, .max, 0), (1 << 63, 1, .max), (.max, 1, .max), (.max, .max, .max),
            (1 << 62, 4096, .max),
            (1 << 51, 4096, .max), ((1 << 51) - 1, 4096, .max - 4095),
        ] as [(UInt64, UInt64, Int64)])
    func anyNumberOfBlocksIsARoom(_ blocks: UInt64, _ size: UInt64, _ bytes: Int64) {
        #expect(FileSystemRoom.bytes(blocks, of: size) == bytes)
    }

    @Test func theRoomOfAFileSystemIsNotMoreThanAllOfIt() throws {
        let room = try FileSystemRoom(of: "/tmp")
        #expect(room.total > 0 && room.free >= 0 && room.free <= room.total)
        #expect(throws: IOError.self) { try FileSystemRoom(of: "/nowhere") }
    }
}
