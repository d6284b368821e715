/// A distribution that Kairos images are made of, by the name it gives itself.
package enum Distro: String, Codable, Sendable, CaseIterable, Hashable {
    case debian
    case ubuntu
    case fedora
    case rocky
    case almalinux
    case oracle = "ol"
    case rhel
    case arch
    case alpine
    case openSUSELeap = "opensuse-leap"
    case openSUSETumbleweed = "opensuse-tumbleweed"
    case sles
    case sleMicroRancher = "sle-micro-rancher"
    case hadron

    /// Distributions that share packages and tools.
    package enum Family: String, Codable, Sendable, CaseIterable, Hashable {
        case debian
        case redhat
        case suse
        case alpine
        case arch
        case hadron
    }

    /// The family.
    package var family: Family {
        switch self {
        case .debian, .ubuntu: .debian
        case .fedora, .rocky, .almalinux, .oracle, .rhel: .redhat
        case .openSUSELeap, .openSUSETumbleweed, .sles, .sleMicroRancher: .suse
        case .alpine: .alpine
        case .arch: .arch
        case .hadron: .hadron
        }
    }

    /// Finds it by `ID`, else by the words of `ID_LIKE` from left to right.
    package init?(id: String?, like: String?) {
        if let id, let distro = Distro(rawValue: id) {
            self = distro
            return
        }
        for word in (like ?? "").split(separator: " ") {
            switch word {
            case "redhat": self = .fedora
            case "suse": self = .openSUSELeap
            default:
                guard let distro = Distro(rawValue: String(word)) else { continue }
                self = distro
            }
            return
        }
        return nil
    }
}
