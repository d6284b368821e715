import Glibc
import Testing

@testable import IO

@Suite struct FileTests {
    @Test func anAtomicWriteReplacesTheWholeFileAndLeavesNoOther() async throws {
        try await withDirectory { directory in
            try AtomicFile.write(Array("first and longer".utf8), to: directory + "/f", mode: 0o600)
            try AtomicFile.write(Array("second".utf8), to: directory + "/f", mode: 0o640)
            #expect(try FileIO.readText(directory + "/f", limit: 100) == "second")
            #expect(try FileIO.status(directory + "/f")?.permissions == 0o640)
            #expect(try Directory.entries(directory).map(\.name) == ["f"])
        }
    }

    @Test func aFailedAtomicWriteLeavesTheOldFileAndNoOther() async throws {
        try await withDirectory { directory in
            // A directory at the target makes the rename fail, after the temporary file was written.
            try Directory.make(directory + "/f/inside")
            #expect(await code { try AtomicFile.write([1], to: directory + "/f") } != nil)
            #expect(try Directory.entries(directory).map(\.name) == ["f"])
        }
    }

    @Test func aFileOverTheLimitIsRefused() async throws {
        try await withDirectory { directory in
            try AtomicFile.write([UInt8](repeating: 1, count: 1000), to: directory + "/f")
            #expect(try FileIO.read(directory + "/f", limit: 1000).count == 1000)
            #expect(await code { _ = try FileIO.read(directory + "/f", limit: 999) } == .tooLarge)
            #expect(await code { _ = try FileIO.read("/dev/zero", limit: 1 << 20) } == .tooLarge)
            #expect(await code { _ = try FileIO.read(directory + "/none", limit: 1) } == .notFound)
        }
    }

    @Test func textThatIsNotUTF8IsRefused() async throws {
        try await withDirectory { directory in
            try AtomicFile.write([0x66, 0xff], to: directory + "/f")
            #expect(await code { _ = try FileIO.readText(directory + "/f", limit: 10) } == .wrongKind)
        }
    }

    @Test func aTreeIsRemovedWithOddNamesAndLinksAreNotFollowed() async throws {
        try await withDirectory { directory in
            let tree = directory + "/tree"
            try Directory.make(tree + "/a/b/c")
            try Directory.make(directory + "/kept")
            try AtomicFile.write([1], to: directory + "/kept/file")
            try #require(symlink(directory + "/kept", tree + "/a/link") == 0)
            // A name that is no UTF-8.
            let odd = Array((tree + "/a/b/").utf8CString.dropLast()) + [CChar(bitPattern: 0xff), 0]
            let file = open(odd, O_CREAT | O_WRONLY | O_CLOEXEC, 0o600)
            try #require(file >= 0)
            close(file)
            chmod(tree + "/a/b", 0o000)
            try Directory.remove(tree)
            #expect(try FileIO.status(tree) == nil)
            #expect(try FileIO.read(directory + "/kept/file", limit: 10) == [1])
            try Directory.remove(tree)
        }
    }

    @Test(.enabled(if: geteuid() == 0, "needs root to mount"))
    func whatIsMountedBelowARemovedDirectoryKeepsAllItHas() async throws {
        try await withDirectory { directory in
            let (tree, kept) = (directory + "/tree", directory + "/kept")
            try Directory.make(tree + "/dev")
            try Directory.make(kept)
            try AtomicFile.write([1], to: kept + "/file")
            // The same file system, so that the device number tells nothing.
            try #require(mount(kept, tree + "/dev", nil, UInt(MS_BIND), nil) == 0)
            defer { umount2(tree + "/dev", Int32(MNT_DETACH)) }
            #expect(throws: IOError.self) { try Directory.remove(tree) }
            #expect(try FileIO.read(kept + "/file", limit: 10) == [1])
            try #require(umount2(tree + "/dev", Int32(MNT_DETACH)) == 0)
            try Directory.remove(tree)
            #expect(try FileIO.status(tree) == nil)
        }
    }

    @Test func aWalkIsSortedAndParentsComeFirst() async throws {
        try await withDirectory { directory in
            for name in ["b/y", "b/x", "a"] { try Directory.make(directory + "/" + name) }
            try AtomicFile.write([], to: directory + "/B")
            try #require(symlink("/", directory + "/c") == 0)
            let walked = try Directory.walk(directory)
            #expect(walked.map(\.name) == ["B", "a", "b", "b/x", "b/y", "c"])
            #expect(walked.map(\.kind) == [.file, .directory, .directory, .directory, .directory, .link])
        }
    }

    @Test func aLockNamesItsHolderAndIsFreeAfterIt() async throws {
        try await withDirectory { directory in
            let path = directory + "/lock"
            let first = try LockFile.acquire(path)
            do throws(IOError) {
                _ = try LockFile.acquire(path)
                Issue.record("two hold the lock")
            } catch {
                #expect(error.code == .locked)
                #expect(error.message.contains("process \(getpid())"))
            }
            #expect(await code { _ = try await LockFile.acquire(path, until: .in(.milliseconds(20))) } == .locked)
            async let second = LockFile.acquire(path, until: .in(.seconds(10)))
            first.release()
            _ = try await second
        }
    }

    @Test func sharedHoldersKeepAnExclusiveOneOut() async throws {
        try await withDirectory { directory in
            let path = directory + "/lock"
            let one = try LockFile.acquire(path, .shared)
            let two = try LockFile.acquire(path, .shared)
            #expect(await code { _ = try LockFile.acquire(path) } == .locked)
            one.release()
            two.release()
            _ = try LockFile.acquire(path)
        }
    }

    @Test func workOnAThreadOfItsOwnReturnsAndThrows() async throws {
        #expect(await OwnThread.run("test") { 6 * 7 } == 42)
        #expect(await code { try await OwnThread.run("test") { throw IOError(.closed, "so") } } == .closed)
    }

    @Test(arguments: [
        (Duration.seconds(5), Int64(5_000_000_100)), (.nanoseconds(-50), 50), (.seconds(Int64.max / 2), .max),
    ])
    func aDeadlineMovesByASpanAndTooFarIsNever(span: Duration, expected: Int64) {
        #expect(Deadline(nanoseconds: 100).advanced(by: span).nanoseconds == expected)
        #expect(Deadline.never.advanced(by: span) == .never)
    }
}
