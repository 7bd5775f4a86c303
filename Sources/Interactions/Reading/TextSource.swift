internal import Glibc

/// A file's text as UTF-8 with LF at the ends of lines, and what had to be done for that.
struct TextSource {
    let source: any ByteSource
    /// The text's beginning, at most as many bytes as asked for.
    let sample: [UInt8]
    /// What Excel's first line `sep=;` says; that line is not part of the text any more.
    private(set) var delimiter: UInt8?
    /// Lines that were taken away before the text begins.
    var linesBefore: Int { delimiter == nil ? 0 : 1 }
    /// What the text was written in, such as `UTF-8`.
    private(set) var encoding = "UTF-8"
    private(set) var notes: [String] = []

    /// - Parameters:
    ///   - encoding: nil to find it out: UTF-16 by its mark, Windows-1252 where the sample is not
    ///     UTF-8, else UTF-8.
    ///   - sampleBytesMax: how much is looked at.
    /// - Throws: code `options` where there is no such encoding.
    init(
        _ raw: any ByteSource, file: String, encoding: String?, sampleBytesMax: Int
    ) throws(ReadError) {
        var (source, sample) = try Self.sampled(raw, sampleBytesMax)
        if let encoding = encoding ?? Self.encoding(of: sample) {
            (source, sample) = try Self.sampled(
                BlockSource(TranscodingSource(source, from: encoding, file: file)),
                sampleBytesMax)
            self.encoding = encoding
        } else if Self.isWindows1252(sample) {
            (source, sample) = try Self.sampled(
                BlockSource(Windows1252Source(source)), sampleBytesMax)
            self.encoding = "windows-1252"
            notes.append("\(file): is not UTF-8, taken for windows-1252; --encoding names another")
        }
        if !sample.contains(10), sample.contains(13) {
            sample = sample.map { $0 == 13 ? 10 : $0 }
            source = LineEndSource(source)
            notes.append("\(file): lines end in CR alone")
        }
        if let (delimiter, bytes) = Self.separatorLine(sample) {
            self.delimiter = delimiter
            sample.removeFirst(bytes)
            _ = try readAhead(source, count: bytes)
        }
        self.source = source
        self.sample = sample
    }

    /// A source's beginning, and the source as if nothing of it had been read.
    private static func sampled(
        _ source: any ByteSource, _ bytesMax: Int
    ) throws(ReadError) -> (source: any ByteSource, sample: [UInt8]) {
        let sample = try readAhead(source, count: bytesMax)
        return (PrefixedSource(prefix: sample, rest: source), sample)
    }

    private static func encoding(of sample: [UInt8]) -> String? {
        if sample.starts(with: [0xff, 0xfe, 0, 0]) || sample.starts(with: [0, 0, 0xfe, 0xff]) {
            return "UTF-32"
        }
        return sample.starts(with: [0xff, 0xfe]) || sample.starts(with: [0xfe, 0xff])
            ? "UTF-16" : nil
    }

    /// Whether more bytes above 127 are no UTF-8 than are. A few that are none are damage, and met
    /// text by text.
    private static func isWindows1252(_ sample: [UInt8]) -> Bool {
        var (good, bad) = (0, 0)
        var at = 0
        while let found = firstBeyondASCII(sample, from: at) {
            at = found
            let count =
                switch sample[at] {
                case 0xc2...0xdf: 2
                case 0xe0...0xef: 3
                case 0xf0...0xf4: 4
                default: 1
                }
            let end = at + count
            // The sample may end within a character.
            guard end <= sample.count else { break }
            if count > 1, sample[(at + 1)..<end].allSatisfy({ $0 & 0xc0 == 0x80 }) {
                good += 1
                at = end
            } else {
                bad += 1
                at += 1
            }
        }
        return bad > good
    }

    /// The place of the first byte above 127. Eight bytes are looked at together.
    private static func firstBeyondASCII(_ sample: [UInt8], from start: Int) -> Int? {
        sample.withUnsafeBytes { bytes in
            var at = start
            while at + 8 <= bytes.count,
                bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self) & 0x8080_8080_8080_8080
                    == 0
            { at += 8 }
            while at < bytes.count {
                if bytes[at] >= 0x80 { return at }
                at += 1
            }
            return nil
        }
    }

    /// The delimiter that a first line such as `sep=;` names, and that line's length.
    private static func separatorLine(_ sample: [UInt8]) -> (delimiter: UInt8, bytes: Int)? {
        var start = 0
        if sample.starts(with: [0xef, 0xbb, 0xbf]) { start = 3 }
        let line = sample[start...].prefix { $0 != 10 }
        let end = line.last == 13 ? line.endIndex - 1 : line.endIndex
        guard line.endIndex < sample.count, end == start + 5,
            line.prefix(4).map(asciiLowercased) == Array("sep=".utf8)
        else { return nil }
        return (sample[end - 1], line.endIndex + 1)
    }
}

