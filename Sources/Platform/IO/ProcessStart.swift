import Glibc

/// What a program of ours does before anything else.
package enum ProcessStart {
    /// Descriptors that must be free for a program to work: libdispatch looks at its threads in `/proc` and traps when it
    /// cannot open a file there.
    private static let needed = 24

    /// Makes sure of standard streams and of free descriptors; call it as the first statement of `main`, before there is
    /// a second thread.
    ///
    /// A standard stream that is closed gets `/dev/null`, so that no file and no socket of ours gets its number. It is
    /// opened the wrong way round, as glibc does for set-user-id programs: reading and writing still fail (EBADF), and who
    /// prints a result is told that it went nowhere.
    ///
    /// Ends the process with status 1 and a sentence on standard error where it could not work.
    /// - Parameter program: its name, for that sentence.
    package static func prepare(_ program: String) {
        for stream in STDIN_FILENO...STDERR_FILENO where fcntl(stream, F_GETFD) < 0 {
            // Free numbers are given out from the lowest: this one is it.
            let opened = open("/dev/null", stream == STDIN_FILENO ? O_WRONLY : O_RDONLY)
            guard opened == stream else {
                fail(program, "standard stream \(stream) is closed, and /dev/null cannot take its place")
            }
        }
        DescriptorLimit.raise()
        guard hasRoom() else {
            fail(program, "fewer than \(needed) file descriptors are free; raise the limit (ulimit -n, LimitNOFILE=)")
        }
    }

    private static func hasRoom() -> Bool {
        var opened: [Int32] = []
        defer { for descriptor in opened { close(descriptor) } }
        while opened.count < needed {
            let descriptor = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
            if descriptor < 0 { return false }
            opened.append(descriptor)
        }
        return true
    }

    private static func fail(_ program: String, _ sentence: String) -> Never {
        let line = Array("\(program): \(sentence)\n".utf8)
        // Nowhere is left to say that standard error cannot be written.
        _ = line.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
        exit(1)
    }
}
