import Glibc
package import Processes

/// Runs programs inside a tree: chroot(2), with the kernel's file systems, name resolution, an empty /run and /tmp, and
/// no service started. Nothing of that is left in the tree.
///
/// The mounts are made in the mount namespace of this process: a job has one of its own.
package struct TreeRunner: Sendable {
    /// The directory that is `/` for the programs.
    package let tree: String
    /// What could not be arranged, in words; mostly none.
    package let warnings: [String]
    private let sourceDateEpoch: Int64?

    /// What every program in a tree gets, besides `SOURCE_DATE_EPOCH` where the job has one.
    package static let environment = [
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": "/root",
        "USER": "root",
        "LC_ALL": "C.UTF-8",
        "TERM": "dumb",
        // debconf(7): no question is ever asked, and no notice is mailed.
        "DEBIAN_FRONTEND": "noninteractive",
        "DEBCONF_NONINTERACTIVE_SEEN": "true",
        "DEBCONF_NOWARNINGS": "yes",
        "APT_LISTCHANGES_FRONTEND": "none",
        "UCF_FORCE_CONFFNEW": "1",
    ]

    /// Prepares the tree, runs `body`, and puts the tree back as it was, also after a failure.
    ///
    /// - Parameters:
    ///   - tree: a writable tree: an overlay mount, or a directory.
    ///   - scratch: a directory of the job, outside of the tree; made when missing.
    ///   - sourceDateEpoch: the time that programs are told (SOURCE_DATE_EPOCH).
    ///   - body: runs programs. What it leaves in /run and /tmp is gone afterwards, and so are programs that it leaves
    ///     running: what they could still change must not be kept.
    /// - Returns: what `body` returned.
    /// - Throws: `mountRefused`, `notPrivileged`, `fileOperation`, and what `body` throws.
    package static func with<Value>(
        _ tree: String, scratch: String, sourceDateEpoch: Int64? = nil, _ body: (TreeRunner) async throws -> Value
    ) async throws -> Value {
        _ = try Privilege.required(for: "running programs in a tree")
        let mounts = try TreeMounts(tree: tree, scratch: scratch)
        let processes = TreeProcesses(tree: tree)
        let value: Value
        do {
            try mounts.make()
            value = try await body(
                TreeRunner(tree: tree, warnings: mounts.warnings, sourceDateEpoch: sourceDateEpoch))
        } catch {
            // The first failure is the one to tell; a mount that stays besides ends with the job.
            try? await processes.end()
            try? mounts.remove()
            throw error
        }
        try await processes.end()
        try mounts.remove()
        return value
    }

    /// A command that runs in the tree.
    ///
    /// - Parameters:
    ///   - executable: a path in the tree, or a name that is looked up there.
    ///   - arguments: its arguments.
    ///   - extra: more of the environment, before ``environment``.
    /// - Returns: the command, to be changed and run by the caller.
    package func command(
        _ executable: String, _ arguments: [String] = [], environment extra: [String: String] = [:]
    ) -> Command {
        var environment = Self.environment
        if let sourceDateEpoch { environment["SOURCE_DATE_EPOCH"] = String(sourceDateEpoch) }
        environment.merge(extra) { _, given in given }
        return Command(executable, arguments, environment: environment, directory: "/", root: tree)
    }
}
