import FactoryProtocol

extension BuildSpec {
    /// The keys of a description, in the order in which they are documented.
    package static let keys = [
        "base", "version", "arch", "model", "components", "artifacts", "bootCheck", "mirror", "cloudConfig",
        "skipSteps", "sourceDateEpoch", "selfTest",
    ]

    /// Reads and validates a whole description.
    ///
    /// Throws every problem at once, each with its path and, where the notation has lines, its line.
    package static func read(_ node: SpecNode) throws(SpecError) -> BuildSpec {
        var reader = SpecReader()
        let entries = reader.entries(of: node, path: "", known: keys)
        // Every key is read before anything is refused, so that all problems are named.
        let selfTest = entries["selfTest"].flatMap { reader.selfTest($0) }
        let base: BaseReference? = entries["base"].flatMap { reader.parsed($0, path: "base") }
        let version: ImageVersion? = entries["version"].flatMap { reader.parsed($0, path: "version") }
        let arch = entries["arch"].flatMap { reader.arch($0, isSelfTest: entries["selfTest"] != nil) }
        let model = entries["model"].flatMap { reader.model($0) }
        let components: Components? = entries["components"].flatMap { reader.parsed($0, path: "components") }
        let artifacts = entries["artifacts"].map { reader.artifacts($0) }
        let bootCheck: BootCheck? = entries["bootCheck"].flatMap {
            reader.word($0, path: "bootCheck", what: "boot-check")
        }
        let mirror = entries["mirror"].flatMap { reader.mirror($0) }
        if case .image = base, let node = entries["mirror"] {
            reader.problem(
                "mirror-unused",
                "mirror is for a base made here (distro:…); an image installs from the mirrors in its own /etc/apt",
                at: node, path: "mirror")
        }
        let cloudConfig = entries["cloudConfig"].flatMap { reader.cloudConfig($0) }
        let skipSteps = entries["skipSteps"].map { reader.skipSteps($0) }
        let epoch = entries["sourceDateEpoch"].flatMap {
            reader.integer($0, path: "sourceDateEpoch", in: 0...4_102_444_800)
        }
        if entries["selfTest"] != nil {
            for key in keys where key != "selfTest" && key != "arch" {
                guard let node = entries[key] else { continue }
                reader.problem(
                    "conflict", "a self-test makes no image, so \(key) has no meaning beside selfTest", at: node,
                    path: key)
            }
        } else {
            reader.required("base", entries, node, example: "distro:debian/bookworm")
            reader.required("version", entries, node, example: "v1.0.0")
        }
        guard reader.problems.isEmpty else {
            throw SpecError(
                problems: reader.problems.enumerated()
                    .sorted { ($0.element.line ?? .max, $0.offset) < ($1.element.line ?? .max, $1.offset) }
                    .map(\.element))
        }
        let none = try? ImageVersion(parsing: "v0.0.0")  // a constant that parses
        guard let version = version ?? none else { throw SpecError(problems: []) }
        return BuildSpec(
            base: base ?? .distribution(.bookworm), version: version, arch: arch ?? .amd64, model: model ?? .generic,
            components: components ?? .none, artifacts: artifacts ?? [.iso], bootCheck: bootCheck ?? .both,
            mirror: mirror, cloudConfig: cloudConfig, skipSteps: skipSteps ?? [], sourceDateEpoch: epoch,
            selfTest: selfTest)
    }
}

extension SpecReader {
    fileprivate mutating func required(
        _ key: String, _ entries: [String: SpecNode], _ node: SpecNode, example: String
    ) {
        guard entries[key] == nil, case .map = node.value else { return }
        problem("missing-key", "the key \"\(key)\" is missing", at: nil, path: key, suggestion: "\(key): \(example)")
    }

    /// What this release makes images for; a self-test runs wherever there is a worker.
    fileprivate mutating func arch(_ node: SpecNode, isSelfTest: Bool) -> Architecture? {
        let known = Architecture.allCases.filter { isSelfTest || $0.isBuilt }
        guard let arch: Architecture = word(node, path: "arch", what: "arch", suggested: known) else { return nil }
        guard known.contains(arch) else {
            problem(
                "not-yet", "images for \(arch.rawValue) cannot be built yet", at: node, path: "arch",
                suggestion: known.map(\.rawValue).joined(separator: ", "))
            return nil
        }
        return arch
    }

