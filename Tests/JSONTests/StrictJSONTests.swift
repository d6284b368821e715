import Testing

@testable import JSON

struct StrictJSONTests {
    struct Job: Codable, Equatable {
        var name: String
        var fence: Int64
        var tags: [String]?
        var inner: [Inner]?
        struct Inner: Codable, Equatable { var on: Bool }
    }

    func decode(_ text: String) throws -> Job { try StrictJSON.decode(Job.self, from: [UInt8](text.utf8)) }

    @Test("a checked text decodes, unknown fields are ignored")
    func decodes() throws {
        let job = try decode(#"{"name":"\u00e9","fence":9007199254740993,"later":{"x":[]}}"#)
        #expect(job == Job(name: "é", fence: 9_007_199_254_740_993))
    }

    @Test(
        "what does not fit the type is named by its path",
        arguments: [
            (#"{"fence":1}"#, JSONError.Code.missingField, "name is missing"),
            (#"{"name":null,"fence":1}"#, .missingField, "name is null, expected a string"),
            (#"{"name":1,"fence":1}"#, .wrongType, "name is not a string"),
            (#"{"name":"a","fence":"1"}"#, .wrongType, "fence is not an integer"),
            (#"{"name":"a","fence":1,"inner":[{"on":true},{"on":1}]}"#, .wrongType, "inner[1].on is not true or false"),
            ("[]", .wrongType, "the value is not an object"),
        ])
    func mismatch(text: String, code: JSONError.Code, message: String) {
        let error = #expect(throws: JSONError.self) { try decode(text) }
        #expect(error?.code == code)
        #expect(error?.message == message)
    }

    @Test("the check comes first: a duplicate key never reaches the decoder")
    func checkedFirst() {
        let error = #expect(throws: JSONError.self) { try decode(#"{"name":"a","fence":1,"fence":2}"#) }
        #expect(error?.code == .duplicateKey)
    }

    @Test("canonical bytes: sorted keys, no white space, plain slashes, raw UTF-8")
    func canonical() throws {
        let value: JSONValue = ["z": "a/b", "é": nil, "A": [1, 1.5, true, ["b": 2, "a": 1]], "a10": "\n\"", "a2": -1]
        #expect(
            try CanonicalJSON.text(value)
                == #"{"A":[1,1.5,true,{"a":1,"b":2}],"a10":"\n\"","a2":-1,"z":"a/b","é":null}"#)
    }

    @Test("what the check would refuse is not written")
    func closed() {
        let nul = #expect(throws: JSONError.self) { try CanonicalJSON.encode(["a\u{0}"]) }
        #expect(nul?.code == .nul)
        let nan = #expect(throws: JSONError.self) { try CanonicalJSON.encode([Double.nan]) }
        #expect(nan?.code == .notEncodable)
    }

    @Test("any value goes through JSONValue and comes back equal")
    func roundTrip() throws {
        let text = #"{"a":[null,true,false,0,-5,9223372036854775807,0.25,"x",{},[]],"b":{"c":"\u0001"}}"#
        let value = try StrictJSON.decode(JSONValue.self, from: [UInt8](text.utf8))
        #expect(value["a"]?[5]?.integer == .max)
        #expect(value["b"]?["c"]?.string == "\u{1}")
        #expect(value["a"]?[99] == nil)
        #expect(try CanonicalJSON.text(value) == text)
        #expect(value.description == text)
    }
}
