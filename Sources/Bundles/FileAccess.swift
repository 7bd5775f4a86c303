internal import Glibc

/// A file that is open, closed again when its owner lets go.
struct OpenFile: ~Copyable {
    let path: String
    private let descriptor: Int32

    /// Opens a regular file for reading. A pipe or device in its place is refused rather than
    /// waited for.
    init(reading path: String) throws(BundleError) {
        descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        self.path = path
        byteCount = 0
        guard descriptor >= 0 else { throw .system(path, "open") }
        // From here on everything is set, so that what is thrown closes the file.
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .system(path, "inspect") }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw BundleError(path: path, message: "is not a regular file")
        }
        byteCount = Int(status.st_size)
    }

    /// Creates a file that must not exist yet.
    init(creating path: String) throws(BundleError) {
        descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        self.path = path
        byteCount = 0
        guard descriptor >= 0 else { throw .system(path, "create") }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// The length when it was opened.
    private(set) var byteCount: Int

    /// Fills the whole buffer with the next bytes.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws(BundleError) {
        var done = 0
        while done < buffer.count {
            let count = Glibc.read(descriptor, buffer.baseAddress! + done, buffer.count - done)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw .system(path, "read") }
            guard count > 0 else {
                throw BundleError(path: path, message: "was cut short while it was read")
            }
            done += count
        }
    }

    func write(_ bytes: UnsafeRawBufferPointer) throws(BundleError) {
        var done = 0
        while done < bytes.count {
            let count = Glibc.write(descriptor, bytes.baseAddress! + done, bytes.count - done)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw .system(path, "write") }
            done += count
        }
    }

    /// Waits until the bytes are on the disk.
    func synchronize() throws(BundleError) {
        guard fsync(descriptor) == 0 else { throw .system(path, "write to disk") }
    }
}

extension OpenFile {
    /// All bytes of a small file.
    static func bytes(of path: String, bytesMax: Int) throws(BundleError) -> [UInt8] {
        let file = try OpenFile(reading: path)
        guard file.byteCount <= bytesMax else {
            throw BundleError(
                path: path, message: "has \(file.byteCount) bytes, more than \(bytesMax)")
        }
        return try file.readBytes(file.byteCount)
    }

    func readBytes(_ count: Int) throws(BundleError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        let result = bytes.withUnsafeMutableBytes { buffer -> Result<Void, BundleError> in
            do throws(BundleError) { return .success(try read(into: buffer)) } catch {
                return .failure(error)
            }
        }
        try result.get()
        return bytes
    }

    func write(_ bytes: [UInt8]) throws(BundleError) {
        try Tensor.Elements.bytes(bytes).withBytes { piece throws(BundleError) in try write(piece) }
    }
}