/// Hands out in pieces of any size what its source gives in blocks: a source of characters has
/// nothing to give to a buffer that is smaller than one.
private final class BlockSource: ByteSource {
    private let source: any ByteSource
    private let block = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 1)
    private var (position, end) = (0, 0)

    init(_ source: any ByteSource) { self.source = source }

    deinit { block.deallocate() }

    var bytesRead: Int { source.bytesRead }
    var bytesTotal: Int? { source.bytesTotal }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws(ReadError) -> Int {
        if position == end { (position, end) = (0, try source.read(into: block)) }
        let count = min(end - position, buffer.count)
        buffer.copyMemory(
            from: UnsafeRawBufferPointer(rebasing: block[position..<position + count]))
        position += count
        return count
    }
}

/// CR as LF, for files of which no line ends otherwise.
private final class LineEndSource: ByteSource {
    private let source: any ByteSource

    init(_ source: any ByteSource) { self.source = source }

    var bytesRead: Int { source.bytesRead }
    var bytesTotal: Int? { source.bytesTotal }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws(ReadError) -> Int {
        let count = try source.read(into: buffer)
        for i in 0..<count where buffer[i] == 13 { buffer[i] = 10 }
        return count
    }
}

/// Windows-1252 as UTF-8. The five bytes without a meaning stay control characters, as in browsers.
///
/// Source: encoding.spec.whatwg.org, index windows-1252.
private final class Windows1252Source: ByteSource {
    private static let upper: [UInt16] = [
        0x20ac, 0x81, 0x201a, 0x192, 0x201e, 0x2026, 0x2020, 0x2021, 0x2c6, 0x2030, 0x160, 0x2039,
        0x152, 0x8d, 0x17d, 0x8f, 0x90, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
        0x2dc, 0x2122, 0x161, 0x203a, 0x153, 0x9d, 0x17e, 0x178,
    ]

    private let source: any ByteSource
    private let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 1)
    private var (position, end) = (0, 0)

    init(_ source: any ByteSource) { self.source = source }

    deinit { piece.deallocate() }

    var bytesRead: Int { source.bytesRead }
    var bytesTotal: Int? { source.bytesTotal }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws(ReadError) -> Int {
        precondition(buffer.count >= 3, "a character may take 3 bytes")
        if position == end { (position, end) = (0, try source.read(into: piece)) }
        var count = 0
        while position < end, count + 3 <= buffer.count {
            let byte = piece[position]
            position += 1
            guard byte >= 0x80 else {
                buffer[count] = byte
                count += 1
                continue
            }
            let scalar = byte < 0xa0 ? Self.upper[Int(byte) - 0x80] : UInt16(byte)
            if scalar < 0x800 {
                buffer[count] = UInt8(0xc0 | scalar >> 6)
                count += 1
            } else {
                buffer[count] = UInt8(0xe0 | scalar >> 12)
                buffer[count + 1] = UInt8(0x80 | scalar >> 6 & 0x3f)
                count += 2
            }
            buffer[count] = UInt8(0x80 | scalar & 0x3f)
            count += 1
        }
        return count
    }
}

/// Text of any encoding that the C library knows, as UTF-8.
private final class TranscodingSource: ByteSource {
    private let source: any ByteSource
    private let file: String
    private let encoding: String
    private let descriptor: iconv_t
    private let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 1)
    private var (position, end) = (0, 0)
    private var isAtEnd = false
    /// Where `piece` begins in the file.
    private var offset = 0

    init(_ source: any ByteSource, from encoding: String, file: String) throws(ReadError) {
        self.source = source
        self.file = file
        self.encoding = encoding
        descriptor = iconv_open("UTF-8", encoding)
        // What iconv_open returns where it fails.
        guard descriptor != iconv_t(bitPattern: -1) else {
            throw ReadError(
                .options, file: file,
                "there is no encoding \"\(encoding)\"; iconv -l lists those that there are")
        }
    }

    deinit {
        if descriptor != iconv_t(bitPattern: -1) { iconv_close(descriptor) }
        piece.deallocate()
    }

    var bytesRead: Int { source.bytesRead }
    var bytesTotal: Int? { source.bytesTotal }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws(ReadError) -> Int {
        precondition(buffer.count >= 8, "a character may take 8 bytes")
        while true {
            if position == end || isCut { try refill() }
            if position == end { return 0 }
            var from =
                (piece.baseAddress! + position).assumingMemoryBound(to: CChar.self)
                as UnsafeMutablePointer<CChar>?
            var left = end - position
            var to =
                buffer.baseAddress!.assumingMemoryBound(to: CChar.self)
                as UnsafeMutablePointer<CChar>?
            var room = buffer.count
            let result = iconv(descriptor, &from, &left, &to, &room)
            let code = errno
            position = end - left
            isCut = result == -1 && code == EINVAL
            let written = buffer.count - room
            if written > 0 { return written }
            if result == -1, code == EILSEQ || (code == EINVAL && isAtEnd) {
                throw ReadError(
                    .inputOutput, file: file,
                    "byte \(offset + position + 1) is not \(encoding); --encoding names another")
            }
        }
    }

    /// Whether the piece ends within a character.
    private var isCut = false

    private func refill() throws(ReadError) {
        let rest = end - position
        piece.baseAddress!.copyMemory(from: piece.baseAddress! + position, byteCount: rest)
        offset += position
        let got = try source.read(into: UnsafeMutableRawBufferPointer(rebasing: piece[rest...]))
        if got == 0 { isAtEnd = true }
        (position, end, isCut) = (0, rest + got, false)
    }
}
