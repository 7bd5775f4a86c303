internal import CLibUV
internal import Glibc

/// A listening Unix-domain stream socket, and its place in the file system.
///
/// - Mode and group: nobody can connect before `listen`, and by then the file has the mode and the
///   group asked for.
/// - Stale sockets: a path that refuses connections belongs to a server that died; it is taken
///   over. A live socket, and anything that is not a socket, is refused and left alone. So that two
///   servers starting at once cannot take each other over, looking and binding happen under a
///   ``PathLock``.
/// - Taking over: with `takesOver` the socket is bound beside the path, and ``takePath()`` moves it
///   over whatever socket is there in one step, so that at no moment a client finds nobody.
/// - Abstract names: a path that begins with `@` is a name in the abstract namespace. It is no file, so
///   it has no mode, nothing is left behind, and it cannot be taken over.
/// - Removal: the path is removed at the end only while it still leads to this socket (same device
///   and inode), which is looked at under the lock too.
package final class UnixSocket: ListeningSocket {
    /// Longest path in bytes.
    package static let pathBytesMax = UnixAddress.pathBytesMax

    /// What a socket's path leads to.
    package enum Standing: Sendable {
        case own
        /// Nothing, and the socket is nowhere else.
        case gone
        /// Another file, and the socket is nowhere else.
        case taken
        /// The socket was moved; ``path`` says where it is now.
        case moved
    }

    package private(set) var path: String
    /// False for a socket that somebody else made, and keeps.
    let ownsPath: Bool
    package let descriptor: Int32
    private var identity: FileIdentity?
    /// The socket's file, wherever it is moved.
    private var place: Int32 = -1
    /// Where the socket is until it takes its path.
    private var temporaryPath: String?
    private var isClosed = false

    /// Binds and listens.
    ///
    /// - Parameters:
    ///   - path: 1 to ``pathBytesMax`` bytes.
    ///   - mode: permissions of the socket file.
    ///   - groupID: group of the socket file; nil leaves it to the system.
    ///   - takesOver: listens beside the path until ``takePath()``.
    ///   - lockTries: how often a lock that another server holds is tried, at intervals of 10 ms.
    package init(
        listeningAt path: String, mode: UInt16 = 0o600, groupID: UInt32? = nil,
        takesOver: Bool = false, lockTries: Int = 200
    ) throws(UnixSocketError) {
        try Self.checkLength(of: path)
        (self.path, ownsPath) = (path, true)
        if UnixAddress.isAbstract(path) {
            guard !takesOver else { throw .abstractTakeOver(path) }
            descriptor = try Self.makeSocket()
            do {
                try listen(atName: path)
            } catch {
                shut()
                throw error
            }
            return
        }
        let lock = try PathLock(for: path, tries: lockTries)
        defer { withExtendedLifetime(lock) {} }
        let place = takesOver ? Self.pathBeside(path) : path
        if takesOver {
            guard Self.fits(place) else { throw .noRoomBeside(path, place) }
            try Self.checkSocket(path)
            temporaryPath = place
            unlink(place)
        } else {
            try Self.clear(path)
        }
        descriptor = try Self.makeSocket()
        do {
            try listen(at: place, mode: mode_t(mode), groupID: groupID)
        } catch {
            // The lock is held already.
            if let identity, FileIdentity(path: place) == identity { unlink(place) }
            shut()
            throw error
        }
    }

    /// Serves a socket that listens already, such as one that systemd made. Its path is neither
    /// watched nor removed.
    package init(inheriting descriptor: Int32) throws(UnixSocketError) {
        func option(_ name: Int32) -> Int32 {
            var value: Int32 = -1
            var length = socklen_t(MemoryLayout<Int32>.size)
            return getsockopt(descriptor, SOL_SOCKET, name, &value, &length) == 0 ? value : -1
        }
        guard option(SO_DOMAIN) == AF_UNIX, option(SO_TYPE) == Int32(SOCK_STREAM.rawValue),
            option(SO_ACCEPTCONN) == 1
        else { throw .notListening(descriptor) }
        let status = fcntl(descriptor, F_GETFL)
        guard fcntl(descriptor, F_SETFL, status | O_NONBLOCK) == 0,
            fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0
        else { throw .system("set up the inherited socket \(descriptor)", errno: errno) }
        (self.descriptor, ownsPath) = (descriptor, false)
        path = UnixAddress.name(of: descriptor)
    }

    deinit { close() }

    /// Those of an inherited socket are left to whoever serves it next.
    package var handsOverAtEnd: Bool { ownsPath }

    /// True if a socket address can hold `path`.
    package static func fits(_ path: String) -> Bool {
        (1...pathBytesMax).contains(path.utf8.count) && !path.utf8.contains(0)
    }

    package static func checkLength(of path: String) throws(UnixSocketError) {
        guard fits(path) else { throw .pathLength(path, bytesMax: pathBytesMax) }
    }

    /// True for a path that is a name in the abstract namespace.
    package static func isAbstract(_ path: String) -> Bool { UnixAddress.isAbstract(path) }

    /// Connects a socket as connect(2) does.
    ///
    /// - Returns: 0, or -1 with `errno` set.
    /// - Precondition: ``fits(_:)`` the path.
    package static func connect(_ descriptor: Int32, to path: String) -> Int32 {
        precondition(fits(path), "a socket path of \(path.utf8.count) bytes")
        return UnixAddress(path).pass(descriptor) { Glibc.connect($0, $1, $2) }
    }

    /// Closes a descriptor that no handle has taken over.
    package static func close(_ descriptor: Int32) { Glibc.close(descriptor) }

    /// Moves a socket made with `takesOver` to its path, over the one that is there.
    package func takePath() throws(UnixSocketError) {
        guard let temporaryPath else { return }
        let lock = try PathLock(for: path)
        defer { withExtendedLifetime(lock) {} }
        try Self.checkSocket(path)
        guard rename(temporaryPath, path) == 0 else {
            throw .system("move the new socket to \(path)", errno: errno)
        }
        self.temporaryPath = nil
    }

    /// Looks where the socket is, and follows it.
    package func look() -> Standing {
        guard ownsPath, temporaryPath == nil, !UnixAddress.isAbstract(path) else { return .own }
        let found = FileIdentity(path: path)
        if found == identity { return .own }
        var name = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
        if readlink("/proc/self/fd/\(place)", &name, Int(PATH_MAX)) > 0 {
            let moved = name.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
            if FileIdentity(path: moved) == identity {
                path = moved
                return .moved
            }
        }
        return found == nil ? .gone : .taken
    }

    /// Ends the listening: whoever connects from now on is refused, and those who were before can
    /// still be accepted. A socket that was inherited goes on, for whoever else serves it.
    package func refuseNewcomers() {
        guard ownsPath, !isClosed else { return }
        removePath()
        shutdown(descriptor, Int32(SHUT_RD))
    }

    /// Stops listening and removes the path if it is still ours.
    package func close() {
        guard !isClosed else { return }
        removePath()
        shut()
    }

    private func shut() {
        isClosed = true
        if place >= 0 { Glibc.close(place) }
        Glibc.close(descriptor)
    }

    private func removePath() {
        guard ownsPath, let identity else { return }
        // Without the lock a successor could take the path between a look and the removal. What is
        // left behind is stale, and taken over by the next.
        guard let lock = try? PathLock(for: path, tries: 20) else { return }
        defer { withExtendedLifetime(lock) {} }
        self.identity = nil
        let place = temporaryPath ?? path
        if FileIdentity(path: place) == identity { unlink(place) }
    }

    private static func makeSocket() throws(UnixSocketError) -> Int32 {
        let flags = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let descriptor = socket(AF_UNIX, flags, 0)
        guard descriptor >= 0 else { throw .system("make a socket", errno: errno) }
        return descriptor
    }

    private func listen(atName name: String) throws(UnixSocketError) {
        guard UnixAddress(name).pass(descriptor, to: { bind($0, $1, $2) }) == 0 else {
            if errno == EADDRINUSE { throw .inUse(name) }
            throw .system("bind \(name)", errno: errno)
        }
        guard Glibc.listen(descriptor, SOMAXCONN) == 0 else {
            throw .system("listen at \(name)", errno: errno)
        }
    }

    private func listen(
        at place: String, mode: mode_t, groupID: UInt32?
    ) throws(UnixSocketError) {
        guard UnixAddress(place).pass(descriptor, to: { bind($0, $1, $2) }) == 0 else {
            throw .system("bind \(place)", errno: errno)
        }
        identity = FileIdentity(path: place)
        self.place = sc_open_place(place)
        if let groupID, lchown(place, uid_t.max, groupID) != 0 {
            throw .system("give \(place) to the group \(groupID)", errno: errno)
        }
        guard chmod(place, mode) == 0 else {
            throw .system("set the mode of \(place)", errno: errno)
        }
        guard Glibc.listen(descriptor, SOMAXCONN) == 0 else {
            throw .system("listen at \(place)", errno: errno)
        }
    }

    /// A short name of this process's own in the same folder.
    private static func pathBeside(_ path: String) -> String {
        let folder = path.utf8.lastIndex(of: UInt8(ascii: "/")).map { path[...$0] } ?? ""
        return folder + "." + String(getpid(), radix: 36)
    }

    /// - Returns: whether there is a socket at `path`; false where nothing is.
    @discardableResult
    private static func checkSocket(_ path: String) throws(UnixSocketError) -> Bool {
        var status = stat()
        guard lstat(path, &status) == 0 else {
            if errno == ENOENT { return false }
            throw .system("look at \(path)", errno: errno)
        }
        guard status.st_mode & S_IFMT == S_IFSOCK else { throw .notASocket(path) }
        return true
    }

    /// Makes `path` free, or says why it is taken.
    private static func clear(_ path: String) throws(UnixSocketError) {
        guard try checkSocket(path) else { return }
        let probe = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue), 0)
        guard probe >= 0 else { throw .system("make a socket", errno: errno) }
        defer { Glibc.close(probe) }
        let connected = connect(probe, to: path)
        // Anything but a refusal, a full backlog included, means that somebody is there.
        guard connected != 0, errno == ECONNREFUSED else { throw .inUse(path) }
        guard unlink(path) == 0 || errno == ENOENT else {
            throw .system("remove the stale socket \(path)", errno: errno)
        }
    }
}

