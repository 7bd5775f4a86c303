/// What a shard unlinked and may not free yet, in the order of one grace period after another.
struct Limbo {
    /// Memory that readers were led to.
    struct Region {
        enum Kind { case heap, mapping }
        let base: UnsafeMutableRawPointer
        let bytes: Int
        let kind: Kind
    }

    /// Retired rows are linked through their chunks' columns, so retiring one allocates nothing.
    struct Batch {
        /// Slot + 1.
        var firstRow: UInt32 = 0
        var rows = 0
        var regions: [Region] = []
        var isEmpty: Bool { firstRow == 0 && regions.isEmpty }
    }

    /// Unlinked since the last grace period began.
    var collecting = Batch()
    /// Unlinked before it began.
    var waiting = Batch()
    /// The epoch that ends the grace period `waiting` waits for.
    var target: UInt64 = 0

    var rows: Int { collecting.rows + waiting.rows }
    var isEmpty: Bool { collecting.isEmpty && waiting.isEmpty }
}
