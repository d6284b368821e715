import FactoryProtocol
import Glibc
import IO

/// The tree that layers of overlayfs make, looked at without a mount.
struct LayeredTree {
    /// The layers' directories, the topmost first.
    let layers: [String]

    /// What one path is.
    struct Entry: Equatable {
        var type: String
        var mode: String
        var owner: String
        var target: String?
    }

    /// The topmost of a path that is reached without links on the way; nil when it is missing or removed.
    func file(_ path: String) throws -> String? {
        for layer in layers {
            guard let status = try FileIO.status(layer + path) else { continue }
            // A whiteout.
            return status.kind == .device ? nil : layer + path
        }
        return nil
    }

    func entry(_ path: String) throws -> Entry? {
        guard let file = try file(path), let status = try FileIO.status(file) else { return nil }
        let owner = "\(status.user):\(status.group)"
        let mode = String(status.permissions, radix: 8)
        switch status.kind {
        case .directory: return Entry(type: "d", mode: mode, owner: owner)
        case .link:
            var target = [CChar](repeating: 0, count: Int(PATH_MAX))
            let count = readlink(file, &target, target.count)
            let text = String(decoding: target.prefix(max(0, count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
            return Entry(type: "l", mode: mode, owner: owner, target: text)
        case .file, .socket, .pipe, .device: return Entry(type: "f", mode: mode, owner: owner)
        }
    }

    /// Every path of the tree.
    func paths() throws -> Set<String> {
        var paths: Set<String> = []
        for layer in layers.reversed() {
            for entry in try Directory.walk(layer) {
                let path = "/" + entry.name
                if entry.kind == .device {
                    paths = paths.filter { $0 != path && !$0.hasPrefix(path + "/") }
                } else {
                    paths.insert(path)
                }
            }
        }
        return paths
    }

    /// The paths that packages own, as dpkg lists them, with merged directories.
    func packagePaths() throws -> Set<String> {
        var owned: Set<String> = []
        for layer in layers {
            let info = layer + "/var/lib/dpkg/info"
            guard try FileIO.status(info) != nil else { continue }
            for entry in try Directory.entries(info) where entry.name.hasSuffix(".list") {
                let list = try FileIO.readText("\(info)/\(entry.name)", limit: 16 << 20)
                for line in list.split(separator: "\n") { owned.insert(Self.merged(String(line))) }
            }
        }
        return owned
    }

    /// A path as it is since `/bin`, `/sbin` and `/lib*` are links into `/usr`.
    static func merged(_ path: String) -> String {
        ["/bin/", "/sbin/", "/lib/", "/lib32/", "/lib64/"].contains { path.hasPrefix($0) } ? "/usr" + path : path
    }

    func text(_ path: String) throws -> String? {
        try file(path).map { try FileIO.readText($0, limit: 16 << 20) }
    }
}
