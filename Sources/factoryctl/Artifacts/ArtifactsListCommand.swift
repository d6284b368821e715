import Arguments
import FactoryClient
import FactoryProtocol
import Terminal

/// `factoryctl artifacts list`: what a build made.
enum ArtifactsListCommand: Subcommand {
    static let all = Option.flag("all", help: "Also the parts of the image: manifest, configuration, layers.")

    static let description = CommandDescription(
        "list", "list what a build made", options: [all, CommonOptions.json, CommonOptions.quiet],
        positionals: [CommonOptions.newestBuild])

    static func run(_ call: Call) async throws -> ExitStatus {
        let form = try ListForm(call.invocation)
        let session = try await call.connect()
        let build = try await call.build(call.invocation.argument(CommonOptions.newestBuild), session)
        let made = try await session.artifacts(of: build)
        let shown = call.invocation.flag(all) ? made : made.filter(\.artifact.role.isDeliverable)
        try await call.print(listing(shown).lines(form, width: call.width))
        return .success
    }

    static func listing(_ artifacts: [JobArtifact]) -> Listing<JobArtifact> {
        Listing(
            items: artifacts,
            columns: [
                .init("NAME", mayShrink: true), .init("ROLE"), .init("SIZE", side: .right),
                .init("DIGEST", mayShrink: true),
            ],
            row: { item in
                [
                    Painted(Neutralized.text(item.artifact.name)), Painted(item.artifact.role.rawValue),
                    Painted(Human.bytes(item.artifact.size)), Painted(item.artifact.digest.description, .dim),
                ]
            },
            id: \.artifact.digest.description, none: "no artifacts yet")
    }
}
