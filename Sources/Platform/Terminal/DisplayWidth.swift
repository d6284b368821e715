/// How many columns text takes on a screen.
///
/// Combining marks take none, East Asian wide characters and emoji take two (Unicode Standard Annex 11; the ranges are
/// those that terminals agree on), everything else one. Text with control characters has no width: neutralise it first
/// with `Neutralized.text(_:)`.
extension StringProtocol {
    /// The columns of the text.
    package var columns: Int { reduce(0) { $0 + $1.columns } }

    /// The text cut to `width` columns, with an ellipsis where something is missing.
    package func cut(to width: Int, ellipsis: String = "…") -> String {
        guard columns > width else { return String(self) }
        let room = width - ellipsis.columns
        guard room >= 0 else { return String(repeating: ".", count: Swift.max(0, width)) }
        return taking(room) + ellipsis
    }

    /// The text cut to `width` columns in the middle, so that its start and its end are seen.
    package func cutInTheMiddle(to width: Int, ellipsis: String = "…") -> String {
        guard columns > width else { return String(self) }
        let room = width - ellipsis.columns
        guard room >= 2 else { return cut(to: width, ellipsis: ellipsis) }
        let tail = String(reversed()).taking(room / 2)
        return taking(room - room / 2) + ellipsis + String(tail.reversed())
    }

    /// The text filled with blanks to `width` columns.
    package func padded(to width: Int) -> String {
        self + String(repeating: " ", count: Swift.max(0, width - columns))
    }

    /// The text with blanks before it, to `width` columns.
    package func rightAligned(to width: Int) -> String {
        String(repeating: " ", count: Swift.max(0, width - columns)) + self
    }

    fileprivate func taking(_ width: Int) -> String {
        var result = ""
        var used = 0
        for character in self {
            used += character.columns
            guard used <= width else { break }
            result.append(character)
        }
        return result
    }
}

extension Character {
    /// The columns of one character as readers see it: a letter with its marks, an emoji with its joiners.
    var columns: Int {
        // The common case, without looking into tables.
        if let ascii = asciiValue { return ascii >= 0x20 && ascii < 0x7F ? 1 : 0 }
        var widest = 0
        for scalar in unicodeScalars {
            // The emoji presentation selector makes a narrow sign wide.
            if scalar.value == 0xFE0F { return 2 }
            widest = max(widest, scalar.columns)
        }
        return widest
    }
}

extension Unicode.Scalar {
    fileprivate var columns: Int {
        switch properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format, .control, .surrogate: return 0
        default: break
        }
        if (0x1160...0x11FF).contains(value) { return 0 }
        return Self.wide.contains { $0.contains(value) } ? 2 : 1
    }

    private static let wide: [ClosedRange<UInt32>] = [
        0x1100...0x115F, 0x231A...0x231B, 0x2329...0x232A, 0x23E9...0x23EC, 0x23F0...0x23F0, 0x23F3...0x23F3,
        0x25FD...0x25FE, 0x2614...0x2615, 0x2648...0x2653, 0x267F...0x267F, 0x2693...0x2693, 0x26A1...0x26A1,
        0x26AA...0x26AB, 0x26BD...0x26BE, 0x26C4...0x26C5, 0x26CE...0x26CE, 0x26D4...0x26D4, 0x26EA...0x26EA,
        0x26F2...0x26F3, 0x26F5...0x26F5, 0x26FA...0x26FA, 0x26FD...0x26FD, 0x2705...0x2705, 0x270A...0x270B,
        0x2728...0x2728, 0x274C...0x274C, 0x274E...0x274E, 0x2753...0x2755, 0x2757...0x2757, 0x2795...0x2797,
        0x27B0...0x27B0, 0x27BF...0x27BF, 0x2B1B...0x2B1C, 0x2B50...0x2B50, 0x2B55...0x2B55, 0x2E80...0x303E,
        0x3041...0x33FF, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xA000...0xA4CF, 0xA960...0xA97C, 0xAC00...0xD7A3,
        0xF900...0xFAFF, 0xFE10...0xFE19, 0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x16FE0...0x18AFF,
        0x1B000...0x1B2FF, 0x1F004...0x1F004, 0x1F0CF...0x1F0CF, 0x1F18E...0x1F18E, 0x1F191...0x1F19A,
        0x1F1E6...0x1F265, 0x1F300...0x1F320, 0x1F32D...0x1F335, 0x1F337...0x1F37C, 0x1F37E...0x1F393,
        0x1F3A0...0x1F3CA, 0x1F3CF...0x1F3D3, 0x1F3E0...0x1F3F0, 0x1F3F4...0x1F3F4, 0x1F3F8...0x1F43E,
        0x1F440...0x1F440, 0x1F442...0x1F4FC, 0x1F4FF...0x1F53D, 0x1F54B...0x1F54E, 0x1F550...0x1F567,
        0x1F57A...0x1F57A, 0x1F595...0x1F596, 0x1F5A4...0x1F5A4, 0x1F5FB...0x1F64F, 0x1F680...0x1F6C5,
        0x1F6CC...0x1F6CC, 0x1F6D0...0x1F6D2, 0x1F6D5...0x1F6D7, 0x1F6DC...0x1F6DF, 0x1F6EB...0x1F6EC,
        0x1F6F4...0x1F6FC, 0x1F7E0...0x1F7EB, 0x1F90C...0x1F93A, 0x1F93C...0x1F945, 0x1F947...0x1F9FF,
        0x1FA70...0x1FAFF, 0x20000...0x2FFFD, 0x30000...0x3FFFD,
    ]
}
