/// The order of kernel versions: numbers count as numbers, so 6.1.0-9 is older than 6.1.0-10.
enum KernelVersion {
    static func isOlder(_ left: String, _ right: String) -> Bool {
        let pairs = zip(parts(left), parts(right))
        for (one, other) in pairs where one != other {
            if let oneNumber = Int(one), let otherNumber = Int(other) { return oneNumber < otherNumber }
            return one < other
        }
        return parts(left).count < parts(right).count
    }

    private static func parts(_ version: String) -> [Substring] {
        var result: [Substring] = []
        var start = version.startIndex
        while start < version.endIndex {
            let digits = version[start].isNumber
            let end = version[start...].firstIndex { $0.isNumber != digits } ?? version.endIndex
            result.append(version[start..<end])
            start = end
        }
        return result
    }
}