/// Why a socket could not be opened for listening.
package enum UnixSocketError: Error, Equatable, Sendable, CustomStringConvertible {
    case pathLength(String, bytesMax: Int)
    case noRoomBeside(String, String)
    case inUse(String)
    case abstractTakeOver(String)
    case notASocket(String)
    case notListening(Int32)
    case locked(String)
    case foreignLock(String, userID: UInt32)
    case system(String, errno: Int32)

    package var description: String {
        switch self {
        case .pathLength(let path, let bytesMax):
            "the socket path \(path) has \(path.utf8.count) bytes; 1 to \(bytesMax) without NUL fit"
        case .noRoomBeside(let path, let place):
            "\(path) cannot be taken over: the new socket is made at \(place), which has \(place.utf8.count) bytes; \(UnixSocket.pathBytesMax) fit"
        case .inUse(let path): "\(path): a server is already listening there"
        case .abstractTakeOver(let name):
            "\(name): an abstract socket cannot be taken over; end the server that has it first"
        case .notASocket(let path): "\(path): exists and is not a socket; left alone"
        case .notListening(let descriptor):
            "the inherited descriptor \(descriptor) is no Unix stream socket that listens"
        case .locked(let path): "\(path) is held by another server that starts or ends"
        case .foreignLock(let path, let userID):
            "\(path) belongs to uid \(userID); remove it, or use a folder where others cannot write"
        case .system(let operation, let errno):
            EventLoopError(code: -errno, operation: operation).description
        }
    }
}
