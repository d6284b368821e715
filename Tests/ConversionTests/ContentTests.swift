import FactorySpec
import Testing

@testable import FactoryConversion

/// Texts whose form others parse.
struct ContentTests {
    @Test func theReleaseFileHasTheFormAndLengthOfKairosInit() throws {
        let plan = try ConversionPlanTests.plan()
        var text = ""
        for case .release(let values) in plan.phases.flatMap(\.steps).flatMap(\.actions) {
            text = ReleaseFile.text(values)
        }
        #expect(
            text == """
                KAIROS_ARCH="amd64"
                KAIROS_BUG_REPORT_URL="https://github.com/kairos-io/kairos/issues"
                KAIROS_FAMILY="debian"
                KAIROS_FIPS="false"
                KAIROS_FLAVOR="debian"
                KAIROS_FLAVOR_RELEASE=12
                KAIROS_HOME_URL="https://github.com/kairos-io/kairos"
                KAIROS_ID="kairos"
                KAIROS_ID_LIKE="kairos-core-debian-12"
                KAIROS_INIT_VERSION="\(Conversion.engine)"
                KAIROS_MODEL="generic"
                KAIROS_NAME="kairos-core-debian-12"
                KAIROS_RELEASE="v1.0.0"
                KAIROS_TARGETARCH="amd64"
                KAIROS_TRUSTED_BOOT="false"
                KAIROS_VARIANT="core"
                KAIROS_VERSION="v1.0.0"

                """)
        // 503 bytes with the engine name v0.17.3.
        #expect(text.utf8.count - Conversion.engine.utf8.count + "v0.17.3".utf8.count == 503)
    }

    @Test func theReleaseFileKeepsTheKeysOfItsBaseAndEscapes() {
        let text = ReleaseFile.text(["B": "2", "A": "a \"$x\" `y` \\ !"], over: "C=\"kept\"\nB=1\n# gone\n")
        #expect(text == "A=\"a \\\"\\$x\\\" \\`y\\` \\\\ \\!\"\nB=2\nC=\"kept\"\n")
        #expect(OSRelease(text)["A"] == "a \"$x\" `y` \\ !")
    }

    @Test(
        "the menu has the entries in the order that fallback counts on",
        arguments: [["cos", "fallback", "recovery", "statereset"]])
    func menu(ids: [String]) {
        let found = GRUBMenu.file.text.split(separator: "\n").filter { $0.hasPrefix("menuentry") }
            .compactMap { line in line.split(separator: " ").drop { $0 != "--id" }.dropFirst().first.map(String.init) }
        #expect(found == ids)
    }

    @Test(
        "the command line has what the agent and immucore look for",
        arguments: [
            "rd.cos.oemlabel=COS_OEM rd.cos.oemtimeout=10", "root=LABEL=${label} cos-img/filename=${img}",
            "root=live:LABEL=${recoverylabel} rd.live.dir=/ rd.live.squashimg=${img}", "selinux=0",
            "set kernel=/boot/vmlinuz\n", "set initramfs=/boot/initrd\n", "systemd.crash_reboot=yes\"\n",
        ])
    func bootArguments(words: String) {
        #expect(BootArguments.file.text.contains(words))
    }

    @Test func dracutListsHaveTheirBlanks() {
        for file in DracutConfiguration.files(withImmucore: true) {
            for line in file.text.split(separator: "\n") where line.contains("+=") {
                #expect(line.contains("+=\" ") && line.hasSuffix(" \""), "\(file.path): \(line)")
            }
        }
        #expect(DracutConfiguration.drivers(["a", "b"]) == "add_drivers+=\" a b \"\n")
        #expect(DracutConfiguration.drivers([]).hasPrefix("#"))
    }

    @Test func shortModuliGo() {
        let text = """
            # Time Type Tests Tries Size Generator Modulus
            20210423 2 6 100 1535 2 F71
            20210423 2 6 100 2047 5 F72
            20210423 2 6 100 8191 5 F73

            """
        #expect(
            SSHHardening.strongModuli(text, minimumBits: 2047)
                == "20210423 2 6 100 2047 5 F72\n20210423 2 6 100 8191 5 F73\n")
    }

    @Test func filesEndWithALineEndAndHaveNoOddModes() throws {
        for components in [Components.none, .directory("/c")] {
            let plan = try ConversionPlanTests.plan(components)
            for case .write(let file) in plan.phases.flatMap(\.steps).flatMap(\.actions) {
                #expect(file.text.isEmpty || file.text.hasSuffix("\n"), "\(file.path)")
                #expect([0o644, 0o755].contains(file.mode), "\(file.path)")
                #expect(file.path.hasPrefix("/"), "\(file.path)")
            }
        }
    }
}
