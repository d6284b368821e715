import CLinux
import Glibc

/// The descriptors of one run of a command: what the child gets, and our ends of its pipes.
final class CommandDescriptors {
    /// Index: number in the child.
    private(set) var child: [Int32] = []
    /// Our ends, in no particular order.
    private(set) var streams: [OutputStream] = []
    private var owned: [Int32] = []

    init(_ command: Command) throws(ProcessError) {
        var table: [Int32: Int32] = [0: try input(command.standardInput)]
        if let size = command.terminal {
            let terminal = try terminal(size, lineLimit: command.lineLimit)
            table[1] = terminal
            table[2] = terminal
        } else {
            let output = try output(command)
            table[1] = output
            switch command.standardError {
            case .withOutput: table[2] = output
            case .lines: table[2] = try pipe(.error, lineLimit: command.lineLimit)
            case .discarded: table[2] = try file("/dev/null", O_WRONLY)
            }
        }
        for (number, descriptor) in command.descriptors { table[number] = descriptor }
        if let number = command.statusDescriptor { table[number] = try pipe(.status, lineLimit: command.lineLimit) }
        let count = Int(table.keys.max() ?? 2) + 1
        child = (0..<Int32(count)).map { table[$0] ?? -1 }
    }

    deinit { closeChildSide() }

    /// After the start: only the child shall hold its side, or we would never see the end of a stream.
    func closeChildSide() {
        for descriptor in owned { close(descriptor) }
        owned = []
    }

    private func input(_ input: Command.Input) throws(ProcessError) -> Int32 {
        switch input {
        case .nothing: return try file("/dev/null", O_RDONLY)
        case .file(let path): return try file(path, O_RDONLY)
        case .descriptor(let descriptor): return descriptor
        case .bytes(let bytes):
            let descriptor = bytes.withUnsafeBytes { linux_memory_file($0.baseAddress, $0.count) }
            if descriptor < 0 { throw .system("memory for the input of a program (\(bytes.count) bytes)", errno) }
            owned.append(descriptor)
            return descriptor
        }
    }

    private func output(_ command: Command) throws(ProcessError) -> Int32 {
        switch command.standardOutput {
        case .lines: try pipe(.output, lineLimit: command.lineLimit)
        case .discarded: try file("/dev/null", O_WRONLY)
        case .file(let path): try file(path, O_WRONLY | O_CREAT | O_TRUNC)
        case .descriptor(let descriptor): descriptor
        }
    }

    private func file(_ path: String, _ flags: Int32) throws(ProcessError) -> Int32 {
        let descriptor = open(path, flags | O_CLOEXEC, 0o644)
        if descriptor < 0 { throw .system("open \(path)", errno) }
        owned.append(descriptor)
        return descriptor
    }

    private func pipe(_ source: OutputLine.Source, lineLimit: Int) throws(ProcessError) -> Int32 {
        var ends: [Int32] = [-1, -1]
        let error = linux_blocking_pipe(&ends)
        if error != 0 { throw .system("pipe for a program", error) }
        owned.append(ends[1])
        streams.append(try OutputStream(ends[0], source: source, lineLimit: lineLimit))
        return ends[1]
    }

    private func terminal(_ size: Command.Terminal, lineLimit: Int) throws(ProcessError) -> Int32 {
        var ours: Int32 = -1
        var theirs: Int32 = -1
        let error = linux_terminal(&ours, &theirs, Int32(size.rows), Int32(size.columns))
        if error != 0 { throw .system("terminal for a program", error) }
        owned.append(theirs)
        streams.append(try OutputStream(ours, source: .output, lineLimit: lineLimit))
        return theirs
    }
}
