/// The protocol versions that this code speaks. Version N talks to N−1; there is only 1 so far.
package struct ProtocolVersions: Codable, Sendable, Equatable {
    package var min: Int
    package var max: Int

    package init(min: Int, max: Int) {
        self.min = min
        self.max = max
    }

    package static let ours = ProtocolVersions(min: 1, max: 1)

    /// The highest version that both sides speak.
    package func agreed(with peer: ProtocolVersions) throws(ProtocolError) -> Int {
        let version = Swift.min(max, peer.max)
        guard version >= min, version >= peer.min else {
            throw ProtocolError(
                .noCommonVersion,
                "the peer speaks protocol \(peer.min) to \(peer.max), this side \(min) to \(max): upgrade the older one"
            )
        }
        return version
    }
}

/// Who a peer is.
package enum Role: String, Codable, Sendable, CaseIterable {
    case client
    case worker
}

/// The first message of a connection, from the side that connected.
package struct Hello: Message, Equatable {
    /// The versions it speaks.
    package var `protocol`: ProtocolVersions
    /// What it wants to be.
    package var role: Role
    /// Who it is: a worker's name, a user's program.
    package var name: String
    /// Program and version.
    package var software: String
    /// What it can beyond the version.
    package var features: [String]

    package init(
        `protocol`: ProtocolVersions = .ours, role: Role, name: String, software: String, features: [String] = []
    ) {
        self.`protocol` = `protocol`
        self.role = role
        self.name = name
        self.software = software
        self.features = features
    }

    package static let type = "hello"
}

/// The handshake is done.
package struct Welcome: Message, Equatable {
    /// The version agreed on.
    package var `protocol`: Int
    /// Program and version of the server.
    package var server: String
    /// This connection, as the server's log names it.
    package var session: String
    /// What the server can beyond the version.
    package var features: [String]
    /// How often a worker must be heard.
    package var heartbeatSeconds: Double
    /// The longest frame taken from now on, in bytes.
    package var frameLimit: Int

    package init(
        `protocol`: Int, server: String, session: String, features: [String] = [], heartbeatSeconds: Double,
        frameLimit: Int
    ) {
        self.`protocol` = `protocol`
        self.server = server
        self.session = session
        self.features = features
        self.heartbeatSeconds = heartbeatSeconds
        self.frameLimit = frameLimit
    }

    package static let type = "welcome"

    /// ``heartbeatSeconds`` as a span, never under a hundredth of a second nor over an hour: the number is the peer's.
    package var heartbeat: Duration { .seconds(min(max(heartbeatSeconds, 0.01), 3600)) }
}

/// The connection ends here, and why.
package struct Refused: Message, Equatable {
    /// A stable name.
    package var code: String
    /// One sentence.
    package var message: String

    package init(
        code: String, message: String
    ) {
        self.code = code
        self.message = message
    }

    package static let type = "refused"
}

/// The request was not done; the connection lives on.
package struct ErrorReply: Message, Equatable {
    /// A stable name.
    package var code: String
    /// One sentence: what was wrong, where, what to do.
    package var message: String
    /// Every problem found, when there may be several.
    package var problems: [Problem]

    package init(
        code: String, message: String, problems: [Problem] = []
    ) {
        self.code = code
        self.message = message
        self.problems = problems
    }

    package static let type = "error"
}

/// One thing wrong with what was sent.
package struct Problem: Codable, Sendable, Equatable {
    /// Where in the description: `artifacts[1]`; empty for the whole.
    package var path: String
    /// The line in the file, counted from 1.
    package var line: Int?
    /// The column, counted from 1.
    package var column: Int?
    /// A stable name.
    package var code: String
    /// What is wrong.
    package var message: String
    /// What to write instead.
    package var suggestion: String?

    package init(
        path: String, line: Int? = nil, column: Int? = nil, code: String, message: String, suggestion: String? = nil
    ) {
        self.path = path
        self.line = line
        self.column = column
        self.code = code
        self.message = message
        self.suggestion = suggestion
    }

    /// What stands before the message where people read both: the path, unless the message begins with it, as in
    /// `cloudConfig 4:2: …` and `artifacts is empty`.
    package var shownPath: String? {
        path.isEmpty || message.hasPrefix(path + " ") || message.hasPrefix(path + ":") ? nil : path
    }
}
