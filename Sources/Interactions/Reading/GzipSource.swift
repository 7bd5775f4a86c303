internal import CZlib

/// Unpacks gzip: any number of members one after the other (RFC 1952, section 2.2), then nothing
/// but zeros.
final class GzipSource: ByteSource {
    private let packed: any ByteSource
    private let file: String
    private let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    private let input = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 16)
    /// Within a member, as opposed to between two.
    private var isInMember = true
    private var isAtEnd = false

    init(_ packed: any ByteSource, file: String) {
        self.packed = packed
        self.file = file
        stream.initialize(to: z_stream())
        // 16 asks zlib for the gzip wrapper, 15 for its largest window.
        let status = inflateInit2_(
            stream, 16 + 15, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        precondition(status == Z_OK, "zlib refuses to start: \(status)")
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
        input.deallocate()
    }

    var bytesRead: Int { packed.bytesRead }
    var bytesTotal: Int? { packed.bytesTotal }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws(ReadError) -> Int {
        guard !isAtEnd, buffer.count > 0 else { return 0 }
        // zlib counts in 32 bits; a shorter read is allowed.
        let room = UInt32(min(buffer.count, 1 << 30))
        stream.pointee.next_out = buffer.baseAddress!.assumingMemoryBound(to: UInt8.self)
        stream.pointee.avail_out = room
        while stream.pointee.avail_out == room {
            if stream.pointee.avail_in == 0 {
                let count = try packed.read(into: input)
                if count == 0 {
                    guard !isInMember else { throw damaged("ends early: it was cut short") }
                    isAtEnd = true
                    return 0
                }
                stream.pointee.next_in = input.baseAddress!.assumingMemoryBound(to: UInt8.self)
                stream.pointee.avail_in = UInt32(count)
            }
            guard isInMember || beginMember() else { continue }
            switch inflate(stream, Z_NO_FLUSH) {
            case Z_OK, Z_BUF_ERROR: break
            case Z_STREAM_END: isInMember = false
            default:
                throw damaged(stream.pointee.msg.map { String(cString: $0) } ?? "is damaged")
            }
        }
        return Int(room - stream.pointee.avail_out)
    }

    /// Skips the zeros that pad some archives; false where they reach the end of the input.
    private func beginMember() -> Bool {
        while stream.pointee.avail_in > 0, stream.pointee.next_in.pointee == 0 {
            stream.pointee.next_in += 1
            stream.pointee.avail_in -= 1
        }
        guard stream.pointee.avail_in > 0 else { return false }
        inflateReset(stream)
        isInMember = true
        return true
    }

    private func damaged(_ what: String) -> ReadError {
        ReadError(
            .damagedGzip, file: file,
            "the gzip data \(what) (about byte \(packed.bytesRead) of the file)")
    }
}
