import FactoryClient
import FactoryProtocol
import Terminal
import TestSupport
import Testing

@testable import factoryctl

/// Whatever number a farm sends in whatever field, the program shows it or refuses the message.
@Suite struct ExtremeNumbersTests {
    private static let extremes: [Int64] = [0, -1, .min, .max]
    private static let now = BuildFixture.time(27)

    /// Shows what a farm said the way the commands do.
    private func show(_ text: String) throws {
        let incoming = try Incoming(payload: Array(text.utf8))
        switch incoming.type {
        case EventMessage.type:
            let event = try incoming.decode(EventMessage.self).event
            var resumption = WatchResumption(from: event.seq, isComplete: true, patience: .seconds(1))
            #expect(resumption.received(event.seq) == .deliver)
            show(event)
        case WatchEnd.type:
            let ending = WatchEnding.verdict(try incoming.decode(WatchEnd.self).verdict)
            var view = ScreenView(build: BuildFixture.build, unicode: true, next: .plain)
            _ = view.end(ending)
        case Builds.type:
            let builds = try incoming.decode(Builds.self).builds
            _ = try ListCommand.listing(builds, now: Self.now, width: 80, next: .plain).lines(.table, width: 80)
        case BuildDetails.type:
            let build = try incoming.decode(BuildDetails.self)
            _ = try ShowCommand.lines(build, now: Self.now, width: 80, next: .plain)
        case ArtifactList.type:
            let made = try incoming.decode(ArtifactList.self).artifacts
            _ = try ArtifactsListCommand.listing(made).lines(.table, width: 80)
            for item in made {
                let line = FetchLine(name: item.artifact.name, size: item.artifact.size, unicode: true)
                _ = line.live(done: item.artifact.size, elapsed: .milliseconds(1), width: 80)
            }
        case WorkerList.type:
            let workers = try incoming.decode(WorkerList.self).workers
            _ = try WorkersCommand.listing(workers, now: Self.now).lines(.table, width: 80)
        case StatusReport.type:
            let status = try incoming.decode(StatusReport.self)
            _ = StatusCommand.lines(status, now: Self.now, next: .plain)
            _ = Finding.clock(status, asked: Self.now, answered: Self.now)
            _ = Finding.farm(status, next: .plain)
        default: break
        }
    }

    /// Shows an event after the beginning of a step and before progress of it, in both views.
    private func show(_ event: Event) {
        var plain = PlainView(build: BuildFixture.build, unicode: true, offsetSeconds: 3600, next: .plain)
        var screen = ScreenView(build: BuildFixture.build, unicode: true, next: .plain)
        for event in BuildFixture.installing().events + [event] + BuildFixture.installing().events {
            _ = plain.feed(event)
            _ = screen.feed(event)
            _ = screen.live(now: Self.now, width: 80)
        }
    }

    @Test func ofAnyFieldOfAServersMessage() throws {
        let examples = try ProtocolExample.all().filter { $0.heading.hasSuffix("(server → client)") }
        #expect(examples.count > 10)
        for text in examples.flatMap({ $0.replacingEachNumber(with: Self.extremes) }) {
            do {
                try show(text)
            } catch let error as ProtocolError {
                #expect(error.code == .badMessage, "\(text): \(error)")
            }
        }
    }

    @Test func ofAnyFieldOfAnEvent() throws {
        let examples = try ProtocolExample.all().filter { $0.heading.hasSuffix("(event)") }
        #expect(examples.count > 8)
        for text in examples.flatMap({ $0.replacingEachNumber(with: Self.extremes) }) {
            do {
                try show(#"{"type":"event","id":3,"event":\#(text)}"#)
            } catch let error as ProtocolError {
                #expect(error.code == .badMessage, "\(text): \(error)")
            }
        }
    }
}
