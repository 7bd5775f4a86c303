internal import Glibc

/// Keeps a second server from a journal: what one keeps in memory of it, the other would not know.
///
/// The lock is on a file of its own, `PATH.lock`: closing any descriptor of a database file would
/// drop the locks that SQLite has on it. Readers need no lock.
final class JournalLock {
    private let descriptor: Int32

    init(_ path: String) throws(JournalError) {
        let lockPath = path + ".lock"
        descriptor = open(lockPath, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else {
            throw JournalError(
                .readOnly,
                "\(lockPath): cannot be made (\(String(cString: strerror(errno)))); the folder of the journal must exist and be writable"
            )
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            throw JournalError(
                .inUse, "\(path): another server has this journal open; each needs one of its own")
        }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }
}
