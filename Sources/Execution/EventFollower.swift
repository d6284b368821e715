package import FactoryProtocol
import Glibc
import IO

/// Reads the events of a spool from a sequence number on, while they are being written; ``SpoolWatch`` tells when there
/// are more.
///
/// Only whole lines are handed out, and each event once, in order. Used by one task; its calls block for as long as the disk
/// takes.
package final class EventFollower: Sendable {
    /// Longest line read; longer than any that ``EventWriter`` writes.
    private static let longestLine = 1 << 20
    private static let chunkSize = 64 << 10

    private struct Place {
        var offset = 0
        var last: Int64
        var bytesRead = 0
    }

    private let file: Descriptor
    private let place: Locked<Place>

    /// How many bytes all events handed out so far have in the spool.
    package var bytesRead: Int { place.withLock { $0.bytesRead } }

    /// Follows the spool's events that come after number `last`.
    package init(_ spool: Spool, after last: Int64) throws(ExecutionError) {
        place = Locked(Place(last: last))
        do throws(IOError) {
            file = try FileIO.open(spool.eventsPath, O_RDONLY)
        } catch {
            throw ExecutionError(error)
        }
    }

    /// The events that are there now, at most about `limit` bytes of them but at least one when there is one; empty
    /// when there is none yet. Does not wait.
    package func read(limit: Int) throws(ExecutionError) -> [Event] {
        try place.withLock { (place) throws(ExecutionError) in try read(limit, &place) }
    }

    private func read(_ limit: Int, _ place: inout Place) throws(ExecutionError) -> [Event] {
        var events: [Event] = []
        var taken = 0
        while taken < limit {
            let bytes = try chunk(at: place.offset)
            guard let end = bytes.lastIndex(of: UInt8(ascii: "\n")) else { return events }
            for line in bytes[..<end].split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
                if taken >= limit { return events }
                place.offset += line.count + 1
                guard let event = EventLine.decode(line), event.seq > place.last else { continue }
                place.last = event.seq
                events.append(event)
                taken += line.count
                place.bytesRead += line.count
            }
        }
        return events
    }

    /// Bytes from the offset on: a usual amount, or the most that a line may have when that holds no line end.
    private func chunk(at offset: Int) throws(ExecutionError) -> [UInt8] {
        do throws(IOError) {
            let bytes = try FileIO.read(file, at: offset, upTo: Self.chunkSize)
            if bytes.count < Self.chunkSize || bytes.contains(UInt8(ascii: "\n")) { return bytes }
            return try FileIO.read(file, at: offset, upTo: Self.longestLine)
        } catch {
            throw ExecutionError(error)
        }
    }
}
