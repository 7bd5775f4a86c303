internal import Glibc
internal import Interactions

/// A file of 64-bit words beside a journal, in this machine's order of bytes, that may be lost without
/// harm: where it cannot be had or written it is given up and removed, and nothing is kept from then on.
final class WordFile {
    private let path: String
    /// -1 where it was given up.
    private var descriptor: Int32

    /// Opens the file, or makes one that its owner alone may read.
    init(_ path: String) {
        self.path = path
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    }

    /// Reads the first words of a file that may be missing, or another process's.
    ///
    /// - Returns: false where there are not as many.
    static func peek(_ path: String, _ words: inout [UInt64]) -> Bool {
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard file >= 0 else { return false }
        defer { close(file) }
        return words.withUnsafeMutableBytes { pread(file, $0.baseAddress, $0.count, 0) == $0.count }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    var isKept: Bool { descriptor >= 0 }

    /// How many words it has; 0 where it was given up.
    var count: Int64 {
        var status = stat()
        guard isKept, fstat(descriptor, &status) == 0 else { return 0 }
        return Int64(status.st_size) / 8
    }

    /// Fills `words`.
    ///
    /// - Returns: false where there are not as many, or they cannot be read.
    func read(_ words: inout [UInt64], at place: Int64) -> Bool {
        let file = descriptor
        return words.withUnsafeMutableBytes {
            file >= 0 && pread(file, $0.baseAddress, $0.count, off_t(place * 8)) == $0.count
        }
    }

    func write(_ words: [UInt64], at place: Int64) {
        let file = descriptor
        let isWritten = words.withUnsafeBytes {
            $0.count == 0 || pwrite(file, $0.baseAddress, $0.count, off_t(place * 8)) == $0.count
        }
        if !isWritten { giveUp() }
    }

    /// Cuts off what comes after so many words.
    func truncate(to words: Int64) {
        if isKept, ftruncate(descriptor, off_t(words * 8)) != 0 { giveUp() }
    }

    /// Returns once what was written is on the disk.
    func sync() {
        if isKept, fdatasync(descriptor) != 0 { giveUp() }
    }

    /// The disk is full, or broken.
    func giveUp() {
        guard isKept else { return }
        close(descriptor)
        descriptor = -1
        unlink(path)
    }
}

extension IdentifierHash {
    /// - Parameter words: at least one.
    func callAsFunction(_ words: ArraySlice<UInt64>) -> UInt64 {
        words.withUnsafeBytes { self($0.baseAddress!, count: $0.count) }
    }
}
