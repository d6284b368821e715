package import FactoryProtocol
import IO

/// Why a conversation over a socket ended.
package struct WireError: Error, Sendable, CustomStringConvertible {
    /// What kind of end it was.
    package enum Kind: Sendable, Equatable {
        /// The peer closed the connection between two frames.
        case ended
        /// The peer sent what cannot be taken.
        case violation(ProtocolError.Code)
        /// The peer was too slow: nothing came, a frame did not get whole, or it did not read.
        case tooSlow
        /// The connection broke.
        case broken
        /// The task was cancelled.
        case cancelled
    }

    package let kind: Kind
    package let message: String

    package init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }

    package init(_ error: ProtocolError) { self.init(.violation(error.code), error.message) }

    init(_ error: IOError) {
        let kind: Kind =
            if error.code == .cancelled {
                .cancelled
            } else if error.code == .timedOut {
                .tooSlow
            } else {
                .broken
            }
        self.init(kind, error.message)
    }

    package var description: String { message }

    /// The code that a `refused` or `error` carries before the connection is closed; nil when there is nobody to tell.
    package var peerCode: String? {
        switch kind {
        case .violation(let code): code.rawValue
        case .tooSlow: "too-slow"
        case .ended, .broken, .cancelled: nil
        }
    }
}
