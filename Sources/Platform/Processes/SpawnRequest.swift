import CLinux
import Glibc

/// A `linux_spawn_request` in Swift's types; the only place that calls it.
struct SpawnRequest {
    var paths: [String]
    var arguments: [String]
    var environment: [String: String]
    var root: String?
    var directory: String?
    /// Index: number in the child; value: ours, or -1 for closed.
    var descriptors: [Int32]
    var namespaces: Namespaces = []
    var controlGroup: Int32 = -1
    var flags: linux_spawn_flag = LINUX_SPAWN_SESSION

    /// Starts the program. When it returns the program is being executed; when it throws no process is left.
    func spawn() throws(ProcessError) -> ChildProcess {
        let words = CStrings(arguments)
        // Sorted, because two runs of one job should give tools the very same picture.
        let variables = CStrings(environment.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" })
        let candidates = CStrings(paths)
        let places = CStrings([root ?? "", directory ?? ""])
        let spawned = descriptors.withUnsafeBufferPointer { descriptors in
            // An empty array has no address, and the C side reads none then; any valid pointer will do.
            withUnsafePointer(to: Int32(-1)) { none in
                candidates.withConstPointers { paths in
                    var request = linux_spawn_request(
                        paths: paths, arguments: words.pointers, environment: variables.pointers,
                        root: root == nil ? nil : UnsafePointer(places.pointers[0]),
                        directory: directory == nil ? nil : UnsafePointer(places.pointers[1]),
                        descriptors: descriptors.baseAddress ?? none, descriptor_count: descriptors.count,
                        namespaces: namespaces.rawValue, cgroup: controlGroup, flags: flags.rawValue)
                    return linux_spawn(&request)
                }
            }
        }
        if spawned.error != 0 { throw failure(spawned) }
        return ChildProcess(pid: spawned.pid, pidfd: spawned.pidfd)
    }

    private func failure(_ spawned: linux_spawned) -> ProcessError {
        let name = arguments.first ?? "program"
        let reason = ProcessError.text(spawned.error)
        guard let stage = SpawnStage(rawValue: spawned.stage) else {
            return ProcessError(.spawnFailed, "\(name) could not be started: \(reason)", errno: spawned.error)
        }
        if stage == .exec && spawned.error == ENOENT {
            let place = root.map { " in \($0)" } ?? ""
            let hint = root == nil ? ToolCatalog.installHint(for: name) : ""
            return ProcessError(
                root == nil ? .programNotFound : .programNotInRoot,
                "\(name) was not found\(place) (looked for \(paths.joined(separator: ", ")))\(hint)", stage: stage,
                errno: spawned.error)
        }
        let detail =
            switch stage {
            case .directory: " \(directory ?? "")"
            case .root: " \(root ?? "")"
            default: ""
            }
        return ProcessError(
            .spawnFailed, "\(name) could not be started: \(stage)\(detail): \(reason)", stage: stage,
            errno: spawned.error)
    }
}
