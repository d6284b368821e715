package import FactoryProtocol

extension BuildID {
    /// A new identifier: 48 bits of time and 80 of chance in Crockford's base 32, so that names sort by age.
    package static func new(at now: Timestamp, using random: inout some RandomNumberGenerator) -> BuildID {
        let digits = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)
        var time = UInt64(clamping: now.milliseconds)
        var head: [UInt8] = []
        for _ in 0..<10 {
            head.append(digits[Int(time & 31)])
            time >>= 5
        }
        let tail = (0..<16).map { _ in digits[Int(random.next(upperBound: UInt32(32)))] }
        return BuildID(String(decoding: head.reversed() + tail, as: UTF8.self))
    }
}
