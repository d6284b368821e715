import FactoryProtocol
import Testing

@testable import FactorySpec

@Suite struct CloudConfigTests {
    private func problem(_ config: String) -> SpecValueError? {
        do throws(SpecValueError) {
            _ = try CloudConfig.check(config)
            return nil
        } catch {
            return error
        }
    }

    @Test(arguments: [
        "#cloud-config\nhostname: x\n", "#kairos-config\nhostname: x\n", "#node-config\nhostname: x\n",
        "#cloud-config  \t\nhostname: x\n", "#cloud-config\r\nhostname: x\r\n", "# mine\n#cloud-config\nhostname: x\n",
        "## template: jinja\n#cloud-config\nhostname: x\n", "1: x\n#cloud-config\n",
        "\n\n\n\n\n\n\n\n#cloud-config\na: 1",
        // What agents take and a description does not: old octal numbers, anchors, merge keys, tags.
        "#cloud-config\nfiles:\n- permissions: 0644\n", "#cloud-config\na: &x {b: 1}\nc:\n  <<: *x\nd: *x\n",
        "#cloud-config\na: !!binary aGk=\n", "#cloud-config\n---\nhostname: \"größe 木 🙂\"\n",
    ]) func whatTheAgentTakesIsTaken(config: String) {
        #expect(problem(config) == nil)
    }

    @Test(
        arguments: [
            ("hostname: x\n", "has no header"), ("#cloud-configs\na: 1\n", "1:1: \"#cloud-configs\" is no header"),
            ("#cloud-config-archive\na: 1\n", "1:1: \"#cloud-config-archive\""), (" #cloud-config\na: 1\n", "1:1"),
            ("# cloud-config\na: 1\n", "1:1: \"# cloud-config\""), ("#Cloud-Config\na: 1\n", "1:1: \"#Cloud-Config\""),
            ("#cloud-config: x\na: 1\n", "1:1"), ("\u{FEFF}#cloud-config\na: 1\n", "1:1: a byte-order mark"),
            ("\n\n\n\n\n\n\n\n\n#cloud-config\na: 1\n", "10:1: the header stands too late"),
            ("#cloud-config\nhostname: [x\n", "3:1"), ("#cloud-config\na:\n\tb: 1\n", "3:1: the line is indented"),
            ("#cloud-config\n- a\n", "2:1: the top is a list"), ("#cloud-config\nhostname\n", "2:1: the top is one"),
            ("#cloud-config\na: 1\nb: 2\na: 3\n", "4:1: the key 'a' is already given on line 2"),
            ("#cloud-config\na:\n  - b: {c: 1, c: 2}\n", "3:15: the key 'c'"),
            ("#cloud-config\na: x\u{0}y\n", "2:5: the control character U+0000"),
            ("#cloud-config\na: \u{1B}[31m\n", "2:4: the control character U+001B"),
            ("#cloud-config\n# \u{9B}\n", "2:3: the control character U+009B"),
            ("#cloud-config\na: *b\n", "2:4: there is no anchor &b"),
            ("#cloud-config\na: 1\n---\nb: 1\n", "3:1: a second document"),
            ("#cloud-config\nhostname: {{ name }}\n", "2:12: a key must be text"),
            ("#cloud-config\n{% if a %}\n", "2:2"), ("#cloud-config\na: \"x\n", "a quote is opened"),
        ])
    func whatTheAgentIgnoresOrCannotReadIsRefusedWithItsPlace(config: String, message: String) {
        let found = problem(config)
        #expect(found?.code == "bad-cloud-config")
        #expect(found?.message.contains(message) == true, "\(found?.message ?? "taken")")
    }

    @Test func anEndlessNestingAndAnEndlessTextAreRefused() {
        #expect(problem("#cloud-config\na: " + String(repeating: "[", count: 5000))?.code == "bad-cloud-config")
        #expect(problem("#cloud-config\n" + String(repeating: "#\n", count: 300_000))?.code == "too-large")
    }

    @Test(arguments: ["#cloud-config", "#cloud-config\n\n# later\n", "#cloud-config\n---\n", "#cloud-config\nnull\n"])
    func aHeaderAloneIsAWarning(config: String) throws {
        let spec = try BuildSpec.read(
            SpecNode(
                .map([
                    .init(key: "base", node: SpecNode(.string("distro:debian/bookworm"))),
                    .init(key: "version", node: SpecNode(.string("v1.0.0"))),
                    .init(key: "cloudConfig", node: SpecNode(.string(config))),
                ])))
        #expect(Planner.plan(spec).warnings.map(\.code).contains("empty-cloud-config"))
        #expect(spec.cloudConfig == config)
    }
}
