internal import Glibc

/// Keeps other servers from a socket's path while one looks at it or changes it.
///
/// The lock is on a file beside the path, `PATH.lock`, that only its owner can open (mode 0600), so
/// no other user can hold it; it is removed when it is released. (A lock on the folder could be
/// held by everyone who may read the folder.)
struct PathLock: ~Copyable {
    /// Time between two tries.
    private static let pauseMicroseconds = useconds_t(10_000)

    private let path: String
    private let descriptor: Int32

    /// Waits for the lock.
    ///
    /// - Parameter tries: how often it is tried, at intervals of 10 ms.
    init(for socketPath: String, tries: Int = 200) throws(UnixSocketError) {
        let path = socketPath + ".lock"
        let descriptor = try Self.acquire(path, tries: tries)
        (self.path, self.descriptor) = (path, descriptor)
    }

    deinit {
        unlink(path)
        close(descriptor)
    }

    private static func acquire(_ path: String, tries: Int) throws(UnixSocketError) -> Int32 {
        for attempt in 0..<tries {
            if attempt > 0 { usleep(pauseMicroseconds) }
            let descriptor = try tryOnce(path)
            if descriptor >= 0 { return descriptor }
        }
        throw .locked(path)
    }

    /// The locked file, or -1 where it has to be tried again.
    private static func tryOnce(_ path: String) throws(UnixSocketError) -> Int32 {
        let flags = O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC
        let descriptor = open(path, flags, 0o600)
        guard descriptor >= 0 else { throw .system("open the lock \(path)", errno: errno) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            let reason = errno
            close(descriptor)
            throw .system("inspect the lock \(path)", errno: reason)
        }
        guard status.st_uid == geteuid() else {
            close(descriptor)
            throw .foreignLock(path, userID: status.st_uid)
        }
        // Somebody else may have a file open that was not always closed to others.
        if status.st_mode & 0o077 != 0 { unlink(path) }
        // Its last owner may have removed it before it was locked here.
        if flock(descriptor, LOCK_EX | LOCK_NB) == 0,
            FileIdentity(path: path) == FileIdentity(status)
        {
            return descriptor
        }
        close(descriptor)
        return -1
    }
}

/// What tells one file from another that later took its path.
struct FileIdentity: Equatable {
    let device: dev_t
    let inode: ino_t

    init(_ status: stat) { (device, inode) = (status.st_dev, status.st_ino) }

    /// nil where nothing is at `path`.
    init?(path: String) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return nil }
        self.init(status)
    }
}
