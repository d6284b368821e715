import CLinux

/// The steps of starting a program, in their order: an error names the one that failed.
package enum SpawnStage: Int32, Sendable, CustomStringConvertible {
    case pipe = 1
    case clone
    case controlGroup
    case userMap
    case session
    case propagation
    case proc
    case root
    case directory
    case descriptors
    case exec

    package var description: String {
        switch self {
        case .pipe: "making the error pipe"
        case .clone: "making the process and its namespaces"
        case .controlGroup: "joining the control group"
        case .userMap: "mapping the user"
        case .session: "starting a session"
        case .propagation: "separating the mounts"
        case .proc: "mounting /proc"
        case .root: "entering the root directory"
        case .directory: "entering the working directory"
        case .descriptors: "placing the descriptors"
        case .exec: "executing the program"
        }
    }
}
