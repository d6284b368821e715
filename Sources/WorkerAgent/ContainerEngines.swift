import Glibc
import IO

/// Engines on this machine whose images can be bases (`docker-daemon:`, `containers-storage:`).
enum ContainerEngines {
    /// Where skopeo asks for Docker (containers-transports(5)); it does not read DOCKER_HOST.
    static let dockerSocket = "/var/run/docker.sock"
    /// Where Podman, Buildah and CRI-O of root keep images unless told otherwise (containers-storage.conf(5)).
    static let storageRoot = "/var/lib/containers/storage"

    private static let patience = Duration.seconds(3)

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

    /// Whether images were ever kept in the storage of containers: a list of them is there.
    static func storage(root: String = storageRoot) -> Bool {
        ["overlay-images", "vfs-images", "btrfs-images", "zfs-images"].contains { name in
            access("\(root)/\(name)/images.json", R_OK) == 0
        }
    }
}
