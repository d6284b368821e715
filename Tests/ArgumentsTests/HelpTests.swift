import Arguments
import Testing

@Suite struct HelpTests {
    private func help(_ words: String...) throws -> String {
        guard case .show(let text) = try Sample.program.parse(words + ["--help"], version: "1") else { return "" }
        return text
    }

    @Test func ofTheProgram() throws {
        #expect(
            try help() == #"""
                oven: bake things

                Usage: oven [options] COMMAND

                The oven bakes what it is given.

                It's hot; don't touch the \door\.

                Commands:
                  bake  bake one thing
                  loaf  look at loaves

                Options:
                      --socket PATH  Where the daemon listens. (default: /run/x.sock;
                                     environment: OVEN_SOCKET)
                  -v, --verbose      Say more. (environment: OVEN_VERBOSE)
                  -h, --help         Print this help.
                      --version      Print the version.
                """#)
    }

    @Test func ofACommand() throws {
        #expect(
            try help("bake") == """
                oven bake: bake one thing

                Usage: oven bake --name NAME [options] RECIPE [EXTRA…]

                .starts with a dot

                Arguments:
                  RECIPE    The file with the recipe, - for the standard input.
                  [EXTRA…]  More to put in.

                Options:
                  -n, --name NAME     What it is called.
                  -k, --kind KIND     What to bake. (one of bread, cake, pie; may be given
                                      several times; environment: OVEN_KIND)
                      --heat DEGREES  How hot, in degrees. (50 to 300; default: 180)
                  -q, --quiet         Print only the id.

                General options:
                      --socket PATH  Where the daemon listens. (default: /run/x.sock;
                                     environment: OVEN_SOCKET)
                  -v, --verbose      Say more. (environment: OVEN_VERBOSE)
                  -h, --help         Print this help.
                      --version      Print the version.

                Examples:
                  oven bake --name rye rye.yaml
                      Bakes a rye bread

                Exit status:
                  0  baked
                  1  burnt
                """)
    }

    @Test func noLineIsWiderThan80Columns() throws {
        for text in [try help(), try help("bake"), try help("loaf"), try help("loaf", "show")] {
            #expect(text.split(separator: "\n").allSatisfy { $0.count <= 80 })
        }
    }
}
