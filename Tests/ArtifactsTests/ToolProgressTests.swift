import FactoryArtifacts
import Testing

@Suite struct ToolProgressTests {
    @Test(arguments: [
        ("[===/                 ]   184/600  30%", 184, 600), ("[======|] 600/600 100%", 600, 600),
    ])
    func mksquashfsCountsBlocks(_ line: String, _ done: Int64, _ total: Int64) {
        let progress = ToolProgress.mksquashfs(line)
        #expect(progress?.done == done)
        #expect(progress?.total == total)
    }

    @Test(arguments: [
        "", "Exportable Squashfs 4.0 filesystem, zstd compressed, data block size 262144", "[x] 5%", "[a] b/c 5%",
    ])
    func otherLinesAreNoProgress(_ line: String) {
        #expect(ToolProgress.mksquashfs(line) == nil)
        #expect(ToolProgress.xorriso(line) == nil)
    }

    @Test(arguments: [
        ("xorriso : UPDATE :  40.66% done", 40), ("xorriso : UPDATE :  100.00% done", 100),
        ("xorriso : UPDATE :   0.00% done, estimate finish Wed Nov 25 02:45:50 2026", 0),
    ])
    func xorrisoTellsPerCent(_ line: String, _ percent: Int64) {
        #expect(ToolProgress.xorriso(line) == percent)
    }
}
