import FactoryScheduling
import FactoryStore
import HTTP

/// Everything that is answered over HTTP, one file a resource.
struct Routes: Sendable {
    let router: HTTPRouter

    init(farm: Farm, blobs: BlobStore, policy: PeerPolicy) {
        var router = HTTPRouter()
        HealthRoute(farm: farm).add(to: &router)
        EventRoutes(farm: farm, policy: policy).add(to: &router)
        self.router = router
    }
}
