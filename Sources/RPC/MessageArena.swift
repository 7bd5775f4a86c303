package import CSidecartProto
internal import Glibc

/// Memory for one decoded message at a time: a bump allocator in the shape protobuf-c wants.
///
/// Freeing does nothing; ``reset()`` takes everything back at once. The address space is reserved
/// once, and the system provides pages as they are first used, so neither a call nor a reset
/// allocates. One arena a loop is enough: handlers are synchronous.
package final class MessageArena {
    /// A reset gives pages beyond these back to the system, so that one huge request costs no
    /// memory for good.
    private static let keptBytes = 1 << 20
    private static let alignment = 16

    private let base: UnsafeMutableRawPointer
    private let capacity: Int
    private var used = 0
    private let table: UnsafeMutablePointer<ProtobufCAllocator>

    /// True if something did not fit since the last reset: what failed then failed for lack of
    /// room.
    package private(set) var isExhausted = false

    /// - Parameter capacity: most bytes in use at once; address space, not memory.
    package init(capacity: Int) {
        let memory = mmap(
            nil, capacity, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1,
            0)
        guard let memory, memory != MAP_FAILED else {
            preconditionFailure("no address space for an arena of \(capacity) bytes")
        }
        (base, self.capacity) = (memory, capacity)
        table = .allocate(capacity: 1)
        table.initialize(to: ProtobufCAllocator())
        table.pointee.allocator_data = Unmanaged.passUnretained(self).toOpaque()
        table.pointee.alloc = { data, size in
            guard let data else { return nil }
            return Unmanaged<MessageArena>.fromOpaque(data)._withUnsafeGuaranteedRef {
                $0.allocate(size)
            }
        }
        table.pointee.free = { _, _ in }
    }

    deinit {
        munmap(base, capacity)
        table.deallocate()
    }

    /// For protobuf-c; valid as long as the arena.
    package var allocator: UnsafeMutablePointer<ProtobufCAllocator> { table }

    /// Bytes handed out since the last reset, with padding.
    package var bytesInUse: Int { used }

    /// `count` zeroed bytes aligned to 16, or nil, and ``isExhausted``, if they do not fit.
    package func allocate(_ count: Int) -> UnsafeMutableRawPointer? {
        guard count >= 0, count <= capacity - used else {
            isExhausted = true
            return nil
        }
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
        isExhausted = false
    }
}
