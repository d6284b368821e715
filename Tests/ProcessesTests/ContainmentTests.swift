import Glibc
import IO
import Testing

@testable import Processes

/// What a job may do to stay alive, and that nothing of it does.
/// One at a time: what they do to the machine would slow other tests down.
@Suite(.serialized, .timeLimit(.minutes(5)))
struct ContainmentTests {
    struct Scenario: Sendable, CustomTestStringConvertible {
        let name: String
        let script: String
        /// How many processes with the marker there are at least before the end, the shell included; hopping ones may be
        /// between two lives when they are counted.
        let processes: Int
        var testDescription: String { name }
    }

    static let scenarios = [
        Scenario(
            name: "a shell and two children",
            script: "sh -c 'sleep 1000; :' sh $1 & sh -c 'sleep 1000; :' sh $1 & echo ready; wait", processes: 3),
        Scenario(
            name: "a leader that dies of TERM, a grandchild that ignores it",
            script: "sh -c 'trap \"\" TERM; echo ready; while :; do sleep 1000; done' sh $1 & wait", processes: 2),
        Scenario(
            name: "a grandchild with a session of its own",
            script: "setsid sh -c 'echo ready; sleep 1000; :' sh $1 & wait", processes: 2),
        Scenario(
            name: "a daemon: forked twice, own session, no descriptors",
            script: """
                (setsid sh -c 'exec </dev/null >/dev/null 2>&1; trap "" TERM HUP; : > $2/up; while :; do sleep 1000; done' \
                sh $1 $2 &); while ! test -e $2/up; do sleep 0.01; done; echo ready; sleep 1000; :
                """, processes: 2),
        Scenario(
            name: "three that fork and leave, for ever",
            script: """
                printf '#!/bin/sh\\nsetsid "$0" $1 </dev/null >/dev/null 2>&1 &\\nsleep 0.1\\n' > $2/hop; chmod +x $2/hop
                i=0; while [ $i -lt 3 ]; do $2/hop $1 & i=$((i+1)); done; echo ready; sleep 1000; :
                """, processes: 1),
        Scenario(
            name: "a fork bomb, each process in a session of its own",
            script: """
                cat > $2/bomb <<'END'
                #!/bin/sh
                : >> $2/born; echo >> $2/born
                [ $(wc -l < $2/born) -ge 60 ] && while :; do sleep 1000; done
                setsid "$0" $1 $2 </dev/null >/dev/null 2>&1 &
                setsid "$0" $1 $2 </dev/null >/dev/null 2>&1 &
                while :; do sleep 1000; done
                END
                chmod +x $2/bomb; $2/bomb $1 $2 & while [ $(cat $2/born 2>/dev/null | wc -l) -lt 60 ]; do sleep 0.01; done
                echo ready; sleep 1000; :
                """, processes: 50),
        Scenario(
            name: "one that is stuck in the opening of a FIFO",
            script: "mkfifo $2/fifo; echo ready; : $1 < $2/fifo", processes: 1),
        Scenario(
            name: "one with a mount",
            script: "mount -t tmpfs none $2 && : > $2/file && echo ready; sleep 1000; :", processes: 1),
    ]

    static let mounting = scenarios[scenarios.count - 1]

    /// How the end comes.
    enum Way: String, Sendable, CaseIterable {
        /// TERM, a short grace, then KILL.
        case asked
        /// KILL of all.
        case killed
        /// KILL of the job process alone, as the kernel does when memory is short; nobody else does anything.
        case jobKilled
    }

    static let isRoot = geteuid() == 0

    static func containment(_ processes: Isolation.Processes, group: Bool) -> Containment {
        Containment(
            isolation: Isolation(processes: processes, hasControlGroup: group),
            parentGroup: group ? ControlGroup.own() : nil)
    }

    static func end(_ victim: Victim, _ way: Way) async throws {
        switch way {
        case .asked:
            try victim.process.ask()
            do throws(ProcessError) {
                _ = try await victim.process.ended(until: .in(.milliseconds(200)))
            } catch {
                #expect(error.code == .deadlinePassed)
                try victim.process.kill()
            }
        case .killed: try victim.process.kill()
        case .jobKilled:
            let job = try #require(victim.job)
            #expect(kill(job, SIGKILL) == 0)
        }
        _ = try await victim.process.ended(until: .in(.seconds(20)))
    }

