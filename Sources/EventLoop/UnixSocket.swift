internal import CLibUV
internal import Glibc

/// A listening Unix-domain stream socket, and its place in the file system.
///
/// - Mode: Linux gives the socket file the mode of the socket itself (less the umask), so setting
///   it before `bind` leaves no moment at which the file is more open than asked.
/// - Stale sockets: a path that refuses connections belongs to a server that died; it is taken
///   over. So that two servers starting at once cannot take each other over, looking and binding
///   happen under a lock on the parent folder (`flock`), which leaves no lock file behind. A live
///   socket, and anything that is not a socket, is refused and left alone.
/// - Removal: closing removes the path only while it still leads to this socket (same device and
///   inode).
package final class UnixSocket {
    /// Longest path in bytes: `sun_path` less its NUL.
    package static let pathBytesMax = MemoryLayout.size(ofValue: sockaddr_un().sun_path) - 1
    /// How often, and at what interval, a folder locked by another server is tried again.
    private static let (lockTries, lockPauseMicroseconds) = (200, useconds_t(10_000))

    package let path: String
    let descriptor: Int32
    private var identity: FileIdentity?
    private var isClosed = false

    /// Binds and listens.
    ///
    /// - Parameters:
    ///   - path: 1 to ``pathBytesMax`` bytes.
    ///   - mode: permissions of the socket file.
    package init(listeningAt path: String, mode: UInt16 = 0o600) throws(UnixSocketError) {
        guard Self.fits(path) else { throw .pathLength(path, bytesMax: Self.pathBytesMax) }
        self.path = path
        let folder = try Self.lockFolder(of: path)
        defer { Glibc.close(folder) }
        try Self.clear(path)
        let flags = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        descriptor = socket(AF_UNIX, flags, 0)
        guard descriptor >= 0 else { throw .system("make a socket", errno: errno) }
        do {
            try listen(mode: mode_t(mode))
        } catch {
            close()
            throw error
        }
    }

    deinit { close() }

    /// True if a socket address can hold `path`.
    package static func fits(_ path: String) -> Bool {
        (1...pathBytesMax).contains(path.utf8.count) && !path.utf8.contains(0)
    }

    /// Closes a descriptor that no handle has taken over.
    package static func close(_ descriptor: Int32) { Glibc.close(descriptor) }

    /// Stops listening and removes the path if it is still ours.
    package func close() {
        guard !isClosed else { return }
        isClosed = true
        // While it still listens nobody takes the path over, so it cannot be a successor's.
        if let identity, FileIdentity(path: path) == identity { unlink(path) }
        Glibc.close(descriptor)
    }

    private func listen(mode: mode_t) throws(UnixSocketError) {
        fchmod(descriptor, mode)
        var address = Self.address(path)
        let length = socklen_t(MemoryLayout<sockaddr_un>.size)
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) }
        }
        guard bound == 0 else { throw .system("bind \(path)", errno: errno) }
        identity = FileIdentity(path: path)
        // The umask may have taken bits away that were asked for.
        guard chmod(path, mode) == 0 else { throw .system("set the mode of \(path)", errno: errno) }
        guard Glibc.listen(descriptor, SOMAXCONN) == 0 else {
            throw .system("listen at \(path)", errno: errno)
        }
    }

    /// Makes `path` free, or says why it is taken.
    private static func clear(_ path: String) throws(UnixSocketError) {
        var status = stat()
        guard lstat(path, &status) == 0 else {
            if errno == ENOENT { return }
            throw .system("look at \(path)", errno: errno)
        }
        guard status.st_mode & S_IFMT == S_IFSOCK else { throw .notASocket(path) }
        let probe = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue), 0)
        guard probe >= 0 else { throw .system("make a socket", errno: errno) }
        defer { Glibc.close(probe) }
        var address = address(path)
        let length = socklen_t(MemoryLayout<sockaddr_un>.size)
        let connected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(probe, $0, length) }
        }
        // Anything but a refusal, a full backlog included, means that somebody is there.
        guard connected != 0, errno == ECONNREFUSED else { throw .inUse(path) }
        guard unlink(path) == 0 || errno == ENOENT else {
            throw .system("remove the stale socket \(path)", errno: errno)
        }
    }

    private static func lockFolder(of path: String) throws(UnixSocketError) -> Int32 {
        let slash = path.utf8.lastIndex(of: UInt8(ascii: "/"))
        let folder = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .system("open the folder \(folder)", errno: errno) }
        for _ in 0..<lockTries {
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return descriptor }
            guard errno == EWOULDBLOCK || errno == EINTR else { break }
            usleep(lockPauseMicroseconds)
        }
        let reason = errno
        Glibc.close(descriptor)
        throw .system("lock the folder \(folder)", errno: reason)
    }

    private static func address(_ path: String) -> sockaddr_un {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        return address
    }
}

/// Why a socket could not be opened for listening.
package enum UnixSocketError: Error, Equatable, Sendable, CustomStringConvertible {
    case pathLength(String, bytesMax: Int)
    case inUse(String)
    case notASocket(String)
    case system(String, errno: Int32)

    package var description: String {
        switch self {
        case .pathLength(let path, let bytesMax):
            "the socket path \(path) has \(path.utf8.count) bytes; 1 to \(bytesMax) without NUL fit"
        case .inUse(let path): "\(path): a server is already listening there"
        case .notASocket(let path): "\(path): exists and is not a socket; left alone"
        case .system(let operation, let errno):
            EventLoopError(code: -errno, operation: operation).description
        }
    }
}

/// What tells one file from another that later took its path.
private struct FileIdentity: Equatable {
    let device: dev_t
    let inode: ino_t

    init?(path: String) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return nil }
        (device, inode) = (status.st_dev, status.st_ino)
    }
}

/// Who is at the other end of a Unix socket, as the kernel recorded it when the connection was
/// made.
package struct PeerCredentials: Equatable, Sendable {
    package let processID: Int32
    package let userID: UInt32
    package let groupID: UInt32

    package init(processID: Int32, userID: UInt32, groupID: UInt32) {
        (self.processID, self.userID, self.groupID) = (processID, userID, groupID)
    }

    /// Reads `SO_PEERCRED` of a connected socket.
    package init(of descriptor: Int32) throws(EventLoopError) {
        var credentials = sc_peer_credentials()
        guard sc_peer_credentials(descriptor, &credentials) == 0 else {
            throw EventLoopError(code: -errno, operation: "read the peer's credentials")
        }
        self.init(
            processID: credentials.pid, userID: credentials.uid, groupID: credentials.gid)
    }
}
