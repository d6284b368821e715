/// What the programs of this repository call themselves in `hello`, `welcome` and `--version`.
package enum Software {
    /// The version of all of them (semver.org).
    package static let version = "0.1.0"

    /// A program's name with the version, as it stands in `hello` and `welcome`: `factoryctl 0.1.0`.
    package static func named(_ program: String) -> String { "\(program) \(version)" }
}
