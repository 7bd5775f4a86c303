internal import Glibc

/// Memory for one call's messages at a time: a bump allocator.
///
/// Nothing is freed one by one; ``reset()`` takes everything back at once. The address space is
/// reserved once, and the system provides pages as they are first used, so neither a call nor a
/// reset allocates. One arena a lane is enough: a lane runs one handler at a time.
package final class MessageArena {
    /// A reset gives pages beyond these back to the system, so that one huge request costs no
    /// memory for good.
    private static let keptBytes = 1 << 20
    private static let alignment = 16

    private let base: UnsafeMutableRawPointer
    private let capacity: Int
    private var used = 0

    /// - Parameter capacity: most bytes in use at once; address space, not memory.
    package init(capacity: Int) {
        let memory = mmap(
            nil, capacity, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1,
            0)
        guard let memory, memory != MAP_FAILED else {
            preconditionFailure("no address space for an arena of \(capacity) bytes")
        }
        (base, self.capacity) = (memory, capacity)
    }

    deinit { munmap(base, capacity) }

    /// Bytes handed out since the last reset, with padding.
    package var bytesInUse: Int { used }

    /// `count` zeroed bytes aligned to 16, or nil if they do not fit.
    package func allocate(_ count: Int) -> UnsafeMutableRawPointer? {
        guard count >= 0, count <= capacity - used else { return nil }
        let block = base + used
        used = min(capacity, (used + count + Self.alignment - 1) & ~(Self.alignment - 1))
        // Zeroed here, not at the reset, so that only what is asked for is touched.
        memset(block, 0, count)
        return block
    }

    /// Takes back everything that was handed out.
    package func reset() {
        if used > Self.keptBytes {
            madvise(base + Self.keptBytes, capacity - Self.keptBytes, MADV_DONTNEED)
        }
        used = 0
    }
}
