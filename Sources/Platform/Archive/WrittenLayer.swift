/// The blob of a layer that was just written.
package struct WrittenLayer: Sendable, Hashable {
    /// SHA-256 of the tar: the layer's diff id, 32 bytes.
    package let diffID: [UInt8]
    /// SHA-256 of the blob, 32 bytes.
    package let digest: [UInt8]
    /// Bytes of the blob.
    package let size: Int64
    /// Bytes of the tar.
    package let tarSize: Int64
    /// How many entries it has, whiteouts and opaque marks included.
    package let entries: Int
    /// Sockets, which no tar can hold.
    package let leftOut: [String]

    /// What OCI calls a tar in zstd (image-spec 1.1, layer.md).
    package static let mediaType = "application/vnd.oci.image.layer.v1.tar+zstd"
}
