/// Media types of images (image-spec 1.1, media-types.md), and Docker's for the same things.
package enum OCIMediaType {
    package static let index = "application/vnd.oci.image.index.v1+json"
    package static let manifest = "application/vnd.oci.image.manifest.v1+json"
    package static let config = "application/vnd.oci.image.config.v1+json"
    package static let layer = "application/vnd.oci.image.layer.v1.tar"
    package static let layerGzip = "application/vnd.oci.image.layer.v1.tar+gzip"
    package static let layerZstd = "application/vnd.oci.image.layer.v1.tar+zstd"
    static let dockerList = "application/vnd.docker.distribution.manifest.list.v2+json"
    static let dockerManifest = "application/vnd.docker.distribution.manifest.v2+json"

    /// The end of a file name for a layer of that type.
    static func fileExtension(_ mediaType: String) -> String {
        switch mediaType {
        case layerZstd: "tar.zst"
        case layerGzip: "tar.gz"
        default: "tar"
        }
    }
}
