/// What keeps a job apart from the host and from other jobs; recorded with what it made.
package struct Isolation: Sendable, Hashable, CustomStringConvertible {
    /// What ends everything that a job started, also when the job itself is killed.
    package enum Processes: String, Sendable, Hashable, CaseIterable {
        /// A PID and mount namespace: the kernel ends all processes and mounts with the first process of the job.
        case namespace
        /// The same in a user namespace, without rights on the host.
        case userNamespace = "user-namespace"
        /// A control group: whoever ends the job ends all of it, but nobody does when the agent is dead.
        case controlGroup = "control-group"
        /// A process group only: what left it is not found again.
        case processGroup = "process-group"
    }

    /// How the job's processes are held together.
    package let processes: Processes
    /// Whether the job has a control group of its own beside that.
    package let hasControlGroup: Bool
    /// Why something better was not to be had; empty with the best.
    package let reasons: [String]

    /// Whether mounts of the job are seen only inside it and go away with it.
    package var hasPrivateMounts: Bool { processes == .namespace || processes == .userNamespace }

    /// Whether nothing of a job is left even when the job is killed while the agent is dead.
    package var survivesAgent: Bool { hasPrivateMounts }

    package init(processes: Processes, hasControlGroup: Bool, reasons: [String] = []) {
        self.processes = processes
        self.hasControlGroup = hasControlGroup
        self.reasons = reasons
    }

    /// One word for the record: `namespace`, `user-namespace+cgroup`…
    package var description: String { processes.rawValue + (hasControlGroup ? "+cgroup" : "") }
}
