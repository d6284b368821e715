import FactoryProtocol
import Processes
import Testing

@testable import factory_worker

@Suite struct CapabilitiesTests {
    @Test(arguments: [
        ("mmdebstrap 1.3.5", "1.3.5"), ("skopeo version 1.9.3", "1.9.3"),
        ("mksquashfs version 4.5.1 (2022/03/17)", "4.5.1"),
        ("xorriso 1.5.4 : RockRidge filesystem manipulator, libburnia project.", "1.5.4"),
        ("mtools version 4.0.32, dated December 30th, 2020", "4.0.32"),
        ("QEMU emulator version 7.2.19 (Debian 1:7.2+dfsg-7+deb12u18+b3)", "7.2.19"), ("nothing here", "nothing here"),
    ]) func theVersionIsTheFirstWordThatLooksLikeOne(line: String, version: String) {
        #expect(Capabilities.shortVersion(line) == version)
    }

    @Test func whatIsFoundHereHasEveryNameOfAPlan() async {
        let containment = await Containment.detect()
        let found = await Capabilities.look(for: .host, containment: containment).found
        for name in [
            "isolation", "root", "ovmf", "kvm", "processors", "tool.xorriso", "tool.mmdebstrap", "engine.docker",
            "engine.containers-storage",
        ] {
            #expect(found[name] != nil, "\(name)")
        }
    }
}

@Suite struct DoctorReportTests {
    private let good = Isolation(processes: .namespace, hasControlGroup: false)

    @Test func everythingMissingIsNamedWithWhatToType() {
        let capabilities = Capabilities(
            found: ["tool.xorriso": "no", "tool.skopeo": "1.9.3", "ovmf": "no", "kvm": "no"],
            missing: [
                .init(what: "xorriso", package: "xorriso", neededFor: "ISOs"),
                .init(what: "/usr/share/OVMF/OVMF_CODE_4M.fd", package: "ovmf", neededFor: "boot checks under UEFI"),
            ])
        let report = DoctorReport(capabilities: capabilities, isolation: good, root: "/srv", freeBytes: 1 << 30)
        #expect(!report.isHealthy)
        #expect(report.remedy == "apt-get install --no-install-recommends ovmf xorriso")
        #expect(report.text.contains("MISSING  xorriso"))
        #expect(report.text.contains("1 GiB free in /srv; a job needs 8 GiB"))
    }

    @Test func aMachineWithEverythingIsHealthy() {
        let capabilities = Capabilities(found: ["tool.xorriso": "1.5.4", "ovmf": "yes", "kvm": "no"], missing: [])
        let report = DoctorReport(capabilities: capabilities, isolation: good, root: "/srv", freeBytes: 100 << 30)
        #expect(report.isHealthy)
        #expect(report.remedy == nil)
    }

    @Test func withoutPrivateMountsNoJobCanRun() {
        let bare = Isolation(processes: .processGroup, hasControlGroup: false, reasons: ["namespace: not permitted"])
        let report = DoctorReport(
            capabilities: Capabilities(found: ["ovmf": "yes", "kvm": "no"], missing: []), isolation: bare, root: "/srv",
            freeBytes: 100 << 30)
        #expect(!report.isHealthy)
        #expect(report.text.contains("not permitted"))
    }
}
