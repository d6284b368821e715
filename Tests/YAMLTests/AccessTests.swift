import Testing

@testable import YAML

@Suite struct AccessTests {
    @Test(arguments: [
        ("v: 1.10", "1:4: v: needs text, but the number 1.10 is given; put it in quotes: \"1.10\""),
        ("v: true", "1:4: v: needs text, but true is given; put it in quotes: \"true\""),
        ("v: [1, 2]", "1:4: v: needs text, but a list of 2 is given"),
        ("v: {a: 1}", "1:4: v: needs text, but a map of 1 key is given"),
        ("v:", "1:3: v: needs text, but nothing is given"),
    ])
    func textIsNotGuessed(text: String, words: String) throws {
        let node = try #require(try Node.parse(text)["v"])
        #expect(#expect(throws: YAMLError.self) { try node.string() }?.description == words)
    }

    @Test(arguments: [
        ("yes", "write true"), ("Off", "write false"),
    ])
    func oldTruthWordsGetAdvice(word: String, advice: String) throws {
        let node = try #require(try Node.parse("v: \(word)")["v"])
        #expect(#expect(throws: YAMLError.self) { try node.bool() }?.advice == advice)
    }

    @Test func numbersKeepToTheirRange() throws {
        let node = try #require(try Node.parse("a:\n  b: 70000")["a"]?["b"])
        #expect(try node.int() == 70000)
        #expect(try node.double() == 70000)
        let error = #expect(throws: YAMLError.self) { try node.int(in: 1...65535) }
        #expect(error?.description == "2:6: a.b: 70000 is not between 1 and 65535")
        #expect(error?.code == .number)
        #expect(throws: YAMLError.self) { try Node.parse("1.5").int() }
    }

    @Test func aScalarIsNoListAndNoMap() throws {
        let node = try Node.parse("word")
        #expect(#expect(throws: YAMLError.self) { try node.list() }?.code == .type)
        #expect(#expect(throws: YAMLError.self) { try node.map() }?.code == .type)
    }
}
