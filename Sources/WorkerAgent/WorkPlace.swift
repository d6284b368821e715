import Glibc
import IO
import Processes

/// Whether images can be made in a worker's directory: programs of a tree run there, device nodes in it work, and a job can
/// give files to any user. Tried, and explained by the options of its mount (mount(8)).
struct WorkPlace: Sendable, Equatable {
    /// What stands in the way, each a sentence; empty when nothing does.
    var problems: [String] = []
    /// Why no image can be made by whoever runs the agent, with what to do; nil when it can. Jobs that make none are not
    /// concerned.
    var ownersProblem: String?
    /// The directory; empty where none was looked at.
    var path = ""
    /// Where the mount is that holds it.
    var mount = ""
    /// What of the mount is worth knowing.
    var options: [String] = []

    /// Tries it in the directory, which exists, in a process that is contained as jobs are.
    static func look(_ path: String, containment: Containment) async -> WorkPlace {
        var place = WorkPlace(path: path)
        // What cannot be read is named by no problem; what does not work is found all the same.
        if let mount = try? MountPoint.holding(path) {
            place.mount = mount.path
            place.options = mount.options.filter(["ro", "nosuid", "nodev", "noexec"].contains)
        }
        if geteuid() != 0 { place.ownersProblem = notRoot }
        let scratch: String
        do throws(IOError) {
            scratch = try Directory.temporary(path + "/.doctor-")
        } catch {
            place.problems.append("\(path) cannot be written: \(error.message)")
            return place
        }
        // A few bytes; what stays is removed by hand, and nobody is the worse for it.
        defer { try? Directory.remove(scratch) }
        if !(await runsPrograms(scratch)) {
            place.problems.append("programs cannot run in \(path)" + place.blamed("noexec"))
        }
        if geteuid() == 0, !opensDevices(scratch) {
            place.problems.append("device nodes do not work in \(path)" + place.blamed("nodev"))
        }
        if await keepsOwners(scratch, containment) {
            place.ownersProblem = nil
        } else if geteuid() == 0 {
            place.ownersProblem = refused(path)
        }
        return place
    }

    /// A job without root has a user namespace with the one id of its user.
    private static let notRoot =
        "no images: the agent is not root, so its jobs have one user id, and files of an image belong to many; run the "
        + "agent as root (factory-worker.service does). Subordinate ids (/etc/subuid) do not help: jobs do not use them"

    private static func refused(_ path: String) -> String {
        let what = "no images: files in \(path) cannot be given to user \(stranger)"
        // The initial namespace maps the whole range (user_namespaces(7)).
        let map = (try? FileIO.readText("/proc/self/uid_map", limit: 65536)) ?? ""
        let numbers = map.split { $0 == " " || $0 == "\n" || $0 == "\t" }
        if numbers == ["0", "0", "4294967295"] {
            return what + "; put the directory on a file system that keeps owners, and that lets root set them"
        }
        return what + "; the agent runs in a user namespace that does not map that id. Map 65536 ids into it: usermod "
            + "--add-subuids 100000-165535 --add-subgids 100000-165535 USER"
    }

    /// nobody(Debian), the highest id that packages use.
    private static let stranger = 65534

    private static func keepsOwners(_ scratch: String, _ containment: Containment) async -> Bool {
        let file = scratch + "/file"
        do {
            try AtomicFile.write([], to: file)
            var command = Command("/bin/chown", ["\(stranger):\(stranger)", file])
            command.standardOutput = .discarded
            command.standardError = .discarded
            let process = try containment.start(
                command, name: "factory-owners-\(getpid())-\(Deadline.now.nanoseconds)", hasOwnInit: false)
            return try await process.ended(until: .in(.seconds(10)))?.status.isSuccess ?? false
        } catch {
            return false
        }
    }

    /// Names the mount and the option, where it is set.
    private func blamed(_ option: String) -> String {
        options.contains(option) ? ": \(mount) is mounted with \(option)" : ""
    }

    private static func runsPrograms(_ scratch: String) async -> Bool {
        let program = scratch + "/program"
        do {
            try AtomicFile.write(Array("#!/bin/sh\n".utf8), to: program, mode: 0o755)
            return try await Command(program).run(until: .in(.seconds(10))).isSuccess
        } catch {
            return false
        }
    }

    private static func opensDevices(_ scratch: String) -> Bool {
        let node = scratch + "/null"
        // makedev(1, 3): /dev/null.
        guard mknod(node, S_IFCHR | 0o600, dev_t(0x103)) == 0 else { return false }
        let descriptor = open(node, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        close(descriptor)
        return true
    }
}
