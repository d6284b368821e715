import Crypto
package import FactoryProtocol

extension BuildSpec {
    /// The identity of the description: SHA-256 of its canonical form.
    package func digest() throws -> Digest { Digest(hash: SHA256.hash(try canonical())) }
}
