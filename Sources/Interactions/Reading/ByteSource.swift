internal import Glibc

/// Bytes in order, from wherever they come.
package protocol ByteSource: AnyObject {
    /// Fills as much of the buffer as is at hand, at least one byte; 0 means the end.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws(ReadError) -> Int
    /// How far reading has come in the file, compressed bytes where it is compressed.
    var bytesRead: Int { get }
    /// The file's size, or nil where it is not known.
    var bytesTotal: Int? { get }
}

/// A file, or standard input for `-`.
final class FileSource: ByteSource {
    private let path: String
    private let descriptor: Int32
    private(set) var bytesRead = 0
    let bytesTotal: Int?

    init(path: String) throws(ReadError) {
        self.path = path
        descriptor = path == "-" ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw ReadError(.cannotOpen, file: path, "cannot be opened: \(systemMessage(errno))")
        }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            bytesTotal = nil
            return
        }
        if status.st_mode & S_IFMT == S_IFDIR {
            if path != "-" { close(descriptor) }
            throw ReadError(.cannotOpen, file: path, "is a folder, not a file")
        }
        bytesTotal = status.st_mode & S_IFMT == S_IFREG ? Int(status.st_size) : nil
    }

    deinit {
        if path != "-" { close(descriptor) }
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws(ReadError) -> Int {
        while true {
            let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
            if count >= 0 {
                bytesRead += count
                return count
            }
            guard errno == EINTR else {
                throw ReadError(
                    .inputOutput, file: path, "reading failed: \(systemMessage(errno))")
            }
        }
    }
}

/// Bytes that were read ahead, then the rest of their source.
final class PrefixedSource: ByteSource {
    private let prefix: [UInt8]
    private var position = 0
    private let rest: any ByteSource

    init(prefix: [UInt8], rest: any ByteSource) {
        self.prefix = prefix
        self.rest = rest
    }

    var bytesRead: Int { rest.bytesRead }
    var bytesTotal: Int? { rest.bytesTotal }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws(ReadError) -> Int {
        guard position < prefix.count else { return try rest.read(into: buffer) }
        let count = min(prefix.count - position, buffer.count)
        buffer.copyBytes(from: prefix[position..<position + count])
        position += count
        return count
    }
}

/// Bytes at hand, handed out in pieces of a chosen size.
package final class MemorySource: ByteSource {
    private let bytes: [UInt8]
    private let pieceBytesMax: Int
    package private(set) var bytesRead = 0

    package init(_ bytes: [UInt8], pieceBytesMax: Int = .max) {
        precondition(pieceBytesMax > 0, "pieces of \(pieceBytesMax) bytes never end")
        self.bytes = bytes
        self.pieceBytesMax = pieceBytesMax
    }

    package var bytesTotal: Int? { bytes.count }

    package func read(into buffer: UnsafeMutableRawBufferPointer) throws(ReadError) -> Int {
        let count = min(bytes.count - bytesRead, buffer.count, pieceBytesMax)
        buffer.copyBytes(from: bytes[bytesRead..<bytesRead + count])
        bytesRead += count
        return count
    }
}

/// The path's bytes, unpacked where they begin with gzip's magic number.
func openSource(path: String) throws(ReadError) -> any ByteSource {
    try unpacked(FileSource(path: path), file: path)
}

/// The source's bytes, unpacked where they begin with gzip's magic number.
///
/// - Throws: code `notText` where they are a file of another kind.
package func unpacked(_ source: any ByteSource, file: String) throws(ReadError) -> any ByteSource {
    var head = try readAhead(source, count: FileSignature.bytesMax)
    var whole: any ByteSource = PrefixedSource(prefix: head, rest: source)
    if head.starts(with: [0x1f, 0x8b]) {
        let unpacked = GzipSource(whole, file: file)
        head = try readAhead(unpacked, count: FileSignature.bytesMax)
        if head.starts(with: [0x1f, 0x8b]) {
            throw ReadError(.notText, file: file, "is packed by gzip twice; unpack it once: gunzip")
        }
        whole = PrefixedSource(prefix: head, rest: unpacked)
    }
    if let what = FileSignature.foreign(head) { throw ReadError(.notText, file: file, what) }
    return whole
}

/// The next `count` bytes, fewer only at the end.
func readAhead(_ source: any ByteSource, count: Int) throws(ReadError) -> [UInt8] {
    // Most files are far shorter than what may be looked at.
    let block = UnsafeMutableRawBufferPointer.allocate(
        byteCount: min(count, 1 << 16), alignment: 1)
    defer { block.deallocate() }
    var bytes: [UInt8] = []
    while bytes.count < count {
        let room = min(block.count, count - bytes.count)
        let got = try source.read(into: UnsafeMutableRawBufferPointer(rebasing: block[..<room]))
        if got == 0 { break }
        bytes.append(contentsOf: block[..<got])
    }
    return bytes
}

func systemMessage(_ code: Int32) -> String { String(cString: strerror(code)) }
