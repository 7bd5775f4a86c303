import EventLoop
import Glibc
import Synchronization
import TestFolders
import Testing

@Suite(.timeLimit(.minutes(1))) struct UnixSocketTests {
    private let folder = TemporaryFolder()
    private var path: String { folder.path + "/s" }

    private func mode(_ path: String) -> mode_t? {
        var status = stat()
        return lstat(path, &status) == 0 ? status.st_mode : nil
    }

    /// Leaves a socket behind as a killed server does: bound, but nobody listens.
    private func leaveStaleSocket() throws {
        let listening = try UnixSocket(listeningAt: path)
        // Renamed away and back, so that closing does not find it.
        rename(path, folder.path + "/other")
        listening.close()
        rename(folder.path + "/other", path)
        try #require(mode(path) != nil)
    }

    @Test(arguments: [UInt16(0o600), 0o660, 0o666, 0o700])
    func theFileHasTheModeAskedFor(asked: UInt16) throws {
        let socket = try UnixSocket(listeningAt: path, mode: asked)
        #expect(mode(path) == S_IFSOCK | mode_t(asked))
        socket.close()
        #expect(mode(path) == nil)
    }

    @Test func aPathThatDoesNotFitIsRefusedWithItsLimit() {
        let long = "/tmp/" + String(repeating: "x", count: UnixSocket.pathBytesMax - 4)
        for path in [long, "", "/tmp/a\0b"] {
            #expect(throws: UnixSocketError.pathLength(path, bytesMax: 107)) {
                _ = try UnixSocket(listeningAt: path)
            }
        }
        #expect(UnixSocket.fits(String(long.dropLast())))
    }

    @Test func anAbstractNameIsNoFileAndIsFreeOnceItsServerEnds() throws {
        let name = "@\(folder.path)/abstract"
        let socket = try UnixSocket(listeningAt: name)
        #expect(socket.path == name)
        #expect(mode(name) == nil && mode(folder.path + "/abstract") == nil)
        #expect(throws: UnixSocketError.inUse(name)) { _ = try UnixSocket(listeningAt: name) }
        #expect(throws: UnixSocketError.abstractTakeOver(name)) {
            _ = try UnixSocket(listeningAt: name, takesOver: true)
        }
        #expect(socket.look() == .own)
        let client = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        defer { Glibc.close(client) }
        #expect(UnixSocket.connect(client, to: name) == 0)
        socket.close()
        try UnixSocket(listeningAt: name).close()
    }

    @Test func aStaleSocketIsTakenOver() throws {
        try leaveStaleSocket()
        let socket = try UnixSocket(listeningAt: path)
        #expect(mode(path) == S_IFSOCK | 0o600)
        socket.close()
    }

    @Test func aLiveSocketIsRefusedAndGoesOn() throws {
        let socket = try UnixSocket(listeningAt: path)
        #expect(throws: UnixSocketError.inUse(path)) { _ = try UnixSocket(listeningAt: path) }
        #expect(mode(path) != nil)
        socket.close()
    }

    @Test func whatIsNotASocketIsRefusedAndLeftAlone() throws {
        let file = open(path, O_CREAT | O_WRONLY, 0o644)
        try #require(file >= 0)
        close(file)
        #expect(throws: UnixSocketError.notASocket(path)) { _ = try UnixSocket(listeningAt: path) }
        #expect(mode(path) == S_IFREG | 0o644)
    }

    @Test func aMissingFolderIsNamed() {
        #expect {
            _ = try UnixSocket(listeningAt: folder.path + "/missing/s")
        } throws: {
            "\($0)".contains(folder.path + "/missing") && "\($0)".contains("no such file")
        }
    }

    @Test func closingLeavesAPathThatIsNoLongerOurs() throws {
        let first = try UnixSocket(listeningAt: path)
        rename(path, folder.path + "/other")
        let second = try UnixSocket(listeningAt: path)
        first.close()
        #expect(mode(path) != nil)
        second.close()
        #expect(mode(path) == nil)
    }

    @Test func aSocketIsFollowedWhereItIsMoved() throws {
        let socket = try UnixSocket(listeningAt: path)
        #expect(socket.look() == .own)
        rename(path, folder["moved"])
        #expect(socket.look() == .moved && socket.path.hasSuffix("/moved"))
        #expect(socket.look() == .own)
        unlink(folder["moved"])
        #expect(socket.look() == .gone)
        socket.close()
        #expect(try folder.names.isEmpty)
    }

    @Test func theLockIsOnlyTheOwnersAndGoesAway() throws {
        let lock = path + ".lock"
        // As a server that was killed leaves it; then as one did that let others open it.
        for mode in [mode_t(0o600), 0o644] {
            let file = open(lock, O_CREAT | O_WRONLY | O_CLOEXEC, mode)
            fchmod(file, mode)
            if mode != 0o600 { flock(file, LOCK_EX) }
            let socket = try UnixSocket(listeningAt: path)
            #expect(self.mode(lock) == nil)
            socket.close()
            #expect(try folder.names.isEmpty)
            close(file)
        }
    }

    @Test func aLockThatIsHeldIsNamedAfterAWhile() throws {
        let lock = path + ".lock"
        let file = open(lock, O_CREAT | O_WRONLY | O_CLOEXEC, 0o600)
        flock(file, LOCK_EX)
        #expect(throws: UnixSocketError.locked(lock)) {
            _ = try UnixSocket(listeningAt: path, lockTries: 3)
        }
        close(file)
        try UnixSocket(listeningAt: path, lockTries: 3).close()
    }

    @Test(.enabled(if: geteuid() == 0, "only root can give a file away"))
    func aLockOfAnotherUserIsNamed() throws {
        let lock = path + ".lock"
        close(open(lock, O_CREAT | O_WRONLY, 0o600))
        chown(lock, 4000, 4000)
        #expect(throws: UnixSocketError.foreignLock(lock, userID: 4000)) {
            _ = try UnixSocket(listeningAt: path)
        }
    }

    @Test func takingOverMovesTheNewSocketOverTheOldOneInOneStep() throws {
        let old = try UnixSocket(listeningAt: path)
        let new = try UnixSocket(listeningAt: path, mode: 0o660, takesOver: true)
        #expect(old.look() == .own && mode(path) == S_IFSOCK | 0o600)
        try new.takePath()
        #expect(old.look() == .taken && new.look() == .own)
        #expect(mode(path) == S_IFSOCK | 0o660)
        old.close()
        #expect(mode(path) != nil)
        new.close()
        #expect(try folder.names.isEmpty)
        // Where nobody is it is a start like any other; what is no socket is left alone.
        let alone = try UnixSocket(listeningAt: path, takesOver: true)
        try alone.takePath()
        alone.close()
        close(open(path, O_CREAT | O_WRONLY, 0o644))
        #expect(throws: UnixSocketError.notASocket(path)) {
            _ = try UnixSocket(listeningAt: path, takesOver: true)
        }
    }

    @Test func ofManyServersThatFindAStaleSocketOneTakesItOver() throws {
        for _ in 0..<20 {
            try leaveStaleSocket()
            let path = self.path
            let tally = Tally()
            let threads = try (0..<4).map { i in
                try LoopThread.start(name: "racer-\(i)") { _ in
                    do {
                        tally.add(try UnixSocket(listeningAt: path))
                    } catch UnixSocketError.inUse {
                        tally.addRefused()
                    }
                }
            }
            for thread in threads {
                thread.door.submit { $0.stop() }
                thread.join()
            }
            #expect(tally.counts == [1, 3])
            tally.closeAll()
        }
    }
}

/// Who won a race for a socket.
///
/// `@unchecked Sendable`: the sockets are only kept, under the lock, until all threads have ended.
private final class Tally: @unchecked Sendable {
    private let lock = Mutex(())
    private var sockets: [UnixSocket] = []
    private var refused = 0

    func add(_ socket: UnixSocket) { lock.withLock { _ in sockets.append(socket) } }
    func addRefused() { lock.withLock { _ in refused += 1 } }
    var counts: [Int] { lock.withLock { _ in [sockets.count, refused] } }
    func closeAll() { for socket in sockets { socket.close() } }
}
