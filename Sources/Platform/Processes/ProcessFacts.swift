import Glibc

/// What `/proc/PID/status` tells of a process (proc_pid_status(5)).
package struct ProcessFacts: Sendable, Hashable {
    /// Its number in our PID namespace.
    package let pid: Int32
    /// Its parent's number in our PID namespace, 0 when the parent is outside of it.
    package let parent: Int32
    /// Its numbers in our PID namespace and in each one inside of it, innermost last.
    package let namespacePIDs: [Int32]
    /// One letter: `R` running, `S` sleeping, `D` waiting for a device, `Z` ended and not reaped.
    package let state: Character
    /// When it started, in clock ticks since boot; with `pid` it names a process for ever (proc_pid_stat(5), field 22).
    package let startTime: UInt64

    /// The facts of a process, or nil when there is none of that number.
    package init?(pid: Int32) {
        guard let status = TextFile.read("/proc/\(pid)/status"), let stat = TextFile.read("/proc/\(pid)/stat"),
            // The name in parentheses may hold anything, also spaces and parentheses.
            let close = stat.lastIndex(of: ")")
        else { return nil }
        // After the name: state is field 3, starttime field 22.
        let fields = stat[stat.index(after: close)...].split(separator: " ")
        guard fields.count > 19, let startTime = UInt64(fields[19]) else { return nil }
        var values: [Substring: Substring] = [:]
        for line in status.split(separator: "\n") {
            guard let colon = line.firstIndex(of: ":") else { continue }
            values[line[..<colon]] = line[line.index(after: colon)...]
        }
        func numbers(_ key: Substring) -> [Int32] {
            (values[key] ?? "").split(whereSeparator: { $0 == "\t" || $0 == " " }).compactMap { Int32($0) }
        }
        guard let parent = numbers("PPid").first else { return nil }
        self.pid = pid
        self.parent = parent
        self.startTime = startTime
        namespacePIDs = numbers("NSpid")
        state = fields[0].first ?? "?"
    }

    /// How long ago it started, the time that the machine slept included.
    package var age: Duration {
        var now = timespec()
        clock_gettime(CLOCK_BOOTTIME, &now)
        let ticks = max(1, sysconf(Int32(_SC_CLK_TCK)))
        let (whole, rest) = startTime.quotientAndRemainder(dividingBy: UInt64(ticks))
        let start = Duration.seconds(Int64(whole)) + .nanoseconds(Int64(rest) * 1_000_000_000 / Int64(ticks))
        return .seconds(now.tv_sec) + .nanoseconds(now.tv_nsec) - start
    }

    /// The processes whose parent that one is, as far as they can be seen: read from all of `/proc`, because the kernel's
    /// own list (`/proc/PID/task/TID/children`) is not built into every one.
    package static func children(of parent: Int32) -> [Int32] {
        TextFile.directories(in: "/proc").compactMap { Int32($0) }.filter { ProcessFacts(pid: $0)?.parent == parent }
            .sorted()
    }

    /// Whether it is the first process of a PID namespace inside ours: when it ends, all others in there end.
    package var isNamespaceInit: Bool { namespacePIDs.count > 1 && namespacePIDs.last == 1 }
}
