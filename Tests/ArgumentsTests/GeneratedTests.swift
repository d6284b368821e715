import Arguments
import Testing

@Suite struct GeneratedTests {
    @Test func aManPageForEveryCommandThatIsNotHidden() {
        let pages = Sample.program.manualPages(section: 1, source: "oven 1.2.3", date: "2026-11-25")
        #expect(
            pages.map(\.fileName) == [
                "oven.1", "oven-bake.1", "oven-loaf.1", "oven-loaf-list.1", "oven-loaf-show.1",
            ])
        #expect(
            pages[4].text == #"""
                .TH "OVEN\-LOAF\-SHOW" 1 "2026\-11\-25" "oven 1.2.3"
                .nh
                .ad l
                .SH NAME
                oven\-loaf\-show \- show a loaf
                .SH SYNOPSIS
                \fBoven loaf show\fR [options] LOAF
                .SH DESCRIPTION
                show a loaf.
                .SH ARGUMENTS
                .TP
                \fBLOAF\fR
                The id of a loaf.
                .SH OPTIONS
                .TP
                \fB\-\-socket PATH\fR
                Where the daemon listens. (default: /run/x.sock; environment: OVEN_SOCKET)
                .TP
                \fB\-v, \-\-verbose\fR
                Say more. (environment: OVEN_VERBOSE)
                .TP
                \fB\-h, \-\-help\fR
                Print a help text.
                .SH SEE ALSO
                \fBoven\-loaf\fR(1)

                """#)
        #expect(pages[1].text.contains("\n\\&.starts with a dot\n"))
    }

    @Test(arguments: Shell.allCases)
    func hiddenThingsAreNotOffered(shell: Shell) {
        let script = Sample.program.completionScript(for: shell)
        #expect(!script.contains("secret") && !script.contains("spell"))
        #expect(script.contains("heat") && script.contains("bread cake pie"))
    }
}
