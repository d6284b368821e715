import IO

/// Which agent this is, among all that may come under one name: 32 hexadecimal digits, made once for a directory.
///
/// With it the farm tells an agent that comes back from another one that was given the same name, by default the
/// machine's: that one must not take over the jobs of the first.
enum AgentInstance {
    private static let digits = 32

    /// Reads it from the agent's directory, or makes it. The caller holds the directory's lock.
    ///
    /// - Throws: `IOError`; ``SettingsError`` when the file holds something else.
    static func kept(in directory: String) throws -> String {
        let path = directory + "/instance"
        if try FileIO.status(path) != nil {
            let text = try FileIO.readText(path, limit: 4096).prefix { $0 != "\n" }
            guard text.utf8.count == digits, text.allSatisfy(\.isHexDigit) else {
                throw SettingsError(description: "\(path) does not hold \(digits) hexadecimal digits; remove it")
            }
            return String(text)
        }
        var random = SystemRandomNumberGenerator()
        let made = (0..<digits).map { _ in String(Int.random(in: 0..<16, using: &random), radix: 16) }.joined()
        try AtomicFile.write(Array((made + "\n").utf8), to: path)
        return made
    }
}
