import Glibc

/// How many descriptors this process may have open.
package enum DescriptorLimit {
    /// What a server asks for: enough for every connection that its own limits allow, with files and pipes.
    private static let wanted: rlim_t = 65_536

    /// Raises the soft limit as far as the hard one lets it (getrlimit(2)). Programs that are started get the usual 1024
    /// back: some of them go through all numbers up to the limit.
    ///
    /// A server needs it for more than its connections: libdispatch looks at its threads in `/proc` and traps when it
    /// cannot open a file there.
    package static func raise() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        let soft = min(limit.rlim_max, max(limit.rlim_cur, wanted))
        guard soft > limit.rlim_cur else { return }
        limit.rlim_cur = soft
        // Refused, it works as before: accepting waits when there is no descriptor.
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
}
