internal import Glibc

/// The part of a source that is in memory: what is being looked at, and what was read beyond it.
///
/// Invariant: `0 <= position <= end <= capacity`; the bytes `position..<end` are not yet consumed.
final class ByteWindow {
    /// Moves when the window is refilled.
    private(set) var base: UnsafeMutablePointer<UInt8>
    private var capacity: Int
    private let capacityMax: Int
    private let source: any ByteSource
    var position = 0
    private(set) var end = 0
    /// Whether the source has no more; `position..<end` may still hold something.
    private(set) var isAtEnd = false

    /// - Parameters:
    ///   - bytes: read at a time.
    ///   - bytesMax: what one record may need.
    init(_ source: any ByteSource, bytes: Int, bytesMax: Int) {
        precondition(bytes > 0 && bytes <= bytesMax, "\(bytes) of \(bytesMax) bytes")
        self.source = source
        capacity = bytes
        capacityMax = bytesMax
        base = .allocate(capacity: bytes)
    }

    deinit { base.deallocate() }

    var bytesRead: Int { source.bytesRead }
    var bytesTotal: Int? { source.bytesTotal }

    /// Keeps what is not consumed and reads on behind it, growing where it is full.
    ///
    /// - Returns: false where the window cannot grow any more.
    func refill() throws(ReadError) -> Bool {
        let kept = end - position
        if kept == capacity {
            guard capacity < capacityMax else { return false }
            capacity = min(capacity * 2, capacityMax)
            let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity)
            memcpy(larger, base + position, kept)
            base.deallocate()
            base = larger
        } else {
            memmove(base, base + position, kept)
        }
        position = 0
        end = kept
        // Filled whole, so that a long record is scanned again only after doubling.
        while end < capacity {
            let rest = UnsafeMutableRawBufferPointer(start: base + end, count: capacity - end)
            let count = try source.read(into: rest)
            if count == 0 {
                isAtEnd = true
                break
            }
            end += count
        }
        return true
    }

    /// The first line's place, or nil at the end.
    ///
    /// Grows for a long line as `refill` does.
    /// - Returns: the line without its line end, and where the next one begins.
    func nextLine() throws(ReadError) -> LineEnds? {
        while true {
            if position < end, let found = memchr(base + position, 10, end - position) {
                let lineFeed = UnsafeMutableRawPointer(base).distance(to: found)
                return LineEnds(end: withoutReturn(lineFeed), next: lineFeed + 1, isWhole: true)
            }
            if isAtEnd {
                return position == end
                    ? nil : LineEnds(end: withoutReturn(end), next: end, isWhole: true)
            }
            if try !refill() { return LineEnds(end: end, next: end, isWhole: false) }
        }
    }

    struct LineEnds {
        let end: Int
        let next: Int
        /// False where the line is longer than the window may be.
        let isWhole: Bool
    }

    /// Consumes up to the next line end, and that too.
    func skipLine() throws(ReadError) {
        while true {
            if position < end, let found = memchr(base + position, 10, end - position) {
                position = UnsafeMutableRawPointer(base).distance(to: found) + 1
                return
            }
            position = end
            if isAtEnd { return }
            _ = try refill()
        }
    }

    /// Skips UTF-8's byte order mark; false for UTF-16's.
    func skipByteOrderMark() throws(ReadError) -> Bool {
        while end - position < 3, !isAtEnd { guard try refill() else { break } }
        if end - position >= 3, base[0] == 0xef, base[1] == 0xbb, base[2] == 0xbf { position = 3 }
        guard end - position >= 2 else { return true }
        return (base[0], base[1]) != (0xff, 0xfe) && (base[0], base[1]) != (0xfe, 0xff)
    }

    private func withoutReturn(_ end: Int) -> Int {
        end > position && base[end - 1] == 13 ? end - 1 : end
    }
}
