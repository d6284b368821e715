import Arguments
import FactoryExecution
import FactoryProtocol
import Glibc
import IO
import Processes
import Systemd

/// `factory-worker agent`.
enum AgentCommand {
    static func run(_ invocation: Invocation) async -> Int32 {
        let stop = StopSignal()
        // The peer of a socket may be gone at any moment; the call that meets it says so.
        signal(SIGPIPE, SIG_IGN)
        let environment = FactoryWorker.environment()
        let log = Log(identifier: "factory-worker", fieldPrefix: "FACTORY", form: Log.form(environment: environment))
        do {
            let settings = try WorkerSettings(invocation)
            for directory in [settings.spools, settings.trees, settings.cache] { try Directory.make(directory) }
            // One agent a directory: two would adopt each other's jobs.
            let lock = try LockFile.acquire(settings.directory + "/agent.lock")
            defer { lock.release() }
            let instance = try AgentInstance.kept(in: settings.directory)
            let containment = await Containment.detect()
            var found = await Capabilities.look(for: settings.architectures.first ?? .host, containment: containment)
            let place = await WorkPlace.look(settings.trees, containment: containment)
            found.note(place)
            for problem in place.problems {
                log.write(.error, "The agent takes no job that needs isolation.", ["why": problem])
            }
            if let problem = place.ownersProblem {
                log.write(.warning, "The agent takes no job that makes an image.", ["why": problem])
            }
            log.write(
                .info, "The agent starts.",
                [
                    "name": settings.name.rawValue, "slots": "\(settings.slots)", "directory": settings.directory,
                    "isolation": "\(containment.isolation)",
                ])
            for reason in containment.isolation.reasons {
                log.write(.notice, "Less isolation than there could be.", ["why": reason])
            }
            let parts = AgentParts(settings, containment, capabilities: found.found, log)
            let agent = Agent(
                parts, instance: instance, engines: ContainerEngines(environment: parts.jobEnvironment),
                notifier: Notifier(environment: environment))
            try await untilStopped(agent, stop)
            log.write(.info, "The agent ends; jobs that run go on.")
            return 0
        } catch let error as SettingsError {
            Console.complain("factory-worker: \(error)")
            return 2
        } catch {
            log.write(.error, "The agent cannot work.", ["why": "\(error)"])
            return 1
        }
    }

    private static func untilStopped(_ agent: Agent, _ stop: StopSignal) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await agent.run() }
            group.addTask { for await _ in stop.signals { return } }
            defer { group.cancelAll() }
            try await group.next()
        }
    }
}
