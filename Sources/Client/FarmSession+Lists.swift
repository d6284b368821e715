package import FactoryProtocol

/// Lists that may be longer than one reply: each is asked for until it is whole.
extension FarmSession {
    /// The newest builds in one of `states` (empty: in any), at most `limit`.
    ///
    /// - Throws: What ``request(_:for:until:)`` throws.
    package func builds(limit: Int, states: [String] = []) async throws(ClientError) -> [BuildSummary] {
        var found: [BuildSummary] = []
        var before: BuildID?
        repeat {
            let part = try await request(
                ListBuilds(limit: min(limit - found.count, 1000), states: states, before: before), for: Builds.self)
            found += part.builds
            before = try Self.following(before, part.next, isEmpty: part.builds.isEmpty)
        } while before != nil && found.count < limit
        return found
    }

    /// All workers, by name.
    ///
    /// - Throws: What ``request(_:for:until:)`` throws.
    package func workers() async throws(ClientError) -> [WorkerSummary] {
        var found: [WorkerSummary] = []
        var after: WorkerName?
        repeat {
            let part = try await request(ListWorkers(after: after), for: WorkerList.self)
            found += part.workers
            after = try Self.following(after, part.next, isEmpty: part.workers.isEmpty)
        } while after != nil
        return found
    }

    /// All that a build made; with `after`, what follows that place.
    ///
    /// - Throws: What ``request(_:for:until:)`` throws.
    package func artifacts(of build: BuildID, after: String? = nil) async throws(ClientError) -> [JobArtifact] {
        var found: [JobArtifact] = []
        var after = after
        repeat {
            let part = try await request(ListArtifacts(build: build, after: after), for: ArtifactList.self)
            found += part.artifacts
            after = try Self.following(after, part.next, isEmpty: part.artifacts.isEmpty)
        } while after != nil
        return found
    }

    /// One build with all that it made.
    ///
    /// - Throws: What ``request(_:for:until:)`` throws.
    package func details(of build: BuildID) async throws(ClientError) -> BuildDetails {
        var details = try await request(ShowBuild(build: build), for: BuildDetails.self)
        if let next = details.nextArtifacts {
            details.artifacts += try await artifacts(of: details.summary.build, after: next)
            details.nextArtifacts = nil
        }
        return details
    }

    /// The build that an identifier, or the beginning of only one, names.
    ///
    /// - Throws: What ``request(_:for:until:)`` throws.
    package func resolve(_ build: BuildID) async throws(ClientError) -> BuildID {
        do throws(ClientError) {
            return try await request(ResolveBuild(build: build), for: ResolvedBuild.self).build
        } catch {
            // A farm of an older release has no such request.
            guard error.code == .rejected, error.reason == "unknown-type" else { throw error }
            return try await request(ShowBuild(build: build), for: BuildDetails.self).summary.build
        }
    }

    /// The place to go on from, which must be another one than before: a farm that stays in its place would be asked for
    /// ever.
    private static func following<Place: Equatable>(
        _ before: Place?, _ next: Place?, isEmpty: Bool
    ) throws(ClientError) -> Place? {
        guard next == nil || (next != before && !isEmpty) else {
            throw ClientError(.badReply, "factoryd gives the same part of a list again and again")
        }
        return next
    }
}
