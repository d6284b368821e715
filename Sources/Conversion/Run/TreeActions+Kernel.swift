import FactoryExecution
import IO

extension TreeActions {
    /// The newest kernel that is installed with its modules.
    func newestKernel() throws -> String {
        let versions = try files.names("/lib/modules").filter { files.exists("/lib/modules/\($0)/modules.dep") }
        guard let newest = KernelVersion.newest(of: versions) else {
            throw ConversionError(.noKernel, "the tree has no kernel: /lib/modules holds no modules.dep")
        }
        return newest
    }

    /// `/boot/vmlinuz` names the kernel relative to itself, so that it leads there wherever the tree is mounted.
    func linkKernel(_ step: StepReport) throws {
        let version = try newestKernel()
        let image = "vmlinuz-\(version)"
        guard files.exists("/boot/\(image)") else {
            throw ConversionError(.noKernel, "the tree has modules of \(version), and no /boot/\(image)")
        }
        // Debug images, and links of the kernel package to what no longer is.
        for path in ["/boot/vmlinux-\(version)", "/boot/vmlinuz.old", "/vmlinuz.old", "/initrd.img", "/initrd.img.old"]
        {
            try files.remove(path)
        }
        try files.link("/boot/vmlinuz", to: image)
        let others = try files.names("/boot").filter { $0.hasPrefix("vmlinuz-") && $0 != image }
        step.note(others.isEmpty ? version : "\(version); not used: \(others.joined(separator: ", "))")
    }

    /// dracut fails the whole list for one driver that the kernel does not have, and then calls it success.
    func writeDrivers(_ names: [String], to path: String, _ step: StepReport) throws {
        let version = try newestKernel()
        let known = try files.text("/lib/modules/\(version)/modules.dep", limit: 16 << 20) ?? ""
        let modules = Set(known.split(separator: "\n").compactMap(Self.moduleName))
        let present = names.filter { modules.contains($0) }
        let missing = names.filter { !modules.contains($0) }
        if !missing.isEmpty {
            step.log("\(version) has no module \(missing.joined(separator: ", ")): built in, or not there")
        }
        try files.write(DracutConfiguration.drivers(present), to: path, mode: 0o644)
    }

    /// The name of the module of a line of `modules.dep`: `kernel/drivers/nvdimm/nd_pmem.ko.xz: …`.
    private static func moduleName(_ line: Substring) -> String? {
        guard let path = line.split(separator: ":").first, let file = path.split(separator: "/").last,
            let name = file.split(separator: ".").first
        else { return nil }
        return String(name).replacing("-", with: "_")
    }

    /// Contents that name the machine or moment of the build.
    func steady() throws {
        // setupcon(1) uses the keymap that it keeps only when that is newer than these two, and else makes one under a
        // random name, in the initrd and at every boot. All files of a layer have one time, so these get an earlier one.
        for path in ["/etc/default/keyboard", "/etc/default/console-setup"] {
            try files.setTime(path, max(sourceDateEpoch, 1) - 1)
        }
        let initiator = "/etc/iscsi/initiatorname.iscsi"
        if let text = try files.text(initiator), text.contains("InitiatorName=") {
            // Debian's start script of the daemon makes a name of its own in place of this line.
            try files.write("GenerateName=yes\n", to: initiator, mode: 0o600)
        }
        let resolver = "/etc/resolv.conf"
        // A file is the build machine's; nothing is what some versions of systemd-resolved leave until the first boot.
        guard try files.kind(resolver) == .file || files.kind(resolver) == nil else { return }
        if files.exists("/usr/lib/systemd/systemd-resolved") {
            try files.link(resolver, to: "../run/systemd/resolve/stub-resolv.conf")
        } else {
            try files.write("", to: resolver, mode: 0o644)
        }
    }
}
