import Arguments
import FactoryExecution
import FactoryProtocol
import Glibc
import IO
import Processes

/// `factory-worker doctor`.
enum Doctor {
    static func run(_ invocation: Invocation) async -> Int32 {
        let containment = await Containment.detect()
        let architecture = WorkerSettings.architectures(invocation).first ?? .host
        let capabilities = await Capabilities.look(for: architecture, containment: containment)
        let directory = WorkerSettings.directory(invocation)
        let place = existing(directory)
        let trees = existing(WorkerSettings.trees(in: directory))
        let report = DoctorReport(
            capabilities: capabilities, isolation: containment.isolation, root: place,
            // The report says that it could not be looked at.
            freeBytes: try? Spool(place).freeBytes(), workPlace: await WorkPlace.look(trees, containment: containment),
            environment: .current, start: .current)
        Console.print(report.text)
        return report.isHealthy ? 0 : 1
    }

    /// The path, or the nearest directory above it that is there: the agent makes the rest.
    private static func existing(_ path: String) -> String {
        var path = path
        while path != "/" && access(path, F_OK) != 0 { path = FileIO.parent(path) }
        return path
    }
}
