/// How patient the farm is, and what it bears.
package struct FarmSettings: Sendable {
    /// How long a worker may be silent.
    package var liveness = LivenessLimits()
    /// How often leases are looked at and waiting jobs are tried again.
    package var tick = Duration.seconds(1)
    /// After so long an absence a worker that holds nothing and does not drain is forgotten.
    package var forgetWorkersAfter = Duration.seconds(7 * 24 * 3600)
    /// After so long a build that is over is forgotten, with its log and the artifacts that no other has; nil for never.
    package var forgetBuildsAfter: Duration?
    /// So long a worker may leave a job that it was given without an answer; then the job goes to be placed again.
    package var acceptance = Duration.seconds(60)
    /// How long a worker that resumes waits for the logs of its jobs; events of a job whose log is not open then it sends again.
    package var openingTime = Duration.seconds(2)
    /// How often workers, builds and artifacts that may be forgotten are looked for.
    package var forgetting = Duration.seconds(3600)
    /// From the connection to the first whole frame.
    package var firstFrame = Duration.seconds(2)
    /// From the connection to a worker's registration.
    package var handshake = Duration.seconds(5)
    /// From a frame's first byte to its last: a peer that sends a byte a second is let go.
    package var frame = Duration.seconds(10)
    /// How long a peer may leave what it is sent unread.
    package var send = Duration.seconds(30)
    /// How long a client may ask nothing while it watches nothing.
    package var idle = Duration.seconds(3600)
    /// Connections at once.
    package var connections = 2048
    /// Connections at once of one user (by number), or of all of TCP.
    package var connectionsOfOneUser = 512
    /// Watches at once on one connection.
    package var watches = 16
    /// How many events a live watcher may be behind before it is told that it lags.
    package var lag: Int64 = 20_000
    /// Program and version, as peers see it.
    package var server = "factoryd"

    /// The defaults.
    package init() {}
}
