import FactoryProtocol
import FactorySpec

extension ConversionPlanner {
    var initPhase: ConversionPlan.Phase {
        let live = isLiveOnly ? [liveSystem] : []
        return ConversionPlan.Phase(
            name: .`init`,
            stages: [
                ConversionPlan.Stage(
                    name: "init",
                    steps: [release, kernel, initramfsConfigs, initrd, services] + live
                        + [sshHardening, workarounds, cleanup(.`init`)])
            ])
    }

    private var release: ConversionStep {
        let variant = "core"
        let name = "kairos-\(variant)-\(system.distro.rawValue)-\(system.version)"
        let version = work.version.text
        return step(
            .kairosRelease, "Write \(ReleaseFile.path)",
            [
                .release([
                    "KAIROS_ARCH": work.arch.rawValue,
                    "KAIROS_BUG_REPORT_URL": "https://github.com/kairos-io/kairos/issues",
                    "KAIROS_FAMILY": system.distro.family.rawValue,
                    "KAIROS_FIPS": "false",
                    "KAIROS_FLAVOR": flavor.name,
                    "KAIROS_FLAVOR_RELEASE": flavor.release,
                    "KAIROS_HOME_URL": "https://github.com/kairos-io/kairos",
                    "KAIROS_ID": "kairos",
                    "KAIROS_ID_LIKE": name,
                    "KAIROS_INIT_VERSION": Conversion.engine,
                    "KAIROS_MODEL": work.model.rawValue,
                    "KAIROS_NAME": name,
                    "KAIROS_RELEASE": version,
                    "KAIROS_TARGETARCH": work.arch.rawValue,
                    "KAIROS_TRUSTED_BOOT": "false",
                    "KAIROS_VARIANT": variant,
                    "KAIROS_VERSION": version,
                ])
            ])
    }

    /// openSUSE's branches are releases of one flavor.
    private var flavor: (name: String, release: String) {
        let name = system.distro.rawValue
        guard name.hasPrefix("opensuse-") else { return (name, system.version) }
        return ("opensuse", "\(name.dropFirst("opensuse-".count))-\(system.version)")
    }

    private var kernel: ConversionStep { step(.kernel, "Link the kernel", [.kernelLinks]) }

    private var initramfsConfigs: ConversionStep {
        let module = isLiveOnly ? [] : ImmucoreModule.files
        let files = DracutConfiguration.files(withImmucore: !isLiveOnly) + module
        return step(
            .initramfsConfigs, "Configure the initrd",
            files.map { .write($0) } + [
                .drivers(path: DracutConfiguration.memoryDriversPath, names: DracutConfiguration.memoryDrivers),
                .drivers(path: DracutConfiguration.usbDriversPath, names: DracutConfiguration.usbDrivers),
            ])
    }

    private var initrd: ConversionStep { step(.initrd, "Build the initrd", [.initrd]) }

    private var services: ConversionStep {
        let anyLink = TreeFile(
            "/etc/systemd/system/systemd-networkd-wait-online.service.d/override-yip.conf",
            """
            [Service]
            ExecStart=
            ExecStart=/usr/lib/systemd/systemd-networkd-wait-online --any

            """)
        return step(
            .services, "Enable services",
            [
                .services(
                    enable: ["fail2ban", "ssh", "systemd-networkd", "systemd-timesyncd"],
                    mask: ["systemd-firstboot.service"]),
                .write(anyLink),
            ])
    }

    private var liveSystem: ConversionStep {
        ConversionStep(
            id: "liveSystem", title: "Network and login of a live system without Kairos' programs", skipped: nil,
            actions: LiveSystem.files.map { .write($0) })
    }

    private var sshHardening: ConversionStep {
        step(
            .sshHardening, "Harden the SSH server",
            [.write(SSHHardening.file), .moduli(minimumBits: SSHHardening.minimumModuliBits)])
    }

    private var workarounds: ConversionStep {
        // The root filesystem is read-only when these are mounted over, so they have to be there.
        let mountPoints = ["/oem", "/home", "/opt", "/root", "/srv", "/usr/libexec", "/usr/local"]
        return step(
            .workarounds, "Put links and mount points where Kairos looks for them",
            [
                .link(
                    path: "/usr/bin/grub2-editenv", target: "/usr/bin/grub-editenv",
                    ifPresent: "/usr/bin/grub-editenv"),
                .mode(path: "/usr/bin/sudo", mode: 0o4755),
                .directory(path: "/snap", mode: 0o755),
            ] + mountPoints.map { .directory(path: $0, mode: $0 == "/root" ? 0o700 : 0o755) })
    }
}
