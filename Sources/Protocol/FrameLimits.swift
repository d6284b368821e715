/// How long a frame may be, in bytes, without the four bytes of its length.
package enum FrameLimits {
    /// Before the peer has said who it is.
    package static let beforeWelcome = 4 * 1024
    /// After the handshake.
    package static let afterWelcome = 1024 * 1024
    /// How deep arrays and objects may nest.
    package static let depth = 32
}
