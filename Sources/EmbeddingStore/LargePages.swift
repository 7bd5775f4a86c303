import Glibc

/// Regions of memory that are to be kept in large pages, as far as the system has some: a look at a random
/// row then misses the processor's cache of page addresses less often, and a miss costs it less.
struct LargePages {
    private static let blockBytes = 2 << 20
    /// `MADV_COLLAPSE` of Linux 6.1, which the C library's headers may lack. It asks for no setting of the
    /// system but its having large pages at all, and copies at once.
    private static let collapse: Int32 = 25

    /// By block of a large page's size and place, how many of its bytes are in the regions.
    private var blocks: [UInt: Int] = [:]

    mutating func add(_ base: UnsafeRawPointer, _ bytes: Int) {
        var place = UInt(bitPattern: base)
        let end = place + UInt(bytes)
        while place < end {
            let block = place / UInt(Self.blockBytes)
            let next = min(end, (block + 1) * UInt(Self.blockBytes))
            blocks[block, default: 0] += Int(next - place)
            place = next
        }
    }

    /// Replaces the small pages of each block that is the regions' by half at least. What else is in such a
    /// block, or not touched yet, then takes memory too: up to a megabyte a block.
    ///
    /// - Returns: the bytes that are in large pages now, or were before. The system may refuse any.
    /// - Complexity: O(bytes).
    @discardableResult
    func gather() -> Int {
        var gathered = 0
        for (block, bytes) in blocks where bytes >= Self.blockBytes / 2 {
            let base = UnsafeMutableRawPointer(bitPattern: block * UInt(Self.blockBytes))
            if madvise(base, Self.blockBytes, Self.collapse) == 0 { gathered += Self.blockBytes }
        }
        return gathered
    }
}

extension EmbeddingStore {
    /// Has rows and tables of ids kept in large pages; to be called after many puts.
    ///
    /// - Complexity: O(bytes): they are copied.
    package func gatherPages() {
        var pages = LargePages()
        for shard in shards { shard.lock.withLock { shard.addRegions(to: &pages) } }
        pages.gather()
    }
}

extension Shard {
    /// Adds what readers look at. The lock is held.
    fileprivate func addRegions(to pages: inout LargePages) {
        pages.add(index.table.base, index.table.bytes)
        for number in 0..<directory.capacity {
            if let chunk = directory.chunk(number) { pages.add(chunk.base, layout.chunkBytes) }
        }
    }
}
