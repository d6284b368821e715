import FactoryProtocol
import IO

/// Tries again what failed outside of the worker: a mirror, a registry, the network.
enum Retrying {
    /// Waits between tries; one more try than there are waits.
    static let waits: [Duration] = [.seconds(3), .seconds(10)]

    /// Runs `body` until it succeeds, fails for another reason, or was tried often enough; `onRetry` is called before a
    /// wait, with the failure.
    static func run<Value>(
        waits: [Duration] = waits, onRetry: (ImageError, Duration) -> Void,
        _ body: () async throws(ImageError) -> Value
    ) async throws(ImageError) -> Value {
        for wait in waits {
            do throws(ImageError) {
                return try await body()
            } catch {
                guard error.cause == .infrastructure else { throw error }
                onRetry(error, wait)
            }
            do throws(IOError) { try await Poller.shared.sleep(until: .in(wait)) } catch { throw ImageError(error) }
        }
        return try await body()
    }
}
