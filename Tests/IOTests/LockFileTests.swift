import Glibc
import IO
import Testing

/// Locks whose files are removed while others take them. Each call opens the file anew, so that threads contend for
/// it as processes do.
@Suite(.timeLimit(.minutes(2))) struct LockFileTests {
    /// Who is inside, as those who hold a lock see it.
    private struct Inside {
        var alone = 0
        var shared = 0
        var violations = 0
    }

    @Test func aRemovedFileIsMadeAnewAndItsLockIsAnotherOne() throws {
        let directory = try Directory.temporary()
        defer { try? Directory.remove(directory) }  // what stays in a temporary directory is no failure of the test
        let path = directory + "/lock"
        let first = try LockFile.acquire(path)
        let inode = try FileIO.status(path)?.inode
        // Keeps the number from being used again.
        let open = try FileIO.open(path, O_RDONLY)
        try first.remove()
        #expect(try FileIO.status(path) == nil)
        let second = try LockFile.acquire(path)
        #expect(try FileIO.status(path)?.inode != inode)
        // One that was made by hand in its place is not ours to remove.
        #expect(rename(path, path + ".old") == 0)
        let third = try LockFile.acquire(path)
        try second.remove()
        #expect(throws: IOError.self) { _ = try LockFile.acquire(path) }
        third.release()
        open.close()
    }

    /// A program that is being started has copies of all descriptors until its exec.
    @Test(arguments: [false, true]) func aLockThatIsGivenUpIsFreeAlsoWhileACopyOfItsDescriptorIsOpen(
        byRelease: Bool
    ) throws {
        let directory = try Directory.temporary()
        defer { try? Directory.remove(directory) }  // what stays in a temporary directory is no failure of the test
        let path = directory + "/lock"
        var lock: LockFile? = try LockFile.acquire(path)
        let ours = try #require(try FileIO.status(path))
        let copies = try Directory.entries("/proc/self/fd").compactMap { entry -> Int32? in
            var status = stat()
            guard let number = Int32(entry.name), fstat(number, &status) == 0, UInt64(status.st_ino) == ours.inode,
                UInt64(status.st_dev) == ours.device
            else { return nil }
            return fcntl(number, F_DUPFD_CLOEXEC, 0)
        }
        defer { for copy in copies { close(copy) } }
        #expect(!copies.isEmpty)
        if byRelease { lock?.release() } else { lock = nil }
        _ = try LockFile.acquire(path)
    }

    @Test func whoeverOpenedARemovedFileNeverHoldsItBesideTheNextOne() async throws {
        let directory = try Directory.temporary()
        defer { try? Directory.remove(directory) }  // what stays in a temporary directory is no failure of the test
        let seed: UInt64 = 0x5eed_10c4
        print("seed \(seed)")
        let paths = (0..<3).map { "\(directory)/\($0)" }
        let inside = paths.map { _ in Locked(Inside()) }
        let taken = Locked(0)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for thread in 0..<8 {
                group.addTask {
                    try await OwnThread.run("locks") { () throws(IOError) in
                        var state = seed &+ UInt64(thread) &* 0x9e37_79b9_7f4a_7c15
                        for _ in 0..<2000 {
                            state ^= state << 13
                            state ^= state >> 7
                            state ^= state << 17
                            let number = Int(state % 3)
                            let isShared = state >> 8 & 1 == 0
                            let lock: LockFile
                            do throws(IOError) {
                                lock = try LockFile.acquire(paths[number], isShared ? .shared : .exclusive)
                            } catch {
                                guard error.code == .locked else { throw error }
                                continue
                            }
                            taken.withLock { $0 += 1 }
                            inside[number].withLock { inside in
                                if inside.alone > 0 || (!isShared && inside.shared > 0) { inside.violations += 1 }
                                if isShared { inside.shared += 1 } else { inside.alone += 1 }
                            }
                            sched_yield()
                            inside[number].withLock { inside in
                                if isShared { inside.shared -= 1 } else { inside.alone -= 1 }
                            }
                            if !isShared, state >> 16 & 1 == 0 { try lock.remove() } else { lock.release() }
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(inside.map { $0.withLock { $0.violations } } == [0, 0, 0], "seed \(seed)")
        #expect(taken.withLock { $0 } > 100, "seed \(seed)")
        #expect(try Directory.entries(directory).count <= 3)
    }
}
