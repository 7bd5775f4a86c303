/// Finds the ends of HTTP/2's frames in a stream of bytes, so that a session is given one frame at a
/// time and its owner can stop between two of them.
///
/// A frame is 9 bytes (length 24 bits, type 8, flags 8, stream 32, big-endian) and `length` bytes of
/// payload; before the first one a client sends 24 bytes that are no frame. Source: RFC 9113, 3.4
/// and 4.1.
package struct FrameScanner {
    package static let headerBytes = 9
    /// `PRI * HTTP/2.0`, and what follows it.
    package static let prefaceBytes = 24
    /// The first byte of a connection that speaks HTTP/2.
    package static let firstByte = UInt8(ascii: "P")

    /// Types and flags that matter here.
    package static let data: UInt8 = 0
    package static let headers: UInt8 = 1
    static let reset: UInt8 = 3
    private static let endStream: UInt8 = 1

    /// The type of the frame under way, or of the last one.
    package private(set) var type: UInt8 = 0
    private var flags: UInt8 = 0
    /// Bytes of its payload.
    private(set) var length = 0
    /// Bytes of the header that were seen.
    private var headerSeen = 0
    /// Bytes that are to come after the header, or of the preface.
    private var left = Self.prefaceBytes

    package init() {}

    /// True between the first and the last byte of a frame.
    package var isInsideFrame: Bool { left > 0 || headerSeen > 0 }

    /// Whether the frame that ended last was the last of its request.
    package var endsRequest: Bool {
        (type == Self.data || type == Self.headers) && flags & Self.endStream != 0
    }

    /// Takes bytes up to the end of the frame under way, or all.
    ///
    /// - Returns: how many of `input`, and whether the frame ends with them.
    /// - Complexity: O(1).
    package mutating func take(_ input: UnsafeRawBufferPointer) -> (count: Int, ends: Bool) {
        var count = 0
        if left == 0 {
            while headerSeen < Self.headerBytes {
                guard count < input.count else { return (count, false) }
                see(input[count])
                count += 1
            }
            left = length
        }
        let taken = min(left, input.count - count)
        left -= taken
        count += taken
        guard left == 0 else { return (count, false) }
        headerSeen = 0
        return (count, true)
    }

    private mutating func see(_ byte: UInt8) {
        switch headerSeen {
        case 0: length = Int(byte) << 16
        case 1: length |= Int(byte) << 8
        case 2: length |= Int(byte)
        case 3: type = byte
        case 4: flags = byte
        default: break
        }
        headerSeen += 1
    }

    /// How many requests end in `input`, which follows what was taken.
    ///
    /// - Complexity: O(frames).
    package func requestCount(in input: UnsafeRawBufferPointer) -> Int {
        var (scanner, rest, count) = (self, input, 0)
        while true {
            let (taken, ends) = scanner.take(rest)
            guard ends else { return count }
            if scanner.endsRequest { count += 1 }
            rest = UnsafeRawBufferPointer(rebasing: rest[taken...])
        }
    }
}
