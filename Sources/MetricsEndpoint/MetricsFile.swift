internal import EventLoop
internal import Glibc

/// A file of metrics for node_exporter's textfile collector: replaced as a whole, so that nobody reads
/// half of it, and removed at the end, so that nobody takes what a server was for what it is.
///
/// A file that a killed server left behind stays, and node_exporter tells its age
/// (`node_textfile_mtime_seconds`).
final class MetricsFile {
    let path: String
    /// In the same folder, and not one that node_exporter reads: those end in `.prom`.
    private let temporaryPath: String
    /// The file written last.
    private var identity: (device: dev_t, inode: ino_t)?

    init(path: String) {
        self.path = path
        let folderEnd = path.utf8.lastIndex(of: UInt8(ascii: "/"))
        let name = folderEnd.map { path[path.index(after: $0)...] } ?? path[...]
        temporaryPath = (folderEnd.map { path[...$0] } ?? "") + ".\(name).\(getpid())"
    }

    /// Finds out whether the file can be written, and leaves what is there.
    func check() throws(EventLoopError) {
        var status = stat()
        if stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR {
            throw EventLoopError(code: -EISDIR, operation: "write \(path)")
        }
        let descriptor = open(temporaryPath, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o644)
        guard descriptor >= 0 else {
            throw EventLoopError(code: -errno, operation: "write \(path)")
        }
        close(descriptor)
        unlink(temporaryPath)
    }

    /// Puts `text` in place of what is there.
    ///
    /// It is not brought to the disk: after a crash of the machine there is nothing to tell.
    func write(_ text: [UInt8]) throws(EventLoopError) {
        func fail(_ operation: String) -> EventLoopError {
            EventLoopError(code: -errno, operation: "\(operation) \(path)")
        }
        let flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW
        let descriptor = open(temporaryPath, flags, 0o644)
        guard descriptor >= 0 else { throw fail("make a file beside") }
        defer { close(descriptor) }
        do throws(EventLoopError) {
            // node_exporter is somebody else.
            guard fchmod(descriptor, 0o644) == 0 else { throw fail("set the mode of") }
            var written = 0
            while written < text.count {
                let count = text[written...].withUnsafeBytes {
                    Glibc.write(descriptor, $0.baseAddress, $0.count)
                }
                guard count > 0 || errno == EINTR else { throw fail("write") }
                written += max(0, count)
            }
            var status = stat()
            guard fstat(descriptor, &status) == 0, rename(temporaryPath, path) == 0 else {
                throw fail("replace")
            }
            identity = (status.st_dev, status.st_ino)
        } catch {
            unlink(temporaryPath)
            throw error
        }
    }

    /// Removes the file, unless a successor has put its own there.
    func remove() {
        var status = stat()
        guard let identity, lstat(path, &status) == 0,
            identity == (status.st_dev, status.st_ino)
        else { return }
        unlink(path)
        self.identity = nil
    }
}
