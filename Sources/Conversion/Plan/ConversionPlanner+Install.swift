import FactoryProtocol
import FactorySpec

extension ConversionPlanner {
    var installPhase: ConversionPlan.Phase {
        ConversionPlan.Phase(
            name: .install,
            stages: [
                ConversionPlan.Stage(
                    name: "install", steps: [packages, kernelPackages, branding, grub, miscellaneous]),
                ConversionPlan.Stage(
                    name: "after-install",
                    steps: (isLiveOnly ? [] : [binaries]) + [containerMarks, cleanup(.install)]),
            ])
    }

    private var query: PackageQuery {
        PackageQuery(
            distro: system.distro, version: system.version, arch: work.arch.rawValue, model: work.model.rawValue)
    }

    private var packages: ConversionStep {
        step(.installPackages, "Install the base packages", [.packages(PackageTables.base(for: query))])
    }

    private var kernelPackages: ConversionStep {
        step(
            .installKernel, "Install the kernel", [.packages(PackageTables.kernel(for: query)), .requireKernel])
    }

    private var branding: ConversionStep {
        step(.branding, "Write the texts of Kairos", Branding.files.map { .write($0) })
    }

    private var grub: ConversionStep {
        step(
            .grub, "Write the boot menu and command line of installed systems",
            [.write(GRUBMenu.file), .write(BootArguments.file)])
    }

    private var miscellaneous: ConversionStep {
        let hosts = TreeFile(
            "/etc/hosts", keepsExisting: true,
            "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n")
        // Without the agent there is nothing that the upgrade script could call.
        // Without a name the first start gives one.
        let hostname = TreeFile("/etc/hostname", keepsExisting: true, "")
        let files = Branding.greeting + [hosts, hostname] + (isLiveOnly ? [] : [UpgradeScript.file])
        return step(.miscellaneous, "Write greeting, log rotation and hosts", files.map { .write($0) })
    }

    private var binaries: ConversionStep {
        step(.kairosBinaries, "Copy Kairos' programs", programs.map { .component($0) })
    }

    /// With one of these systemd believes that it runs in a container, and gives no login on a serial line. Never left
    /// out, because a base may have them that was exported from a container.
    private var containerMarks: ConversionStep {
        ConversionStep(
            id: "containerMarks", title: "Remove the marks of a container", skipped: nil,
            actions: [.remove(["/.dockerenv", "/run/.containerenv"])])
    }

    /// A layer publishes what a later one deletes, so each phase is cleaned before its own layer is written.
    func cleanup(_ phase: ConversionPlan.Phase.Name) -> ConversionStep {
        var step = step(
            .cleanup, "Remove what no image may carry",
            [
                .remove([
                    "/etc/ssh/ssh_host_*_key*", "/var/lib/dbus/machine-id",
                    "/var/lib/apt/lists/*", "/var/cache/apt/*.bin", "/var/cache/apt/archives/*.deb",
                    "/var/cache/apt/archives/partial/*", "/tmp/*", "/var/tmp/*",
                    "/etc/.resolv.conf.systemd-resolved.bak",
                    // Logs of the build, caches that only tell when it was.
                    "/var/log/apt/*", "/var/log/dpkg.log", "/var/log/fail2ban.log", "/var/log/alternatives.log",
                    "/var/log/bootstrap.log",
                    "/var/cache/ldconfig/aux-cache", "/var/cache/debconf/*-old", "/var/lib/dpkg/*-old",
                    "/etc/passwd-", "/etc/group-", "/etc/shadow-", "/etc/gshadow-", "/etc/subuid-", "/etc/subgid-",
                ]),
                .truncate(["/etc/machine-id", "/etc/hostname"]),
                .steadyFiles,
            ])
        if phase == .install { step.id = "cleanupInstall" }
        return step
    }
}
