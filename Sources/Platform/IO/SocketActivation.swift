import Glibc

/// Listening sockets that systemd opened for this process (sd_listen_fds(3)).
package enum SocketActivation {
    /// A socket handed over.
    package struct Entry: Sendable {
        /// FileDescriptorName= of the socket unit; `unknown` when it has none.
        package let name: String
        /// The listening socket.
        package let listener: Listener
    }

    /// Takes the sockets over and unsets the variables, so that no child takes them for its own.
    ///
    /// Call it once, at start, before other threads run: the environment is not safe against them.
    /// - Returns: nothing when the process was not started by socket activation.
    /// - Throws: `.wrongKind` when a descriptor is no listening stream socket or the variables make no sense.
    package static func take() throws(IOError) -> [Entry] {
        defer { for name in ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"] { unsetenv(name) } }
        return try entries(
            process: variable("LISTEN_PID"), count: variable("LISTEN_FDS"), names: variable("LISTEN_FDNAMES"),
            firstDescriptor: 3)
    }

    static func entries(
        process: String?, count: String?, names: String?, firstDescriptor: Int32
    ) throws(IOError) -> [Entry] {
        guard let process, Int32(process) == getpid() else { return [] }
        guard let count, let count = Int32(count), (0...1024).contains(count) else {
            throw IOError(.wrongKind, "LISTEN_FDS is \"\(count ?? "")\", wanted a number from 0 to 1024")
        }
        let names = (names ?? "").split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        var entries: [Entry] = []
        for index in 0..<count {
            let descriptor = try Descriptor(adopting: firstDescriptor + index)
            let name = Int(index) < names.count && !names[Int(index)].isEmpty ? names[Int(index)] : "unknown"
            entries.append(Entry(name: name, listener: try Listener.adopting(descriptor)))
        }
        return entries
    }

    private static func variable(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }
    }
}
