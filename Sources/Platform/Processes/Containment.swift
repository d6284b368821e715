import CLinux
import Glibc
package import IO

/// The means to start contained processes on this host, found by trying them.
package struct Containment: Sendable {
    /// What every process started with it gets.
    package let isolation: Isolation
    /// The control group in which each contained process gets one of its own, where that works.
    package let parentGroup: ControlGroup?

    /// These means, untried: `detect` is the usual way.
    package init(isolation: Isolation, parentGroup: ControlGroup?) {
        self.isolation = isolation
        self.parentGroup = parentGroup
    }

    /// Tries what the kernel and our rights allow, the best first, by starting `/bin/true` with it.
    package static func detect(until deadline: Deadline = .in(.seconds(10))) async -> Containment {
        var reasons: [String] = []
        let group = await usableGroup(&reasons, until: deadline)
        for processes in [Isolation.Processes.namespace, .userNamespace] {
            let trial = Containment(
                isolation: Isolation(processes: processes, hasControlGroup: group != nil), parentGroup: group)
            do throws(ProcessError) {
                try await trial.tryOut(until: deadline)
                return Containment(
                    isolation: Isolation(processes: processes, hasControlGroup: group != nil, reasons: reasons),
                    parentGroup: group)
            } catch {
                reasons.append("\(processes.rawValue): \(error.message)")
            }
        }
        let processes = group == nil ? Isolation.Processes.processGroup : .controlGroup
        return Containment(
            isolation: Isolation(processes: processes, hasControlGroup: group != nil, reasons: reasons),
            parentGroup: group)
    }

    /// Starts a program contained, as a leader of its own session.
    ///
    /// The program outlives us. Its output goes where `command` says; lines cannot be had, because nobody would read
    /// them after we are gone.
    ///
    /// - Parameters:
    ///   - command: The program; its `namespaces` are added to those of the containment.
    ///   - name: Names its control group; a file name, unique among living ones.
    ///   - hasOwnInit: The program calls `linux_become_job` as its first statement; else a small init is put before it.
    /// - Returns: The process, running.
    /// - Throws: `programNotFound`, `spawnFailed`, `systemCallFailed`; no process and no control group is left then.
    package func start(_ command: Command, name: String, hasOwnInit: Bool) throws(ProcessError) -> ContainedProcess {
        let descriptors = try CommandDescriptors(command)
        precondition(descriptors.streams.isEmpty, "nobody reads the output of a contained process line by line")
        var request = SpawnRequest(
            paths: command.candidates, arguments: [command.executable] + command.arguments,
            environment: command.environment, root: command.root, directory: command.directory,
            descriptors: descriptors.child, namespaces: command.namespaces)
        switch isolation.processes {
        case .namespace: request.namespaces.formUnion([.process, .mount])
        case .userNamespace:
            request.namespaces.formUnion([.process, .mount, .user])
            request.flags.rawValue |= LINUX_SPAWN_MAP_ROOT.rawValue
        case .controlGroup, .processGroup: break
        }
        if request.namespaces.contains(.process) && !hasOwnInit { request.flags.rawValue |= LINUX_SPAWN_INIT.rawValue }
        guard let group = parentGroup?.child(name) else {
            return ContainedProcess(child: try request.spawn(), group: nil, isolation: isolation)
        }
        try group.make()
        do throws(ProcessError) {
            request.controlGroup = try group.open()
            defer { close(request.controlGroup) }
            return ContainedProcess(child: try request.spawn(), group: group, isolation: isolation)
        } catch {
            // The first error is the one to tell; an empty group that stays is removed by the next `removeLeftovers`.
            try? group.remove()
            throw error
        }
    }

    /// Removes the control groups of processes that ended while nobody looked, and says which.
    package func removeLeftovers(where isOurs: (String) -> Bool) -> [String] {
        guard let parentGroup else { return [] }
        return parentGroup.children().filter { name in
            // A populated group belongs to a living process: rmdir(2) refuses it, which is what we want.
            isOurs(name) && rmdir(parentGroup.child(name).path) == 0
        }
    }

    private static func usableGroup(_ reasons: inout [String], until deadline: Deadline) async -> ControlGroup? {
        guard let own = ControlGroup.own() else {
            reasons.append("cgroup: no cgroup v2 hierarchy is mounted")
            return nil
        }
        let trial = Containment(
            isolation: Isolation(processes: .controlGroup, hasControlGroup: true), parentGroup: own)
        do throws(ProcessError) {
            try await trial.tryOut(until: deadline)
            return own
        } catch {
            reasons.append("cgroup: \(error.message)")
            return nil
        }
    }

    private func tryOut(until deadline: Deadline) async throws(ProcessError) {
        var command = Command("/bin/true")
        command.standardOutput = .discarded
        let process = try start(
            command, name: "factory-trial-\(getpid())-\(Deadline.now.nanoseconds)", hasOwnInit: false)
        let ending = try await process.ended(until: deadline)
        guard ending?.status.isSuccess == true else {
            throw ProcessError(.spawnFailed, "/bin/true ended with \(ending?.status.description ?? "nothing")")
        }
    }
}
