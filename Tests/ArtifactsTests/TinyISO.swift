import IO
import Processes
import TestSupport

/// An ISO whose boot image is a few bytes that write a text to the serial port: a machine that boots in a second.
struct TinyISO {
    /// What the machine does after it has written.
    enum End: Sendable {
        case halt
        case reset
    }

    /// El Torito without emulation starts this at 0x7C00, as 16-bit code.
    private static func bootImage(_ text: String, _ end: End) -> [UInt8] {
        let ending: [UInt8] =
            switch end {
            case .halt: [0xF4, 0xEB, 0xFD, 0x90, 0x90, 0x90, 0x90]  // hlt; jmp back to it
            case .reset: [0xB0, 0xFE, 0xE6, 0x64, 0xF4, 0xEB, 0xFD]  // the keyboard controller resets the machine
            }
        let code: [UInt8] =
            [
                0xFA, 0x0E, 0x1F,  // cli; ds = cs
                0xE8, 0x00, 0x00, 0x5E, 0x83, 0xC6, 0x17, 0xFC,  // si = this place + 0x17, where the text is
                0xAC, 0x84, 0xC0, 0x74, 0x06,  // a byte of it; zero ends it
                0xBA, 0xF8, 0x03, 0xEE, 0xEB, 0xF5,  // to the first serial port; again
            ] + ending
        let bytes = code + Array(text.utf8) + [0]
        return bytes + [UInt8](repeating: 0, count: max(0, 2048 - bytes.count))
    }

    /// Writes the ISO; without a text it has nothing to boot.
    static func make(_ path: String, in folder: TemporaryFolder, writing text: String?, then end: End = .halt)
        async throws
    {
        let tree = folder.file("tiny")
        try write([0x78], to: tree + "/file")
        var arguments = ["-outdev", path, "-map", tree, "/"]
        if let text {
            try write(bootImage(text, end), to: tree + "/boot.img")
            arguments += ["-boot_image", "any", "bin_path=/boot.img", "-boot_image", "any", "load_size=2048"]
        }
        try await Command("xorriso", arguments + ["-commit"]).runSuccessfully(until: .in(.seconds(60)))
    }
}
