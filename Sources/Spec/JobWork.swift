package import FactoryProtocol

/// What one job does: all that its process must know besides its inputs.
package enum JobWork: Sendable, Equatable {
    case image(ImageWork)
    case iso(ISOWork)
    case bootCheck(BootCheckWork)
    case selfTest(SelfTest)

    /// The number of the format in which work is written as JSON, and the newest that is read; it goes with the JSON into
    /// the database and to workers.
    ///
    /// A field that is new gets a default, which reading takes for a key that is missing and writing leaves out, so that
    /// digests and cache keys of what was described before stay the same. The number is raised when an older release would do
    /// something else with the JSON than what was asked for.
    package static let format: Int64 = 1

    /// The kind as lists show it.
    package var kind: String {
        switch self {
        case .image: "image"
        case .iso: "iso"
        case .bootCheck: "boot-check"
        case .selfTest: "self-test"
        }
    }

    /// Raised by hand whenever the code makes other bytes, or another verdict, of the same inputs: part of every cache key.
    package var revision: Int {
        switch self {
        case .image: 1
        case .iso: 1
        case .bootCheck: 2
        case .selfTest: 1
        }
    }

    /// Whether factoryd may settle it from an earlier success with the same work and inputs. An image looks at its base,
    /// which changes outside of the description, so its own layers are what is kept.
    package var mayBeSettledFromCache: Bool {
        switch self {
        case .iso, .bootCheck: true
        case .image, .selfTest: false
        }
    }
}

/// A base turned into a Kairos-ready OCI image.
package struct ImageWork: Codable, Sendable, Equatable {
    /// The base.
    package var base: BaseReference
    /// The version the image carries.
    package var version: ImageVersion
    /// The processor.
    package var arch: Architecture
    /// The board.
    package var model: Model
    /// The programs of Kairos.
    package var components: Components
    /// Another package mirror.
    package var mirror: String?
    /// Steps left out, sorted.
    package var skipSteps: [SkippableStep]

    package init(
        base: BaseReference, version: ImageVersion, arch: Architecture, model: Model, components: Components,
        mirror: String? = nil, skipSteps: [SkippableStep] = []
    ) {
        self.base = base
        self.version = version
        self.arch = arch
        self.model = model
        self.components = components
        self.mirror = mirror
        self.skipSteps = skipSteps
    }
}

/// An image made into an ISO.
package struct ISOWork: Codable, Sendable, Equatable {
    /// The processor.
    package var arch: Architecture
    /// The text of `/config.yaml`.
    package var cloudConfig: String?

    package init(
        arch: Architecture, cloudConfig: String? = nil
    ) {
        self.arch = arch
        self.cloudConfig = cloudConfig
    }
}

/// An artifact started until it is up.
package struct BootCheckWork: Codable, Sendable, Equatable {
    /// The processor.
    package var arch: Architecture
    /// Under which firmware, in this order.
    package var firmwares: [Firmware]
    /// Memory of the machine.
    package var memoryMiB: Int
    /// How long one boot may take. Without KVM a boot takes minutes.
    package var timeoutSeconds: Int

    package init(
        arch: Architecture, firmwares: [Firmware], memoryMiB: Int = 2048, timeoutSeconds: Int = 900
    ) {
        self.arch = arch
        self.firmwares = firmwares
        self.memoryMiB = memoryMiB
        self.timeoutSeconds = timeoutSeconds
    }
}

// Stored work outlives the release that wrote it. A key that is missing means the default. A field that is added gets one,
// and is written only when it has another value: digests and cache keys of earlier descriptions stay as they are. The fields
// below were always written, and are for the same reason.

extension ImageWork {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        base = try container.decode(BaseReference.self, forKey: .base)
        version = try container.decode(ImageVersion.self, forKey: .version)
        arch = try container.decode(Architecture.self, forKey: .arch)
        model = try container.decodeIfPresent(Model.self, forKey: .model) ?? .generic
        components = try container.decodeIfPresent(Components.self, forKey: .components) ?? .none
        mirror = try container.decodeIfPresent(String.self, forKey: .mirror)
        skipSteps = try container.decodeIfPresent([SkippableStep].self, forKey: .skipSteps) ?? []
    }
}

extension BootCheckWork {
    /// Reads a boot check; numbers that no machine has are refused.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        func number(_ key: CodingKeys, upTo most: Int) throws -> Int? {
            guard let value = try container.decodeIfPresent(Int.self, forKey: key) else { return nil }
            guard (1...most).contains(value) else {
                throw DecodingError.dataCorruptedError(
                    forKey: key, in: container, debugDescription: "\(value) is not in 1 to \(most)")
            }
            return value
        }
        self.init(
            arch: try container.decode(Architecture.self, forKey: .arch),
            firmwares: try container.decode([Firmware].self, forKey: .firmwares))
        memoryMiB = try number(.memoryMiB, upTo: 1 << 20) ?? memoryMiB
        timeoutSeconds = try number(.timeoutSeconds, upTo: 7 * 24 * 3600) ?? timeoutSeconds
    }
}

extension JobWork: Codable {
    private enum Keys: String, CodingKey {
        case kind
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Keys.self)
        let kind = try container.decode(String.self, forKey: .kind)
        switch kind {
        case "image": self = .image(try ImageWork(from: decoder))
        case "iso": self = .iso(try ISOWork(from: decoder))
        case "boot-check": self = .bootCheck(try BootCheckWork(from: decoder))
        case "self-test": self = .selfTest(try SelfTest(from: decoder))
        default:
            throw DecodingError.dataCorruptedError(
                forKey: .kind, in: container, debugDescription: "this version knows no job of kind \"\(kind)\"")
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Keys.self)
        try container.encode(kind, forKey: .kind)
        switch self {
        case .image(let work): try work.encode(to: encoder)
        case .iso(let work): try work.encode(to: encoder)
        case .bootCheck(let work): try work.encode(to: encoder)
        case .selfTest(let work): try work.encode(to: encoder)
        }
    }
}
