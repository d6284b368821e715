import Glibc
import IO
import Testing

@testable import FactoryImages

@Suite struct CleanTests {
    /// What a package of a hostile archive could leave in the places that are emptied.
    @Test(arguments: ["absolute", "climbing"])
    func emptyingATreeReachesNothingOutsideOfIt(_ kind: String) throws {
        let scratch = try Scratch()
        try Directory.make(scratch("tree"))
        for name in ["resolv.conf", "hostname", "canary"] { try scratch.write("outside/" + name, "x") }
        for name in ["dev", "run", "tmp", "etc"] {
            let target = kind == "absolute" ? scratch("outside") : "../outside"
            #expect(symlink(target, scratch("tree/" + name)) == 0)
        }
        // The absolute ones lead through the tree's own /tmp, which is one of them: the kernel refuses the circle.
        if kind == "absolute" {
            #expect(throws: ImageError.self) { try DebianBase.clean(scratch("tree")) }
        } else {
            try DebianBase.clean(scratch("tree"))
        }
        #expect(try paths(scratch("outside")) == ["canary", "hostname", "resolv.conf"])
    }

    @Test func whatIsTheMachinesGoesAndTheRestStays() throws {
        let scratch = try Scratch()
        for name in [
            "dev/null", "run/lock/x", "tmp/.x", "etc/resolv.conf", "etc/hostname", "etc/hosts", ".dockerenv", "usr/x",
        ] { try scratch.write("tree/" + name, "x") }
        try DebianBase.clean(scratch("tree"))
        #expect(try paths(scratch("tree")) == ["dev", "etc", "etc/hosts", "run", "tmp", "usr", "usr/x"])
    }
}
