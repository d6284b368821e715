import Arguments
import FactoryProtocol
import FactorySpec

/// A description of an image as options: each key of a file is one, and wins over the file's.
///
/// The values are not judged here: whoever reads the description judges all of it, and names every mistake at once.
enum SpecOptions {
    static let file = Option.value(
        "file", short: "f", "FILE",
        help: "Read the description from this file (YAML or JSON), - for the standard input.",
        accepts: .something, completion: .files)
    static let base = Option.value(
        "base", "REFERENCE",
        help: "What to start from: distro:debian/bookworm, or an image, as docker://debian:12 or oci:/path.")
    static let version = Option.value("version", "VERSION", help: "The version that the image carries, as v1.0.0.")
    static let arch = Option.value(
        "arch", "ARCH", help: "The processor: amd64.",
        completion: .words(Architecture.allCases.filter(\.isBuilt).map(\.rawValue)))
    static let model = Option.value(
        "model", "MODEL", help: "The board: generic.",
        completion: .words(Model.allCases.filter(\.isBuilt).map(\.rawValue)))
    static let components = Option.value(
        "components", "SOURCE", help: "Where Kairos' programs come from: none, or dir:/path on the worker.")
    static let artifacts = Option.value(
        "artifact", "KIND", help: "What to make, as iso.", repeats: true,
        completion: .words(ArtifactKind.allCases.filter(\.isBuilt).map(\.rawValue)))
    static let bootCheck = Option.value(
        "boot-check", "FIRMWARE", help: "Under which firmware the artifacts are booted: none, bios, uefi or both.",
        completion: .words(BootCheck.allCases.map(\.rawValue)))
    static let mirror = Option.value("mirror", "URL", help: "Another package mirror.")
    static let cloudConfig = Option.value(
        "cloud-config", "FILE", help: "The file that becomes /config.yaml on the ISO.", accepts: .something,
        completion: .files)
    static let skipSteps = Option.value(
        "skip-step", "STEP", help: "A step of the conversion to leave out.", repeats: true,
        completion: .words(SkippableStep.allCases.map(\.rawValue)))
    static let epoch = Option.value(
        "source-date-epoch", "SECONDS", help: "The time that files made by the farm carry, in seconds since 1970.")
    static let selfTest = Option.value(
        "self-test", "SECONDS", help: "Instead of an image: a short job that exercises one worker, 1 to 3600.")

    static let all = [
        file, base, version, arch, model, components, artifacts, bootCheck, mirror, cloudConfig, skipSteps, epoch,
        selfTest,
    ]

    /// A description file by its place, for who finds `-f` too long.
    static let place = Positional(
        "FILE", help: "The description, like --file.", isRequired: false, completion: .files)

    /// The keys given as options, in the order of the documentation.
    ///
    /// - Parameters:
    ///   - invocation: What was given.
    ///   - text: The text of the file that `--cloud-config` names.
    /// - Returns: One entry a key; empty without any of the options.
    static func entries(_ invocation: Invocation, cloudConfig text: String?) -> [SpecNode.Entry] {
        var entries: [SpecNode.Entry] = []
        func add(_ key: String, _ value: SpecNode.Value?) {
            if let value { entries.append(SpecNode.Entry(key: key, node: SpecNode(value))) }
        }
        func number(_ option: Option) -> SpecNode.Value? {
            invocation.value(option).map { text in Int64(text).map { .integer($0) } ?? .string(text) }
        }
        func list(_ option: Option) -> SpecNode.Value? {
            let values = invocation.values(option).flatMap { $0.split(separator: ",").map(String.init) }
            return values.isEmpty ? nil : .list(values.map { SpecNode(.string($0)) })
        }
        add("base", invocation.value(base).map { .string($0) })
        add("version", invocation.value(version).map { .string($0) })
        add("arch", invocation.value(arch).map { .string($0) })
        add("model", invocation.value(model).map { .string($0) })
        add("components", invocation.value(components).map { .string($0) })
        add("artifacts", list(artifacts))
        add("bootCheck", invocation.value(bootCheck).map { .string($0) })
        add("mirror", invocation.value(mirror).map { .string($0) })
        add("cloudConfig", text.map { .string($0) })
        add("skipSteps", list(skipSteps))
        add("sourceDateEpoch", number(epoch))
        add("selfTest", number(selfTest).map { .map([SpecNode.Entry(key: "seconds", node: SpecNode($0))]) })
        return entries
    }
}
