import Glibc

/// What this process was given by whoever started it, as it was before the program changed it.
struct StartConditions: Sendable, Equatable {
    /// Which bits of a file's mode were taken away (umask(2)).
    var umask: mode_t
    /// The soft limit of open descriptors (getrlimit(2)).
    var softDescriptors: UInt64
    /// The hard one, up to which the program raises the soft one.
    var hardDescriptors: UInt64

    /// The umask of the agent and of every job. Modes of files go into images, so that they must not depend on who
    /// started us.
    static let umaskOfJobs: mode_t = 0o022

    /// Those of this process. The first use also sets the umask, because it cannot be read without being set.
    static let current: StartConditions = {
        let given = Glibc.umask(umaskOfJobs)
        var limit = rlimit()
        // Not known is shown as no limit: then nothing is wrong that could be named.
        let isKnown = getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0
        return StartConditions(
            umask: given, softDescriptors: isKnown ? UInt64(limit.rlim_cur) : .max,
            hardDescriptors: isKnown ? UInt64(limit.rlim_max) : .max)
    }()
}
