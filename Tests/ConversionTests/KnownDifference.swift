/// A difference from what kairos-init makes that is meant. docs/conversion.md has the same as a table.
struct KnownDifference: Sendable {
    /// A path, or with `/**` at its end a path and all below it.
    let path: String
    let reason: String

    func covers(_ path: String) -> Bool {
        guard self.path.hasSuffix("/**") else { return self.path == path }
        let top = self.path.dropLast(3)
        return path == top || path.hasPrefix(top + "/")
    }

    /// With `components: none`.
    static let all: [KnownDifference] = [
        KnownDifference(path: "/boot/vmlinuz", reason: "relative link: leads to the kernel wherever the tree is"),
        KnownDifference(path: "/etc/cos", reason: "mode 0755: others may look into it"),
        KnownDifference(path: "/etc/issue.d", reason: "mode 0755"),
        KnownDifference(path: "/etc/kairos", reason: "mode 0755"),
        KnownDifference(path: "/etc/kairos/branding", reason: "mode 0755"),
        KnownDifference(path: "/etc/hosts", reason: "mode 0644: it is no program"),
        KnownDifference(path: "/etc/hostname", reason: "mode 0644: it is no program"),
        KnownDifference(path: "/etc/resolv.conf", reason: "systemd-resolved's link, not a container's leftover"),
        KnownDifference(path: "/etc/kairos/kairos-init-init-stage.yaml", reason: "the build keeps its plan"),
        KnownDifference(path: "/etc/kairos/kairos-init-install-stage.yaml", reason: "the build keeps its plan"),
        KnownDifference(path: "/initrd.img", reason: "leads to an initrd that is never built"),
        KnownDifference(path: "/system/**", reason: "cloud configurations and programs of Kairos: not with none"),
        KnownDifference(path: "/usr/bin/immucore", reason: "not with components: none"),
        KnownDifference(path: "/usr/bin/kairos-agent", reason: "not with components: none"),
        KnownDifference(path: "/usr/lib/dracut/modules.d/28immucore/**", reason: "not with components: none"),
        KnownDifference(path: "/usr/sbin/suc-upgrade", reason: "not with components: none"),
    ]
}
