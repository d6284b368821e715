/// One build: what a user submitted. A time-ordered identifier of 26 Crockford base-32 characters.
package struct BuildID: RawRepresentable, Codable, Sendable, Hashable, Comparable, CustomStringConvertible {
    package let rawValue: String
    package init(rawValue: String) { self.rawValue = rawValue }
    package init(_ rawValue: String) { self.rawValue = rawValue }
    package var description: String { rawValue }
    package static func < (a: BuildID, b: BuildID) -> Bool { a.rawValue < b.rawValue }
}

/// One job of a build: `<build>.<name>`, for example `01J….image-amd64`. Safe as a file name.
package struct JobID: RawRepresentable, Codable, Sendable, Hashable, Comparable, CustomStringConvertible {
    package let rawValue: String
    package init(rawValue: String) { self.rawValue = rawValue }
    package init(_ rawValue: String) { self.rawValue = rawValue }
    package var description: String { rawValue }
    package static func < (a: JobID, b: JobID) -> Bool { a.rawValue < b.rawValue }
}

/// The number of a claim. Every claim of a job gets a higher one; what an older one says changes nothing.
package struct Fence: RawRepresentable, Codable, Sendable, Hashable, Comparable, CustomStringConvertible {
    package let rawValue: Int64
    package init(rawValue: Int64) { self.rawValue = rawValue }
    package init(_ rawValue: Int64) { self.rawValue = rawValue }
    package var description: String { "\(rawValue)" }
    package static func < (a: Fence, b: Fence) -> Bool { a.rawValue < b.rawValue }
}

/// A worker, by the name it registered with. Letters, digits, `-`, `_` and `.`, at most 64.
package struct WorkerName: RawRepresentable, Codable, Sendable, Hashable, Comparable, CustomStringConvertible {
    package let rawValue: String
    package init(rawValue: String) { self.rawValue = rawValue }
    package init(_ rawValue: String) { self.rawValue = rawValue }
    package var description: String { rawValue }
    package static func < (a: WorkerName, b: WorkerName) -> Bool { a.rawValue < b.rawValue }

    /// Whether the name may be used: it becomes a file name and a column of a table.
    package var isValid: Bool {
        !rawValue.isEmpty && rawValue.utf8.count <= 64 && rawValue.first != "."
            && rawValue.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
                    true
                default: false
                }
            }
    }
}
