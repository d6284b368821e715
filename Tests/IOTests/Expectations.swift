import IO
import Testing

/// The code of what `body` throws; nil when it throws nothing.
func code(_ body: () async throws -> Void) async -> IOError.Code? {
    do {
        try await body()
        return nil
    } catch let error as IOError {
        return error.code
    } catch {
        Issue.record("\(error) is no IOError")
        return nil
    }
}

/// A directory of a test's own, with a short path (sockets have at most 107 bytes), removed at the end.
func withDirectory<Result>(_ body: (String) async throws -> Result) async throws -> Result {
    let path = try Directory.temporary("/tmp/io.")
    do {
        let result = try await body(path)
        try Directory.remove(path)
        return result
    } catch {
        try Directory.remove(path)
        throw error
    }
}
