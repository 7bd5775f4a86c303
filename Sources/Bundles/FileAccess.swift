internal import CLinux
internal import Glibc

/// A folder that is open: whatever happens to its name, its files stay the same.
struct OpenFolder: ~Copyable {
    let path: String
    let descriptor: Int32

    init(_ path: String) throws(BundleError) {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .system(path, "open") }
        (self.path, self.descriptor) = (path, descriptor)
    }

    deinit { close(descriptor) }

    /// Waits until its entries are on the disk.
    func synchronize() throws(BundleError) {
        guard fsync(descriptor) == 0 else { throw .system(path, "write to disk") }
    }

    /// True if `path` still leads to this folder.
    var hasItsName: Bool {
        var (now, own) = (stat(), stat())
        return fstat(descriptor, &own) == 0 && stat(path, &now) == 0
            && (own.st_dev, own.st_ino) == (now.st_dev, now.st_ino)
    }

    /// The names of its entries, without `.` and `..`.
    func names() throws(BundleError) -> [String] {
        // A descriptor of its own, whose reading position nobody else moves.
        let descriptor = sc_open_at(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0)
        guard descriptor >= 0, let stream = fdopendir(descriptor) else {
            throw .system(path, "list")
        }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }
}

/// A file that is open, closed again when its owner lets go.
struct OpenFile: ~Copyable {
    let path: String
    private let descriptor: Int32

    /// Opens a regular file for reading. A pipe or device in its place is refused rather than
    /// waited for.
    init(reading name: String, in folder: borrowing OpenFolder) throws(BundleError) {
        descriptor = sc_open_at(folder.descriptor, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0)
        path = "\(folder.path)/\(name)"
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
    init(creating name: String, in folder: borrowing OpenFolder) throws(BundleError) {
        descriptor = sc_open_at(
            folder.descriptor, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        path = "\(folder.path)/\(name)"
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
    func readAll(bytesMax: Int) throws(BundleError) -> [UInt8] {
        guard byteCount <= bytesMax else {
            throw BundleError(path: path, message: "has \(byteCount) bytes, more than \(bytesMax)")
        }
        return try readBytes(byteCount)
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
