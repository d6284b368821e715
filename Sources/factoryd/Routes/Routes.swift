import FactoryQueue
import FactoryScheduling
import FactoryStore
import HTTP

/// Everything that is answered over HTTP, one file a resource.
struct Routes: Sendable {
    let router: HTTPRouter

    init(farm: Farm, blobs: BlobStore, policy: PeerPolicy) {
        var router = HTTPRouter()
        HealthRoute(farm: farm, policy: policy).add(to: &router)
        EventRoutes(farm: farm, policy: policy).add(to: &router)
        StoreRoutes(
            blobs, mayRead: { try policy.rights(of: $0.socket).contains(.read) },
            sizeOf: { try await farm.store.size(of: $0) }
        ) { token in
            try await farm.store.claim(ofToken: token).map(StoreAccess.name(of:))
        }.mount(on: &router)
        self.router = router
    }
}
