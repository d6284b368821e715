/// One thing that a step does to the tree. Paths are those within the tree, absolute.
package enum ConversionAction: Sendable, Equatable {
    /// Writes a file; missing directories above it get mode 0755.
    case write(TreeFile)
    /// Makes a directory, owned by root.
    case directory(path: String, mode: UInt16)
    /// Makes a symbolic link, in place of a link or file that stands there. With `ifPresent` only where that path exists.
    case link(path: String, target: String, ifPresent: String? = nil)
    /// Sets the mode of a file that may be there.
    case mode(path: String, mode: UInt16)
    /// Installs packages, together with those of the phase's other steps.
    case packages([String])
    /// Says which kernel the transaction brought, and ends the job when there is none.
    case requireKernel
    /// Copies a program of Kairos into the tree.
    case component(ComponentProgram)
    /// Enables and masks units.
    case services(enable: [String], mask: [String])
    /// Removes files, links and directories with all below. The last part of a path may hold `*`.
    case remove([String])
    /// Leaves files that are there without content. None is made.
    case truncate([String])
    /// Sets keys of `/etc/kairos-release`; others that it has stay.
    case release([String: String])
    /// Makes `/boot/vmlinuz` point to the kernel, and removes what would be taken for another.
    case kernelLinks
    /// Writes a dracut configuration that adds those of the drivers which the kernel has as modules.
    case drivers(path: String, names: [String])
    /// Builds `/boot/initrd` by dracut, in place of every other initrd.
    case initrd
    /// Keeps the groups of `/etc/ssh/moduli` that are long enough.
    case moduli(minimumBits: Int)
    /// Makes file contents that tell the time or machine of the build the same everywhere.
    case steadyFiles
}

/// A file that the conversion writes.
package struct TreeFile: Encodable, Sendable, Equatable {
    /// Where.
    package var path: String
    /// Permission bits.
    package var mode: UInt16
    /// The content, UTF-8.
    package var text: String
    /// Whether a file that is there already stays as it is.
    package var keepsExisting: Bool

    package init(_ path: String, mode: UInt16 = 0o644, keepsExisting: Bool = false, _ text: String) {
        self.path = path
        self.mode = mode
        self.text = text
        self.keepsExisting = keepsExisting
    }
}

extension ConversionAction: Encodable {
    private enum Keys: String, CodingKey {
        case action
        case file
        case path
        case mode
        case target
        case ifPresent
        case names
        case paths
        case values
        case enable
        case mask
        case program
        case minimumBits
    }

    /// Writes an object with the field `action` and the action's own fields.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Keys.self)
        try container.encode(name, forKey: .action)
        switch self {
        case .write(let file): try container.encode(file, forKey: .file)
        case .directory(let path, let mode), .mode(let path, let mode):
            try container.encode(path, forKey: .path)
            try container.encode(mode, forKey: .mode)
        case .link(let path, let target, let ifPresent):
            try container.encode(path, forKey: .path)
            try container.encode(target, forKey: .target)
            try container.encodeIfPresent(ifPresent, forKey: .ifPresent)
        case .packages(let names): try container.encode(names, forKey: .names)
        case .component(let program): try container.encode(program, forKey: .program)
        case .services(let enable, let mask):
            try container.encode(enable, forKey: .enable)
            try container.encode(mask, forKey: .mask)
        case .remove(let paths), .truncate(let paths): try container.encode(paths, forKey: .paths)
        case .release(let values): try container.encode(values, forKey: .values)
        case .drivers(let path, let names):
            try container.encode(path, forKey: .path)
            try container.encode(names, forKey: .names)
        case .moduli(let bits): try container.encode(bits, forKey: .minimumBits)
        case .requireKernel, .kernelLinks, .initrd, .steadyFiles: break
        }
    }

    private var name: String {
        switch self {
        case .write: "write"
        case .directory: "directory"
        case .link: "link"
        case .mode: "mode"
        case .packages: "packages"
        case .requireKernel: "require-kernel"
        case .component: "component"
        case .services: "services"
        case .remove: "remove"
        case .truncate: "truncate"
        case .release: "release"
        case .kernelLinks: "kernel-links"
        case .drivers: "drivers"
        case .initrd: "initrd"
        case .moduli: "moduli"
        case .steadyFiles: "steady-files"
        }
    }
}
