import Glibc

/// Memory straight from the system: zeroed, page-aligned, and given back at once when freed.
enum Memory {
    static let pageBytes = Int(sysconf(Int32(_SC_PAGESIZE)))

    static func map(_ bytes: Int) throws(StoreError) -> UnsafeMutableRawPointer {
        let base = mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let base, base != MAP_FAILED else { throw refused(bytes) }
        return base
    }

    static func unmap(_ base: UnsafeMutableRawPointer, _ bytes: Int) { munmap(base, bytes) }

    /// Zeroed, and aligned to cache lines. Of much the system makes each page when it is first touched, so
    /// that a put which adds a table does not write all of it.
    static func allocateZeroed(_ bytes: Int) throws(StoreError) -> UnsafeMutableRawPointer {
        guard let block = calloc(bytes + lineBytes, 1) else { throw refused(bytes) }
        // At least 16 bytes after the block begins, as all that calloc returns is aligned to that; where
        // it begins is kept before the line.
        let base = (block + 1).alignedUp(toMultipleOf: lineBytes)
        (base - 8).storeBytes(of: block, as: UnsafeMutableRawPointer.self)
        return base
    }

    /// Frees what ``allocateZeroed(_:)`` returned.
    static func deallocate(_ base: UnsafeMutableRawPointer) {
        free((base - 8).load(as: UnsafeMutableRawPointer.self))
    }

    private static let lineBytes = 64

    private static func refused(_ bytes: Int) -> StoreError {
        StoreError(.resourceExhausted, "the system refused \(bytes) bytes of memory")
    }
}
