package import FactoryProtocol

/// An image configuration (image-spec 1.1, config.md). Fields that it does not name are not carried on.
package struct OCIImageConfig: Codable, Sendable, Hashable {
    /// When the image was made (RFC 3339, section 5.6).
    package var created: String?
    package var author: String?
    package var architecture: String
    package var os: String
    package var variant: String?
    package var config: Execution?
    package var rootfs: RootFilesystem
    package var history: [History]?

    /// How a container of the image is started.
    package struct Execution: Codable, Sendable, Hashable {
        package var user: String?
        package var exposedPorts: [String: Nothing]?
        package var environment: [String]?
        package var entrypoint: [String]?
        package var command: [String]?
        package var volumes: [String: Nothing]?
        package var workingDirectory: String?
        package var labels: [String: String]?
        package var stopSignal: String?

        package init(environment: [String]? = nil, command: [String]? = nil, labels: [String: String]? = nil) {
            self.environment = environment
            self.command = command
            self.labels = labels
        }

        private enum CodingKeys: String, CodingKey {
            case user = "User"
            case exposedPorts = "ExposedPorts"
            case environment = "Env"
            case entrypoint = "Entrypoint"
            case command = "Cmd"
            case volumes = "Volumes"
            case workingDirectory = "WorkingDir"
            case labels = "Labels"
            case stopSignal = "StopSignal"
        }
    }

    /// The empty object by which sets are written.
    package struct Nothing: Codable, Sendable, Hashable {
        package init() {}
    }

    /// The layers by the hashes of their tars, the lowest first.
    package struct RootFilesystem: Codable, Sendable, Hashable {
        package var type = "layers"
        package var diffIDs: [Digest]

        package init(diffIDs: [Digest]) { self.diffIDs = diffIDs }

        private enum CodingKeys: String, CodingKey {
            case type
            case diffIDs = "diff_ids"
        }
    }

    /// How a layer came to be.
    package struct History: Codable, Sendable, Hashable {
        package var created: String?
        package var createdBy: String?
        package var comment: String?
        package var emptyLayer: Bool?

        package init(created: String?, createdBy: String?) {
            self.created = created
            self.createdBy = createdBy
        }

        private enum CodingKeys: String, CodingKey {
            case created
            case createdBy = "created_by"
            case comment
            case emptyLayer = "empty_layer"
        }
    }

    package init(
        created: String?, architecture: String, os: String = "linux", config: Execution?, diffIDs: [Digest],
        history: [History]?
    ) {
        self.created = created
        self.architecture = architecture
        self.os = os
        self.config = config
        rootfs = RootFilesystem(diffIDs: diffIDs)
        self.history = history
    }
}
