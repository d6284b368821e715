import FactoryProtocol
import Testing

@testable import FactoryScheduling

@Suite struct OfferedClaimsTests {
    private let start = ContinuousClock.now
    private let limit = Duration.seconds(60)
    private let first = Claim(job: JobID("B.a"), fence: Fence(1))
    private let second = Claim(job: JobID("B.b"), fence: Fence(4))

    @Test func aClaimIsOverdueOnceAndOnlyAfterItsTime() {
        var claims = OfferedClaims()
        claims.offered(second, now: start)
        claims.offered(first, now: start)
        #expect(claims.overdue(limit, now: start + .seconds(59)) == [])
        #expect(claims.left(of: first.job, limit: limit, now: start + .seconds(59)) == .seconds(1))
        #expect(claims.overdue(limit, now: start + .seconds(60)) == [first, second])
        #expect(claims.overdue(limit, now: start + .seconds(90)) == [])
        #expect(claims.left(of: first.job, limit: limit, now: start) == nil)
    }

    @Test func anAcceptedClaimIsNeverOverdueAndAnotherFenceIsAnotherClaim() {
        var claims = OfferedClaims()
        claims.offered(first, now: start)
        claims.settled(Claim(job: first.job, fence: Fence(2)))
        #expect(claims.left(of: first.job, limit: limit, now: start) == limit)
        claims.settled(first)
        #expect(claims.overdue(limit, now: start + .seconds(600)) == [])
    }
}
