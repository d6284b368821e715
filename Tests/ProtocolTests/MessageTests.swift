import Testing

@testable import FactoryProtocol

@Suite struct MessageTests {
    private func payload(_ frame: [UInt8]) -> [UInt8] { Array(frame.dropFirst(4)) }

    @Test func aMessageIsOneFlatObjectWithTypeAndID() throws {
        let frame = try CancelBuild(build: BuildID("01B"), job: nil, reason: "user asked").frame(id: 7)
        #expect(
            String(decoding: payload(frame), as: UTF8.self)
                == #"{"build":"01B","id":7,"reason":"user asked","type":"cancel"}"#)
    }

    @Test func whatIsSentIsWhatIsRead() throws {
        let sent = Finished(
            job: JobID("01B.iso-amd64"), fence: Fence(3),
            outcome: .failed(
                Failure(
                    cause: .worker, code: "disk-full", message: "no room in the spool", step: "squashfs",
                    excerpt: ["write failed"], exitStatus: "exit status 1")))
        let incoming = try Incoming(payload: payload(sent.frame()))
        #expect(incoming.type == "finished")
        #expect(incoming.id == nil)
        #expect(try incoming.decode(Finished.self) == sent)
    }

    @Test(arguments: [
        (#"[]"#, ProtocolError.Code.badJSON),
        (#"{"type":"x","type":"y"}"#, .badJSON),
        (#"{"type":"x"} "# + "{}", .badJSON),
        ("\u{7f}{", .badJSON),
        (#"{"id":1}"#, .badMessage),
        (#"{"type":5}"#, .badMessage),
        (#"{"type":"x","id":"1"}"#, .badMessage),
        (String(repeating: "[", count: 40), .badJSON),
    ]) func anythingButAStrictObjectWithATypeIsRefused(text: String, code: ProtocolError.Code) {
        do throws(ProtocolError) {
            _ = try Incoming(payload: Array(text.utf8))
            Issue.record("taken: \(text)")
        } catch {
            #expect(error.code == code, "\(error)")
        }
    }

    @Test func anIncompleteMessageNamesTheMissingField() throws {
        let incoming = try Incoming(payload: Array(#"{"type":"cancel","build":"01B"}"#.utf8))
        do throws(ProtocolError) {
            _ = try incoming.decode(CancelBuild.self)
            Issue.record("taken")
        } catch {
            #expect(error.code == .badMessage)
            #expect(error.message.contains("reason"))
        }
    }

    @Test func anEventOfALaterVersionIsKeptAsUnknown() throws {
        let text = #"{"type":"event","id":1,"event":{"seq":4,"at":5,"kind":"somethingNew","x":1}}"#
        let message = try Incoming(payload: Array(text.utf8)).decode(EventMessage.self)
        #expect(message.event.kind == .unknown("somethingNew"))
        #expect(message.event.seq == 4)
    }

    @Test(arguments: [
        (ProtocolVersions(min: 1, max: 1), ProtocolVersions(min: 1, max: 2), 1),
        (ProtocolVersions(min: 1, max: 3), ProtocolVersions(min: 2, max: 2), 2),
        (ProtocolVersions(min: 3, max: 3), ProtocolVersions(min: 1, max: 2), nil),
        (ProtocolVersions(min: 1, max: 1), ProtocolVersions(min: 2, max: 3), nil),
    ]) func versionsAreAgreedOnTheHighestInCommon(ours: ProtocolVersions, peer: ProtocolVersions, agreed: Int?) {
        #expect((try? ours.agreed(with: peer)) == agreed)
    }
}

@Suite struct DigestTests {
    private static let zeros = String(repeating: "0", count: 64)

    @Test func theTextFormIsSha256AndSixtyFourDigits() {
        #expect(Digest("sha256:" + Self.zeros)?.hex == Self.zeros)
        #expect(Digest(hash: [UInt8](repeating: 0xab, count: 32)).hex == String(repeating: "ab", count: 32))
    }

    @Test(arguments: [
        "", "sha256:", "sha256:" + String(repeating: "0", count: 63), "sha256:" + String(repeating: "A", count: 64),
        "sha512:" + String(repeating: "0", count: 64), "sha256:" + String(repeating: "0", count: 62) + "/.",
    ]) func anythingElseIsNoDigest(text: String) {
        #expect(Digest(text) == nil)
    }
}

@Suite struct WorkerNameTests {
    @Test(arguments: ["a", "w-1.example", "A_b"]) func goodNames(name: String) {
        #expect(WorkerName(name).isValid)
    }

    @Test(arguments: ["", ".", "..", "a/b", "a b", "ü", String(repeating: "a", count: 65)])
    func namesThatCannotBeFileNames(name: String) {
        #expect(!WorkerName(name).isValid)
    }
}
