import Glibc
import IO

/// Engines on this machine whose images can be bases (`docker-daemon:`, `containers-storage:`): whether skopeo finds them in
/// the environment that a job gives it.
struct ContainerEngines: Sendable {
    /// Where skopeo asks for Docker (containers-transports(5)); it does not read DOCKER_HOST.
    static let dockerSocket = "/var/run/docker.sock"

    private static let patience = Duration.seconds(3)

    private let storageLook: SingleLook<Bool>

    /// - Parameter environment: What jobs get of ours.
    init(environment: [String: String]) {
        storageLook = SingleLook("storage-look") {
            ContainerStorage.roots(environment: environment, user: geteuid(), read: Self.text).contains(
                where: Self.storage)
        }
    }

    /// Looks at all of them now; by the names that a plan's requirements use.
    func look() async -> [String: String] {
        let hasStorage = await storageLook.value(within: Self.patience) ?? false
        return [
            "engine.docker": await Self.docker() ? "yes" : "no",
            "engine.containers-storage": hasStorage ? "yes" : "no",
        ]
    }

    /// Whether a Docker engine answers on its socket (Docker Engine API, `GET /_ping`): a socket that is left over, or
    /// something else behind it, is no engine.
    static func docker(socket path: String = dockerSocket) async -> Bool {
        let deadline = Deadline.in(patience)
        do throws(IOError) {
            let socket = try await Socket.connect(unix: path, until: deadline)
            try await socket.write(Array("GET /_ping HTTP/1.0\r\nHost: docker\r\n\r\n".utf8), until: deadline)
            var answer: [UInt8] = []
            while answer.count < 4096 {
                let more = try await socket.read(upTo: 4096, until: deadline)
                if more.isEmpty { break }
                answer += more
            }
            return isPing(String(decoding: answer, as: UTF8.self))
        } catch {
            return false
        }
    }

    /// An answer to `/_ping`: status 200, and `OK` or the API's version.
    private static func isPing(_ answer: String) -> Bool {
        let status = answer.prefix { $0 != "\r\n" && $0 != "\n" }.split(separator: " ")
        guard status.count >= 2, status[0].hasPrefix("HTTP/1."), status[1] == "200" else { return false }
        return answer.lowercased().contains("api-version:") || answer.hasSuffix("OK")
    }

    /// Whether images were ever kept in a storage of containers: a list of them is there.
    static func storage(root: String) -> Bool {
        ["overlay-images", "vfs-images", "btrfs-images", "zfs-images"].contains { name in
            access("\(root)/\(name)/images.json", R_OK) == 0
        }
    }

    /// A file of settings; nil when there is none, or none that can be read: skopeo says what is wrong with it.
    private static func text(_ path: String) -> String? { try? FileIO.readText(path, limit: 1 << 20) }
}
