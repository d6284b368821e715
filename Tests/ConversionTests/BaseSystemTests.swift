import FactoryProtocol
import FactorySpec
import Testing

@testable import FactoryConversion

struct BaseSystemTests {
    static let bookworm = """
        PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"
        NAME="Debian GNU/Linux"
        VERSION_ID="12"
        ID=debian
        # a comment
        HOME_URL="https://www.debian.org/"

        """

    @Test func readsDebian() throws {
        let system = try BaseSystem(OSRelease(Self.bookworm))
        #expect(system == BaseSystem.expected(of: .distribution(.bookworm)))
        #expect(system.distro.family == .debian)
    }

    @Test(
        "reads values as a shell does",
        arguments: [
            ("A=plain", "plain"), ("A=\"two words\"", "two words"), ("A='it $is'", "it $is"),
            (#"A="say \"hi\" \\ \$""#, #"say "hi" \ $"#), ("  A=x  ", "x"), ("A=old\nA=new", "new"),
        ])
    func quoting(text: String, value: String) {
        #expect(OSRelease(text)["A"] == value)
    }

    @Test(
        "says what cannot be converted, and what can",
        arguments: [
            (
                "ID=ubuntu\nVERSION_ID=24.04\nPRETTY_NAME=\"Ubuntu 24.04 LTS\"", ConversionError.Code.notYet,
                "Ubuntu 24.04 LTS"
            ),
            ("ID=centos\nID_LIKE=\"rhel fedora\"\nNAME=CentOS\nVERSION_ID=9", .notYet, "CentOS"),
            ("ID=debian\nPRETTY_NAME=\"Debian GNU/Linux forky/sid\"", .baseWithoutVersion, "forky/sid"),
            ("ID=debian\nVERSION_ID=11\nNAME=Debian", .notYet, "Debian"),
            ("ID=plan9\nNAME=Plan9", .unknownBase, "Plan9"),
            ("", .unknownBase, "nothing"),
        ])
    func refusals(text: String, code: ConversionError.Code, words: String) {
        do {
            _ = try BaseSystem(OSRelease(text))
            Issue.record("it was taken")
        } catch {
            #expect(error.code == code)
            #expect(error.message.contains(words))
            #expect(error.message.contains("Debian 12 (bookworm) and Debian 13 (trixie) can be converted"))
        }
    }

    @Test(
        "refuses a base that nothing can be installed in, and names what is missing",
        arguments: [
            (["/usr/bin/apt-get", "/usr/bin/dpkg", "/bin/sh"], []), (["/bin/sh"], ["apt-get", "dpkg"]),
            (["/usr/bin/apt-get", "/usr/bin/sh"], ["dpkg"]), ([], ["apt-get", "dpkg", "sh"]),
        ] as [([String], [String])])
    func packageManager(there: [String], missing: [String]) throws {
        let system = try BaseSystem(OSRelease(Self.bookworm))
        do throws(ConversionError) {
            try system.checkPackageManager { there.contains($0) }
            #expect(missing.isEmpty)
        } catch {
            #expect(error.code == .baseWithoutPackageManager)
            #expect(error.cause == .spec)
            #expect(error.message.contains("without \(missing.joined(separator: ", ")):"))
        }
    }

    @Test(
        "finds a relative by ID_LIKE, from left to right",
        arguments: [
            ("linuxmint", "ubuntu debian", Distro.ubuntu), ("centos", "rhel fedora", .rhel), ("x", "redhat", .fedora),
            ("x", "y suse", .openSUSELeap), ("sles", "suse", .sles),
        ])
    func relatives(id: String, like: String, distro: Distro) {
        #expect(Distro(id: id, like: like) == distro)
    }

    @Test(
        "orders versions by their numbers",
        arguments: [("9.6", "10"), ("24.04", "24.10"), ("8.10", "9.0"), ("3.21", "3.100"), ("12", "13")])
    func versions(less: String, more: String) throws {
        let less = try #require(SystemVersion(less))
        let more = try #require(SystemVersion(more))
        #expect(less < more)
        #expect(!(more < less))
        #expect(SystemVersion("10") == SystemVersion("10.0"))
        #expect(SystemVersion("n/a") == nil)
    }
}
