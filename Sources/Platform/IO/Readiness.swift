/// What a task waits for on a descriptor.
package struct Readiness: OptionSet, Sendable, Hashable {
    /// The set as bits.
    package let rawValue: UInt8

    /// The set with these bits.
    package init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    /// Bytes, a connection, an exit or an end can be read without blocking.
    package static let read = Readiness(rawValue: 1)
    /// Bytes can be written without blocking, a connection attempt has ended, or the peer is gone.
    package static let write = Readiness(rawValue: 2)
    /// The peer closed its sending side or is gone; nothing is read to learn it.
    package static let hangup = Readiness(rawValue: 4)
}
