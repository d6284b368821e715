import FactoryArtifacts
import Testing

@Suite struct FailedUnitsTests {
    @Test(arguments: [
        ("multipathd.service: Failed with result 'exit-code'.", "multipathd.service"),
        ("[    8.123456] systemd[1]: multipathd.service: Failed with result 'exit-code'.", "multipathd.service"),
        (
            "[FAILED] Failed to start multipathd.service - Device-Mapper Multipath Device Controller.",
            "multipathd.service"
        ),
        (
            "[FAILED] Failed to start Device-Mapper Multipath Device Controller.",
            "Device-Mapper Multipath Device Controller"
        ),
        ("[FAILED] Failed to mount oem.mount - /oem.", "oem.mount"),
        ("systemd[1]: Failed to start ssh.service - OpenBSD Secure Shell server.", "ssh.service"),
        ("systemd[1]: getty@tty1.service: Failed with result 'signal'.", "getty@tty1.service"),
    ])
    func aFailedUnitIsNamed(_ line: String, _ name: String) {
        var units = FailedUnits()
        units.line(line)
        #expect(units.names == [name])
    }

    @Test(arguments: [
        "[  OK  ] Started ssh.service - OpenBSD Secure Shell server.", "my program: Failed to start engine",
        "debian login:", "Failed with result 'exit-code'", "x: Failed with result 'y'", "",
    ])
    func otherLinesNameNone(_ line: String) {
        var units = FailedUnits()
        units.line(line)
        #expect(units.names.isEmpty)
    }

    @Test func eachIsNamedOnceAndTheirNumberIsLimited() {
        var units = FailedUnits()
        for number in 0..<1000 {
            for _ in 0..<2 { units.line("u\(number).service: Failed with result 'exit-code'.") }
        }
        #expect(units.names == (0..<FailedUnits.most).map { "u\($0).service" })
    }

    @Test func aNameWithoutEndIsNone() {
        var units = FailedUnits()
        units.line(String(repeating: "x", count: 4000) + ".service: Failed with result 'exit-code'.")
        #expect(units.names.isEmpty)
    }
}