    @Test(
        "In a namespace nothing is left, however the end comes",
        .enabled(if: isRoot, "needs root: a PID namespace without a user namespace"), arguments: scenarios, Way.allCases
    )
    func namespace(scenario: Scenario, way: Way) async throws {
        try await check(scenario, way, Self.containment(.namespace, group: false))
    }

    @Test("In a user namespace nothing is left, however the end comes", arguments: scenarios, Way.allCases)
    func userNamespace(scenario: Scenario, way: Way) async throws {
        try await check(scenario, way, Self.containment(.userNamespace, group: false))
    }

    @Test(
        "A control group ends what has left its process group, and goes with it",
        .enabled(if: isRoot && ControlGroup.own() != nil, "needs root and cgroup v2"),
        arguments: scenarios.filter { $0.name != "one with a mount" }, [Way.asked, .killed])
    func controlGroup(scenario: Scenario, way: Way) async throws {
        try await check(scenario, way, Self.containment(.controlGroup, group: true))
    }

    @Test(
        "A namespace and a control group together: nothing is left, the group included",
        .enabled(if: isRoot && ControlGroup.own() != nil, "needs root and cgroup v2"), arguments: Way.allCases)
    func both(way: Way) async throws {
        try await check(Self.scenarios[3], way, Self.containment(.namespace, group: true))
    }

    @Test(
        "In a control group alone, KILL of the job leaves its children until somebody ends the group",
        .enabled(if: isRoot && ControlGroup.own() != nil, "needs root and cgroup v2"))
    func whyNamespaces() async throws {
        let victim = try await Victim(Self.scenarios[0].script, in: Self.containment(.controlGroup, group: true))
        #expect(kill(try #require(victim.job), SIGKILL) == 0)
        #expect(try await victim.lives(2))
        try victim.process.kill()
        _ = try await victim.process.ended(until: .in(.seconds(20)))
        #expect(victim.living == [])
    }

    @Test("The best containment that works here is found, and says why there is no better one")
    func detection() async {
        let found = await Containment.detect()
        #expect(found.isolation.hasControlGroup == (found.parentGroup != nil))
        if Self.isRoot { #expect(found.isolation.processes == .namespace) }
        if found.isolation.processes != .namespace { #expect(!found.isolation.reasons.isEmpty) }
    }

    @Test(
        "A process that is not our child is adopted, waited for and killed with all it started",
        .enabled(if: isRoot, "needs root: a PID namespace without a user namespace"))
    func adoption() async throws {
        let victim = try await Victim(Self.scenarios[3].script, in: Self.containment(.namespace, group: false))
        let job = try #require(victim.job)
        let adopted = try #require(try ContainedProcess.adopt(job: job, group: nil) { true })
        #expect(adopted.pid == victim.process.pid)
        #expect(!adopted.isOurChild)
        #expect(adopted.isolation.processes == .namespace)
        try adopted.kill()
        #expect(try await adopted.ended(until: .in(.seconds(20))) == nil)
        #expect(victim.living == [])
        #expect(try ContainedProcess.adopt(job: job, group: nil) { true } == nil)
    }

    @Test(
        "Mounts of a contained process are its own, and the host's are seen in it",
        .enabled(if: isRoot, "needs root: mounts"))
    func privateMounts() async throws {
        let victim = try await Victim(Self.mounting.script, in: Self.containment(.namespace, group: false))
        #expect(!victim.isMountLeft)
        #expect(TextFile.read("/proc/\(victim.process.pid)/mountinfo")?.contains(victim.marker) == true)
        try victim.process.kill()
        _ = try await victim.process.ended(until: .in(.seconds(20)))
    }

    @Test("The init of a namespace holds nobody's descriptors")
    func smallInit() async throws {
        let victim = try await Victim(Self.scenarios[0].script, in: Self.containment(.userNamespace, group: false))
        #expect(ProcessFacts(pid: victim.process.pid)?.isNamespaceInit == true)
        // Only the one that its signals come from: a pipe that it held would never end.
        #expect(try Directory.entries("/proc/\(victim.process.pid)/fd").map(\.name) == ["0"])
        try victim.process.kill()
        _ = try await victim.process.ended(until: .in(.seconds(20)))
    }

    private func check(_ scenario: Scenario, _ way: Way, _ containment: Containment) async throws {
        let victim = try await Victim(scenario.script, in: containment)
        #expect(try await victim.lives(scenario.processes))
        try await Self.end(victim, way)
        #expect(victim.living == [])
        #expect(!victim.isMountLeft)
        #expect(!victim.isGroupLeft)
    }
}
