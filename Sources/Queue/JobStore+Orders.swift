package import FactoryProtocol
import SQLite

/// What a cancellation reached.
package struct CancelOrder: Sendable, Equatable {
    /// Jobs that were not over yet.
    package var jobs: [JobID]
    /// Workers that have to end theirs.
    package var tell: [Recipient]

    /// A worker and the claim to end.
    package struct Recipient: Sendable, Equatable {
        /// Whom.
        package var worker: WorkerName
        /// Which.
        package var claim: Claim
    }
}

extension JobStore {
    /// Ends a build, or one job and what needs it. What is claimed ends when its worker answers.
    ///
    /// - Throws: ``QueueError``: unknown build or job.
    package func cancel(
        _ build: BuildID, job: JobID? = nil, reason: String
    ) async throws(QueueError) -> CancelOrder {
        let settlement = settlement
        return try await write { db in
            let build = try db.resolve(build)
            var order = CancelOrder(jobs: [], tell: [])
            // Last first, so that a job is not given up for a need that is cancelled in the same breath.
            let jobs: [JobID] = try db.all("SELECT id FROM jobs WHERE build = ? ORDER BY place DESC", build)
            if let job, !jobs.contains(job) {
                throw QueueError(.unknownJob, "build \(build.rawValue) has no job \(job.rawValue)")
            }
            for id in job.map({ [$0] }) ?? jobs {
                var row = try JobRow.load(id, db)
                switch row.job.cancelRequested(reason) {
                case .unchanged, .queue: continue
                case .settle(let end): try settlement.settle(row, end, db)
                case .tellWorker(let worker, let claim):
                    try row.save(db, at: settlement.now)
                    order.tell.append(CancelOrder.Recipient(worker: worker, claim: claim))
                }
                order.jobs.append(id)
            }
            order.jobs.sort()
            return order
        }
    }

    /// Gives the jobs of an ended build that did not succeed new attempts.
    ///
    /// - Throws: ``QueueError``: unknown build, not ended.
    package func retry(_ build: BuildID) async throws(QueueError) -> [JobID] {
        let settlement = settlement
        return try await write { db in
            let build = try db.resolve(build)
            let endedAt: Timestamp? = try db.one("SELECT ended_at FROM builds WHERE id = ?", build)
            guard endedAt != nil else {
                throw QueueError(.notEnded, "build \(build.rawValue) still runs: there is nothing to try again")
            }
            if let job = try db.members(ofBuild: build).undecodable {
                try settlement.failUndecodableOutcome(of: job, db)
            }
            let failed: [JobID] = try db.all(
                "SELECT id FROM jobs WHERE build = ? AND state <> 'succeeded' ORDER BY place", build)
            for id in failed {
                var row = try JobRow.load(id, db)
                guard case .queue = row.job.retried(attempts: settlement.attempts, needsMet: false) else { continue }
                try row.save(db, at: settlement.now)
                try db.emit(
                    .jobStateChanged(JobStateChanged(state: .waiting, reason: "tried again")),
                    build: build, job: id, attempt: row.job.attempt, at: settlement.now)
            }
            for id in failed {
                var row = try JobRow.load(id, db)
                try settlement.promote(&row, db)
            }
            try settlement.refresh(build, db)
            return failed
        }
    }
}
