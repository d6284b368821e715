import Testing

@testable import HTTP

@Suite struct RequestParserTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let bytes: [UInt8]
        let status: Int

        init(_ name: String, _ text: String, _ status: Int) {
            (self.name, bytes, self.status) = (name, Array(text.utf8), status)
        }

        var testDescription: String { name }
    }

    /// Every request that two parties could read in two ways, and how it is refused.
    static let refused: [Case] = [
        Case("length and chunked", post("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400),
        Case("chunked and length", post("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n", "0\r\n\r\n"), 400),
        Case("two different lengths", post("Content-Length: 3\r\nContent-Length: 4\r\n", "abcd"), 400),
        Case("two equal lengths", post("Content-Length: 3\r\nContent-Length: 3\r\n", "abc"), 400),
        Case("length with a sign", post("Content-Length: +2\r\n", "ab"), 400),
        Case("length as a list", post("Content-Length: 2, 2\r\n", "ab"), 400),
        Case("negative length", post("Content-Length: -1\r\n", "ab"), 400),
        Case("length with a letter", post("Content-Length: 2x\r\n", "ab"), 400),
        Case("length in hexadecimal", post("Content-Length: 0x2\r\n", "ab"), 400),
        Case("empty length", post("Content-Length:\r\n", ""), 400),
        Case("length over every limit", post("Content-Length: 99999999999999999999\r\n", ""), 413),
        Case("unknown coding", post("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"), 501),
        Case("two codings in a list", post("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"), 501),
        Case("chunked twice", post("Transfer-Encoding: chunked, chunked\r\n", "0\r\n\r\n"), 501),
        Case(
            "two coding fields", post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400),
        Case("identity coding", post("Transfer-Encoding: identity\r\n", ""), 501),
        Case("empty coding", post("Transfer-Encoding:\r\n", ""), 501),
        Case("coding with a vertical tab", post("Transfer-Encoding: \u{b}chunked\r\n", "0\r\n\r\n"), 400),
        Case("space before the colon", post("Transfer-Encoding : chunked\r\n", "0\r\n\r\n"), 400),
        Case("chunked in HTTP/1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 501),
        Case("bare LF lines", "GET / HTTP/1.1\nHost: a\n\n", 400),
        Case("bare LF after the first line", "GET / HTTP/1.1\nHost: a\r\n\r\n", 400),
        Case("bare LF between fields", "GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n", 400),
        Case("bare LF in a chunk's size", post("Transfer-Encoding: chunked\r\n", "3\nabc\r\n0\r\n\r\n"), 400),
        Case("bare LF after a chunk", post("Transfer-Encoding: chunked\r\n", "3\r\nabc\n0\r\n\r\n"), 400),
        Case("bare CR in a value", "GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n", 400),
        Case("folded line", "GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n folded: c\r\n\r\n", 400),
        Case("folded first field", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400),
        Case("NUL in a value", "GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n", 400),
        Case("NUL in the target", "GET /a\0b HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        Case("space in a name", "GET / HTTP/1.1\r\nHost: a\r\nX Y: b\r\n\r\n", 400),
        Case("no name", "GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n", 400),
        Case("no colon", "GET / HTTP/1.1\r\nHost: a\r\nnonsense\r\n\r\n", 400),
        Case("space in the target", "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        Case("two spaces", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        Case("tab in the first line", "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        Case("umlaut in the target", "GET /ä HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        Case("no Host", "GET / HTTP/1.1\r\nX: b\r\n\r\n", 400),
        Case("two Host fields", "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400),
        Case("empty Host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", 400),
        Case("Host with a path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400),
        Case("Host with a user", "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", 400),
        Case("HTTP/1.9", "GET / HTTP/1.9\r\nHost: a\r\n\r\n", 505),
        Case("HTTP/2.0", "GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505),
        Case("HTTP/0.9", "GET /\r\n\r\n", 400),
        Case("no version", "GET / FTP/1.1\r\nHost: a\r\n\r\n", 400),
        Case("lower-case version", "GET / http/1.1\r\nHost: a\r\n\r\n", 400),
        Case("unknown method", "BREW / HTTP/1.1\r\nHost: a\r\n\r\n", 501),
        Case("lower-case method", "get / HTTP/1.1\r\nHost: a\r\n\r\n", 501),
        Case("CONNECT", "CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n", 501),
        Case("method with a brace", "GE{T / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        Case("target without a slash", "GET a HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        Case("star", "GET * HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        Case("absolute target of another host", "GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        Case("absolute target with a user", "GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        Case("absolute target of another scheme", "GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        Case("chunk size with a sign", post("Transfer-Encoding: chunked\r\n", "-2\r\nab\r\n0\r\n\r\n"), 400),
        Case("chunk size with 0x", post("Transfer-Encoding: chunked\r\n", "0x2\r\nab\r\n0\r\n\r\n"), 400),
        Case("chunk size with a space", post("Transfer-Encoding: chunked\r\n", "2 \r\nab\r\n0\r\n\r\n"), 400),
        Case(
            "chunk size over 64 bits", post("Transfer-Encoding: chunked\r\n", "10000000000000002\r\nab\r\n0\r\n\r\n"),
            400),
        Case("empty chunk size", post("Transfer-Encoding: chunked\r\n", "\r\nab\r\n0\r\n\r\n"), 400),
        Case("chunk longer than its size", post("Transfer-Encoding: chunked\r\n", "2\r\nabc\r\n0\r\n\r\n"), 400),
        Case(
            "control character in an extension", post("Transfer-Encoding: chunked\r\n", "2;\u{1}\r\nab\r\n0\r\n\r\n"),
            400),
        Case("trailer that is no field", post("Transfer-Encoding: chunked\r\n", "0\r\nGET / HTTP/1.1\r\n\r\n"), 400),
        Case("empty line first", "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        Case("LF first", "\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        Case("a TLS hello", "\u{16}\u{3}\u{1}\u{2}\0\u{1}", 400),
        Case("Expect of something else", post("Content-Length: 2\r\nExpect: miracles\r\n", "ab"), 417),
        Case("target over the limit", "GET /\(String(repeating: "a", count: 9000)) HTTP/1.1\r\nHost: a\r\n\r\n", 414),
        Case(
            "head over the limit", "GET / HTTP/1.1\r\nHost: a\r\nX: \(String(repeating: "a", count: 40_000))\r\n\r\n",
            431),
        Case("101 fields", "GET / HTTP/1.1\r\nHost: a\r\n\(String(repeating: "X: b\r\n", count: 100))\r\n", 431),
    ]

    private static func post(_ fields: String, _ body: String) -> String {
        "POST / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n\(body)"
    }

    @Test(arguments: refused)
    func anAmbiguousRequestIsRefusedHoweverItArrives(_ item: Case) {
        // In one piece, and a byte at a time.
        for size in [item.bytes.count, 1] {
            #expect(Outcome(item.bytes, pieces: size).status == item.status)
        }
    }

    @Test func aBareLineFeedIsRefusedBeforeTheHeadIsWhole() {
        #expect(Outcome(Array("GET / HTTP/1.1\n".utf8), pieces: 1).status == 400)
    }

    @Test func aRequestPassesWithItsPartsInPlace() throws {
        let text =
            "PUT /a%20b?x=1 HTTP/1.1\r\nHost: example.org:80\r\nX-One:  two words\t\r\nContent-Length: 5\r\n\r\nhello"
        let outcome = Outcome(Array(text.utf8), pieces: 7)
        let head = try #require(outcome.heads.first)
        #expect(head.method == .put)
        #expect(head.target == "/a%20b?x=1")
        #expect(head.fields["x-one"] == "two words")
        #expect(!head.wantsClose && !head.expectsContinue)
        #expect(outcome.body == Array("hello".utf8))
        #expect(outcome.ends == 1 && outcome.status == nil)
    }

    @Test func anAbsoluteTargetOfTheSameHostIsItsPath() throws {
        for (target, path) in [("http://A:80/b?c", "/b?c"), ("https://a:80", "/"), ("http://a:80?q", "/?q")] {
            let outcome = Outcome(Array("GET \(target) HTTP/1.1\r\nHost: a:80\r\n\r\n".utf8), pieces: 1000)
            #expect(outcome.heads.first?.target == path)
        }
    }

    @Test func chunksExtensionsAndTrailersGiveTheBody() {
        let text = Self.post(
            "Transfer-Encoding: Chunked\r\nExpect: 100-Continue\r\n",
            "5;a=b\r\nhello\r\nA\r\n, world 10\r\n0;x\r\nX-Trailer: y\r\n\r\n")
        for pieces in 1...20 {
            let outcome = Outcome(Array(text.utf8), pieces: pieces)
            #expect(outcome.body == Array("hello, world 10".utf8))
            #expect(outcome.heads.first?.expectsContinue == true)
            #expect(outcome.ends == 1 && outcome.status == nil)
        }
    }

    @Test func threeRequestsInOnePieceComeOutOneAfterTheOther() {
        let one = "GET /1 HTTP/1.1\r\nHost: a\r\n\r\n"
        let two = Self.post("Content-Length: 3\r\n", "abc")
        let three = "GET /3 HTTP/1.0\r\n\r\n"
        for pieces in [1, 2, 3, 50, 1000] {
            let outcome = Outcome(Array((one + two + three).utf8), pieces: pieces)
            #expect(outcome.heads.map(\.target) == ["/1", "/", "/3"])
            #expect(outcome.heads.map(\.wantsClose) == [false, false, true])
            #expect(outcome.body == Array("abc".utf8) && outcome.ends == 3)
        }
    }

    @Test(arguments: [UInt64(20_261_125), UInt64.random(in: .min ... .max)])
    func mutatedRequestsNeverDependOnHowTheyAreCutNorSmuggleALine(seed: UInt64) {
        print("RequestParser mutations: seed \(seed)")
        var random = SplitMix(seed: seed)
        let sources =
            Self.refused.map(\.bytes).filter { $0.count < 2000 } + [
                Array(Self.post("Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n0\r\nA: b\r\n\r\n").utf8),
                Array((Self.post("Content-Length: 3\r\n", "abc") + "GET /next HTTP/1.1\r\nHost: a\r\n\r\n").utf8),
            ]
        let spice = Array("\r\n\0 :;\t0aZ{%".utf8) + [0xff, 0x80]
        for _ in 0..<4000 {
            var bytes = sources[Int(random.next() % UInt64(sources.count))]
            for _ in 0...(random.next() % 4) {
                let at = Int(random.next() % UInt64(bytes.count))
                let byte = spice[Int(random.next() % UInt64(spice.count))]
                switch random.next() % 4 {
                case 0: bytes[at] = byte
                case 1: bytes.insert(byte, at: at)
                case 2 where bytes.count > 1: bytes.remove(at: at)
                default: bytes.insert(contentsOf: bytes[at..<min(bytes.count, at + 9)], at: at)
                }
            }
            let whole = Outcome(bytes, pieces: bytes.count)
            let cut = Outcome(bytes, pieces: Int(random.next() % 11) + 1)
            #expect(whole.status == cut.status && whole.heads == cut.heads && whole.body == cut.body, "\(bytes)")
            for head in whole.heads {
                let texts = head.fields.list.flatMap { [$0.name, $0.value] } + [head.target]
                #expect(texts.allSatisfy { $0.utf8.allSatisfy { $0 == 9 || ($0 >= 32 && $0 != 127) } }, "\(bytes)")
                #expect(head.fields.all("Content-Length").count + head.fields.all("Transfer-Encoding").count <= 1)
                #expect(head.fields.all("Host").count == 1 || !head.isVersion11)
            }
        }
    }
}

/// What a parser makes of bytes that arrive in pieces of one size.
struct Outcome {
    var heads: [RequestHead] = []
    var body: [UInt8] = []
    var ends = 0
    var status: Int?

    init(_ bytes: [UInt8], pieces: Int) {
        var parser = RequestParser()
        var at = 0
        do throws(HTTPError) {
            while at < bytes.count {
                parser.feed(Array(bytes[at..<min(bytes.count, at + pieces)]))
                at += pieces
                while let event = try parser.next() {
                    switch event {
                    case .head(let head): heads.append(head)
                    case .body(let part): body += part
                    case .end:
                        ends += 1
                        parser.nextRequest()
                    }
                }
            }
        } catch {
            status = error.status?.code
        }
    }
}

/// A generator with a seed (SplitMix64), so that a failure can be repeated.
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
