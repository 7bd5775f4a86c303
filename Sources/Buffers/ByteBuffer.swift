/// Bytes waiting to be parsed or written, in one block of memory.
///
/// Invariant: `0 <= start <= end <= capacity`; the bytes waiting are `start ..< end`.
/// Buffers come from a ``BufferPool`` and go back to it, so that idle connections hold none; or they
/// stand alone, counted nowhere.
///
/// Its variables are used by one thread and never by two accesses at once; that is not checked as the
/// program runs, which would take a tenth of a small call.
package final class ByteBuffer {
    @exclusivity(unchecked) private(set) var base: UnsafeMutableRawPointer?
    @exclusivity(unchecked) package private(set) var capacity = 0
    @exclusivity(unchecked) private var start = 0
    @exclusivity(unchecked) private var end = 0
    private unowned(unsafe) let pool: BufferPool?

    fileprivate init(pool: BufferPool) { self.pool = pool }

    /// An empty buffer that belongs to no pool.
    package init() { pool = nil }

    deinit { base?.deallocate() }

    /// Bytes waiting.
    package var count: Int { end - start }

    /// The bytes waiting; valid until the buffer is changed.
    package var bytes: UnsafeRawBufferPointer {
        guard let base else { return UnsafeRawBufferPointer(start: nil, count: 0) }
        return UnsafeRawBufferPointer(start: base + start, count: end - start)
    }

    /// Makes room for `count` more bytes at the end and returns where they go.
    ///
    /// Growth doubles, but never past what is needed once `limit` is reached, so memory follows
    /// what was received and not what was announced.
    /// - Complexity: amortised O(1) a byte.
    package func reserve(_ count: Int, limit: Int = .max) -> UnsafeMutableRawPointer {
        precondition(count >= 0, "reserve(\(count))")
        if let base, capacity - end >= count { return base + end }
        return grow(by: count, limit: limit)
    }

    /// Adds `count` bytes, written where ``reserve(_:limit:)`` said, to the bytes waiting.
    package func commit(_ count: Int) {
        precondition(count >= 0 && end + count <= capacity, "commit(\(count)) of \(capacity - end)")
        end += count
    }

    package func append(_ bytes: UnsafeRawBufferPointer, limit: Int = .max) {
        guard let source = bytes.baseAddress, bytes.count > 0 else { return }
        reserve(bytes.count, limit: limit).copyMemory(from: source, byteCount: bytes.count)
        commit(bytes.count)
    }

    /// Drops the first `count` bytes.
    package func consume(_ count: Int) {
        precondition(count >= 0 && count <= self.count, "consume(\(count)) of \(self.count)")
        start += count
    }

    /// Drops the last bytes so that `count` remain.
    package func truncate(to count: Int) {
        precondition(count >= 0 && count <= self.count, "truncate(to: \(count)) of \(self.count)")
        end = start + count
    }

    /// Drops all bytes and keeps the memory.
    package func removeAll() {
        start = 0
        end = 0
    }

    /// Makes room for `count` bytes before the byte at `position`, counted from the first one
    /// waiting, and returns where they go; what they are is undefined until they are written.
    ///
    /// - Complexity: O(count + bytes after `position`).
    package func open(_ count: Int, at position: Int) -> UnsafeMutableRawPointer {
        let tail = self.count - position
        precondition(tail >= 0 && position >= 0, "open(at: \(position)) of \(self.count)")
        let source = reserve(count) - tail
        (source + count).copyMemory(from: source, byteCount: tail)
        commit(count)
        return source
    }

    private func grow(by count: Int, limit: Int) -> UnsafeMutableRawPointer {
        let waiting = self.count
        let needed = waiting + count
        if let base, needed <= capacity, start >= waiting {
            // Enough room once the consumed front is given up, and the move is cheap.
            base.copyMemory(from: base + start, byteCount: waiting)
            start = 0
            end = waiting
            return base + end
        }
        let wanted = max(needed, min(max(BufferPool.capacityMin, 2 * capacity), limit))
        let fresh = UnsafeMutableRawPointer.allocate(byteCount: wanted, alignment: 16)
        if let base {
            fresh.copyMemory(from: base + start, byteCount: waiting)
            base.deallocate()
        }
        pool?.didGrow(by: wanted - capacity)
        base = fresh
        capacity = wanted
        start = 0
        end = waiting
        return fresh + end
    }
}

/// The buffers of one loop: what is in use is counted, a few idle ones are kept warm.
package final class BufferPool {
    /// The first allocation of a buffer, in bytes.
    package static let capacityMin = 4096
    /// A buffer larger than this goes back to the system as soon as it is idle.
    package static let keptCapacityMax = 256 * 1024
    /// At most so many idle buffers are kept.
    package static let keptCountMax = 16

    private var idle: [ByteBuffer] = []

    /// Capacity of the buffers in use, in bytes; readable from any thread. Zero when nothing waits.
    package let bytesInUse = Gauge()

    package init() { idle.reserveCapacity(Self.keptCountMax) }

    /// An empty buffer, from the idle ones if there is one.
    package func take() -> ByteBuffer {
        guard let buffer = idle.popLast() else { return ByteBuffer(pool: self) }
        bytesInUse.add(buffer.capacity)
        return buffer
    }

    /// Takes back a buffer, which nobody may use any longer.
    package func recycle(_ buffer: ByteBuffer) {
        bytesInUse.add(-buffer.capacity)
        guard idle.count < Self.keptCountMax, buffer.capacity <= Self.keptCapacityMax else {
            return
        }
        buffer.removeAll()
        idle.append(buffer)
    }

    fileprivate func didGrow(by bytes: Int) { bytesInUse.add(bytes) }
}
