import Testing

@testable import HTTP

@Suite struct RangeTests {
    @Test(arguments: [
        ("bytes=0-0", 10, ByteRange.part(0..<1)), ("bytes=2-5", 10, .part(2..<6)), ("bytes=5-", 10, .part(5..<10)),
        ("bytes=-3", 10, .part(7..<10)), ("bytes=-30", 10, .part(0..<10)), ("Bytes=9-20", 10, .part(9..<10)),
        ("bytes=0-99999999999999999999", 10, .part(0..<10)), ("bytes=10-", 10, .unsatisfiable),
        ("bytes=99999999999999999999-", 10, .unsatisfiable), ("bytes=-0", 10, .unsatisfiable),
        ("bytes=0-", 0, .unsatisfiable), ("bytes=-1", 0, .whole), ("bytes=5-2", 10, .whole),
        ("bytes=1-2,4-5", 10, .whole), ("bytes=-", 10, .whole), ("bytes=a-b", 10, .whole), ("lines=1-2", 10, .whole),
        ("bytes= 1-2", 10, .whole), ("bytes=1-2-3", 10, .whole), ("bytes=+1-2", 10, .whole), ("1-2", 10, .whole),
    ])
    func aRangeFieldSelects(text: String, size: Int, expected: ByteRange) {
        #expect(ByteRange(text, size: size) == expected)
    }

    private static let conditions: [(HTTPFields, HTTPResponse.Selection)] = [
        (["Range": "bytes=2-3"], .part(2..<4)),
        (["Range": "bytes=2-3", "If-Range": "\"t\""], .part(2..<4)),
        (["Range": "bytes=2-3", "If-Range": "\"other\""], .whole),
        (["Range": "bytes=2-3", "If-Range": "W/\"t\""], .whole),
        (["Range": "bytes=2-3", "If-Range": "Sun, 06 Nov 1994 08:49:37 GMT"], .whole),
        (["Range": "bytes=20-"], .outside), (["If-None-Match": "\"t\""], .same),
        (["If-None-Match": "\"a\", W/\"t\"", "Range": "bytes=2-3"], .same), (["If-None-Match": "*"], .same),
        (["If-None-Match": "\"a\""], .whole), (["If-Match": "\"t\"", "Range": "bytes=0-0"], .part(0..<1)),
        (["If-Match": "W/\"t\""], .other), (["If-Match": "\"a\""], .other), ([:], .whole),
    ]

    @Test(arguments: conditions)
    func conditionsComeBeforeRanges(fields: HTTPFields, expected: HTTPResponse.Selection) {
        #expect(HTTPResponse.selection(.get, fields, size: 10, etag: "t") == expected)
    }

    @Test func headIgnoresRanges() {
        #expect(HTTPResponse.selection(.head, ["Range": "bytes=2-3"], size: 10, etag: "t") == .whole)
    }

    @Test(arguments: [
        ("bytes 0-99/1000", ContentRange(part: 0..<100, size: 1000)),
        ("bytes 5-5/*", ContentRange(part: 5..<6, size: nil)),
        ("bytes */1000", ContentRange(part: nil, size: 1000)), ("bytes */*", nil), ("bytes 5-4/10", nil),
        ("bytes 0-10/10", nil), ("bytes 0-9", nil), ("bytes -1-5/10", nil), ("lines 0-1/2", nil), ("bytes 0-9/x", nil),
    ])
    func aContentRangeIsRead(text: String, expected: ContentRange?) {
        #expect(ContentRange(text) == expected)
        if let expected { #expect(expected.description == text) }
    }

    @Test func theDateIsTheRFCsExample() {
        #expect(HTTPDate.text(784_111_777) == "Sun, 06 Nov 1994 08:49:37 GMT")
    }

    @Test(arguments: [
        ("/v1/blobs/sha256%3Aab", ["v1", "blobs", "sha256:ab"]), ("/", []), ("/a/", ["a"]), ("/a/../b", nil),
        ("/a/./b", nil), ("/%2e%2e%2f%00", nil), ("/%2e%2E/x", nil), ("/a%2Fb", nil), ("/%zz", nil), ("/%e4", nil),
        ("/a//b", nil), ("/%C3%A4", ["ä"]), ("/%", nil), ("/a%0ab", nil),
    ])
    func aPathIsDecodedSegmentBySegment(path: String, expected: [String]?) {
        #expect((try? PathPattern.segments(path)) == expected)
    }

    @Test func aPatternNamesItsPlaces() {
        #expect(PathPattern("/v1/jobs/{id}").match(["v1", "jobs", "7"]) == ["id": "7"])
        #expect(PathPattern("/v1/jobs/{id}").match(["v1", "jobs"]) == nil)
        #expect(PathPattern("/v1/jobs/{id}").match(["v1", "jobs", "7", "x"]) == nil)
        #expect(PathPattern("/f/{path...}").match(["f", "a", "b"]) == ["path": "a/b"])
        #expect(PathPattern("/").match([]) == [:])
    }

    @Test func anEventCannotBeBrokenByItsText() {
        let event = ServerSentEvent("one\r\ntwo\rthree\n", event: "a\nid: 9", id: "7\ndata: x")
        let text = String(decoding: event.bytes, as: UTF8.self)
        #expect(text == "event: a id: 9\nid: 7 data: x\ndata: one\ndata: two\ndata: three\ndata: \n\n")
    }
}
