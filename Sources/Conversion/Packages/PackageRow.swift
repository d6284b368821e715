/// One row of a package table: which packages, and for whom.
package struct PackageRow: Sendable {
    /// For which distributions.
    package enum Scope: Sendable, Equatable {
        case every
        case family(Distro.Family)
        case distro(Distro)
    }

    /// For which versions of them.
    package enum Versions: Sendable, Equatable {
        case any
        case atLeast(String)
        case below(String)
        case only([String])
        case except([String])
    }

    let scope: Scope
    let arch: String?
    let models: [String]
    let versions: Versions
    let packages: [String]

    /// Packages are names with blanks between; `{version}` in one stands for the version of the distribution. Without a
    /// processor or board a row is for every one.
    init(
        _ scope: Scope, arch: String? = nil, models: [String] = [], versions: Versions = .any, _ packages: String
    ) {
        self.scope = scope
        self.arch = arch
        self.models = models
        self.versions = versions
        self.packages = packages.split(whereSeparator: \.isWhitespace).map(String.init)
    }

    /// Whether scope, processor and board fit, whatever the version.
    func concerns(_ query: PackageQuery) -> Bool {
        let inScope =
            switch scope {
            case .every: true
            case .family(let family): family == query.distro.family
            case .distro(let distro): distro == query.distro
            }
        return inScope && (arch == nil || arch == query.arch) && (models.isEmpty || models.contains(query.model))
    }

    /// The packages when the version fits too, else none.
    func packages(for query: PackageQuery) -> [String] {
        guard concerns(query), Self.holds(versions, for: query.version) else { return [] }
        return packages.map { $0.replacing("{version}", with: query.version) }
    }

    private static func holds(_ versions: Versions, for text: String) -> Bool {
        if versions == .any { return true }
        // A distribution without a number (Arch) gets what is for every version, and nothing else.
        guard let version = SystemVersion(text) else { return false }
        func isListed(_ list: [String]) -> Bool { list.contains { SystemVersion($0) == version } }
        switch versions {
        case .any: return true
        case .atLeast(let bound): return SystemVersion(bound).map { version >= $0 } ?? false
        case .below(let bound): return SystemVersion(bound).map { version < $0 } ?? false
        case .only(let list): return isListed(list)
        case .except(let list): return !isListed(list)
        }
    }
}
