extension LoggedEvent {
    /// One line of JSON, its end included: what `watch --progress json` prints and what the REST stream sends.
    package func jsonLine() -> [UInt8] { json + [UInt8(ascii: "\n")] }

    /// A server-sent event with the number as its id, so that a browser resumes by `Last-Event-ID` (HTML standard,
    /// "Server-sent events").
    package func serverSentEvent() -> [UInt8] {
        Array("id: \(seq)\nevent: \(kind)\ndata: ".utf8) + json + Array("\n\n".utf8)
    }
}
