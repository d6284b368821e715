import Arguments
import FactoryClient
import FactoryProtocol
import IO
import Terminal

/// `factoryctl doctor`: looks at everything between this program and a finished build, and says what to do.
enum DoctorCommand: Subcommand {
    static let description = CommandDescription(
        "doctor", "look for what is wrong, and say what to do",
        discussion: """
            Looks at the farm from here: the socket, the versions, the workers and what they lack, the disk. What a \
            worker's machine lacks, 'factory-worker doctor' says there, with the package that has it.
            """,
        exitStatuses: [.init(0, "nothing is wrong"), .init(1, "something needs attention")])

    static func run(_ call: Call) async throws -> ExitStatus {
        let endpoint = try call.endpoint()
        var findings: [Finding] = []
        do throws(ClientError) {
            let session = try await FarmSession.open(endpoint, hello: Call.hello, until: .in(.seconds(10)))
            findings.append(Finding("socket", nil, "\(endpoint), \(session.welcome.server)"))
            findings.append(.versions(ours: Software.version, server: session.welcome.server))
            let asked = ClockTime.now()
            let status = try await session.request(AskStatus(), for: StatusReport.self)
            findings.append(.clock(status, asked: asked, answered: ClockTime.now()))
            findings += Finding.farm(status, next: call.next)
            findings += Finding.workers(
                try await session.workers(), next: call.next)
        } catch {
            findings.append(.unreachable(error))
        }
        try await call.print(findings.flatMap { $0.lines(unicode: call.traits.hasUnicode) })
        return findings.allSatisfy { $0.advice == nil } ? .success : .buildFailed
    }
}
