import CLinux
import Glibc

/// Our end of a pipe or terminal that a program writes to, read without waiting and cut into lines.
final class OutputStream {
    let descriptor: Int32
    let source: OutputLine.Source
    private(set) var isOpen = true
    private var splitter: LineSplitter

    /// Takes over `descriptor`.
    init(_ descriptor: Int32, source: OutputLine.Source, lineLimit: Int) throws(ProcessError) {
        self.descriptor = descriptor
        self.source = source
        splitter = LineSplitter(limit: lineLimit)
        let flags = fcntl(descriptor, F_GETFL)
        if flags < 0 || fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) < 0 {
            let error = errno
            close(descriptor)
            throw .system("fcntl O_NONBLOCK", error)
        }
    }

    deinit { close(descriptor) }

    /// What one read gave.
    enum Progress {
        case bytes
        case nothingYet
        case end
    }

    /// Reads once into `buffer` and hands the bytes to `body`.
    func read(into buffer: UnsafeMutableRawBufferPointer, _ body: (UnsafeRawBufferPointer) -> Void) throws(ProcessError)
        -> Progress
    {
        while true {
            let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
            if count > 0 {
                body(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
                return .bytes
            }
            // EIO: the last holder of the far side of a terminal has gone.
            if count == 0 || errno == EIO {
                isOpen = false
                return .end
            }
            if errno == EAGAIN { return .nothingYet }
            if errno != EINTR { throw .system("read from a program", errno) }
        }
    }

    /// Hands out the lines that `chunk` completes.
    func split(_ chunk: UnsafeRawBufferPointer, _ onLine: (OutputLine) -> Void) {
        splitter.feed(chunk) { bytes, ending, dropped in
            onLine(OutputLine(source: source, bytes: [UInt8](bytes), ending: ending, dropped: dropped))
        }
    }

    /// Hands out what is left after the end.
    func finish(_ onLine: (OutputLine) -> Void) {
        splitter.finish { bytes, ending, dropped in
            onLine(OutputLine(source: source, bytes: [UInt8](bytes), ending: ending, dropped: dropped))
        }
    }
}
