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

    /// Zeroed, and aligned to cache lines.
    static func allocateZeroed(_ bytes: Int) throws(StoreError) -> UnsafeMutableRawPointer {
        guard let base = aligned_alloc(64, (bytes + 63) & ~63) else { throw refused(bytes) }
        memset(base, 0, bytes)
        return base
    }

    static func deallocate(_ base: UnsafeMutableRawPointer) { free(base) }

    private static func refused(_ bytes: Int) -> StoreError {
        StoreError(.resourceExhausted, "the system refused \(bytes) bytes of memory")
    }
}
