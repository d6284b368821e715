/// What is kept of what dracut prints: however much that is, it takes little memory.
struct DracutOutput: Sendable {
    /// Without these modules no live medium starts.
    static let needed = ["dmsquash-live", "livenet"]
    /// How many complaints are kept; the first ones tell most.
    static let mostComplaints = 40

    /// How many modules were printed.
    private(set) var modules: Int64 = 0
    /// The first lines of its installer that say that something is not in the initrd.
    private(set) var complaints: [String] = []
    /// Which of the needed modules were not printed so far.
    private(set) var missing = needed

    /// Takes a line. dracut prints each module that it takes on a line of its own.
    ///
    /// - Returns: Whether the line names a module.
    mutating func add(_ line: String) -> Bool {
        if !line.isEmpty, !line.contains(" ") {
            modules += 1
            missing.removeAll { $0 == line }
            return true
        }
        let complains = line.contains("dracut-install: ERROR") || line.contains("dracut-install: FAILED")
        if complains, complaints.count < Self.mostComplaints { complaints.append(line) }
        return false
    }
}