    fileprivate mutating func model(_ node: SpecNode) -> Model? {
        let built = Model.allCases.filter(\.isBuilt)
        guard let model: Model = word(node, path: "model", what: "model", suggested: built) else { return nil }
        guard model.isBuilt else {
            problem(
                "not-yet", "the model \"\(model.rawValue)\" cannot be built yet", at: node, path: "model",
                suggestion: "generic")
            return nil
        }
        return model
    }

    fileprivate mutating func artifacts(_ node: SpecNode) -> [ArtifactKind] {
        let built = ArtifactKind.allCases.filter(\.isBuilt)
        let kinds: [(kind: ArtifactKind, node: SpecNode, path: String)] = words(
            node, path: "artifacts", what: "artifact", suggested: built)
        for (kind, node, path) in kinds where !kind.isBuilt {
            problem(
                "not-yet", "the artifact \"\(kind.rawValue)\" cannot be made yet", at: node, path: path,
                suggestion: "one of " + built.map(\.rawValue).joined(separator: ", "))
        }
        if case .list(let nodes) = node.value, nodes.isEmpty {
            problem("empty", "artifacts is empty", at: node, path: "artifacts", suggestion: "[iso]")
        }
        return ArtifactKind.allCases.filter { kind in kinds.contains { $0.kind == kind } }
    }

    fileprivate mutating func mirror(_ node: SpecNode) -> String? {
        guard let text = text(node, path: "mirror") else { return nil }
        do throws(SpecValueError) {
            return try MirrorURL.parse(text)
        } catch {
            problem(error.code, error.message, at: node, path: "mirror", suggestion: error.suggestion)
            return nil
        }
    }

    fileprivate mutating func cloudConfig(_ node: SpecNode) -> String? {
        guard let text = text(node, path: "cloudConfig") else { return nil }
        do throws(SpecValueError) {
            _ = try CloudConfig.check(text)
            return text
        } catch {
            problem(error.code, error.message, at: node, path: "cloudConfig", suggestion: error.suggestion)
            return nil
        }
    }

    fileprivate mutating func skipSteps(_ node: SpecNode) -> [SkippableStep] {
        guard case .list(let nodes) = node.value else {
            return [step(node, path: "skipSteps")].compactMap(\.self)
        }
        let steps = nodes.enumerated().compactMap { step($0.element, path: "skipSteps[\($0.offset)]") }
        return SkippableStep.allCases.filter(steps.contains).sorted { $0.rawValue < $1.rawValue }
    }

    private mutating func step(_ node: SpecNode, path: String) -> SkippableStep? {
        if case .string(let text) = node.value, SkippableStep.later.contains(text) {
            problem(
                "not-yet", "the step \"\(text)\" does not exist here yet, so it cannot be skipped", at: node, path: path
            )
            return nil
        }
        return word(node, path: path, what: "step")
    }

    fileprivate mutating func selfTest(_ node: SpecNode) -> SelfTest? {
        let before = problems.count
        let entries = entries(
            of: node, path: "selfTest",
            known: ["seconds", "linesPerSecond", "megabytes", "failure", "scratchMegabytes"])
        var test = SelfTest(seconds: 3)
        if let node = entries["seconds"], let value = integer(node, path: "selfTest.seconds", in: 1...3600) {
            test.seconds = Int(value)
        }
        if let node = entries["linesPerSecond"],
            let value = integer(node, path: "selfTest.linesPerSecond", in: 0...1000)
        {
            test.linesPerSecond = Int(value)
        }
        if let node = entries["megabytes"], let value = integer(node, path: "selfTest.megabytes", in: 0...1024) {
            test.megabytes = Int(value)
        }
        if let node = entries["scratchMegabytes"],
            let value = integer(node, path: "selfTest.scratchMegabytes", in: 1...64)
        {
            test.scratchMegabytes = Int(value)
        }
        if let node = entries["failure"],
            let cause: Failure.Cause = word(node, path: "selfTest.failure", what: "cause")
        {
            test.failure = cause.rawValue
        }
        return problems.count == before ? test : nil
    }
}
