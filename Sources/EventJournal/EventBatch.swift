package import Interactions

/// Events on their way into the journal, their texts in one block of memory.
///
/// All ids follow ``IdentifierRule``, and values are finite: whoever fills the batch checks that.
package struct EventBatch: Sendable {
    /// One event. A text is a range of ``bytes``; an empty one is missing.
    package struct Entry: Sendable {
        /// The event's own id; where it is missing the journal makes one.
        package var id = 0..<0
        package var user = 0..<0
        package var item = 0..<0
        package var basket = 0..<0
        package var kind = EventKind.purchase
        package var value: Float = 1
        /// Seconds since 1970 UTC.
        package var time: Int64 = 0
        /// The slate that led to it, and what one was sold for; 0 where not known. For those who count
        /// what slates earn; the journal does not keep them.
        package var slate: UInt64 = 0
        package var price: Float = 0

        package init() {}
    }

    package private(set) var entries: [Entry] = []
    package private(set) var bytes: [UInt8] = []

    package init(capacity: Int = 0) {
        entries.reserveCapacity(capacity)
        bytes.reserveCapacity(capacity * 48)
    }

    package var count: Int { entries.count }

    /// Memory that it holds.
    package var heldBytes: Int {
        entries.capacity * MemoryLayout<Entry>.stride + bytes.capacity
    }

    /// Copies a text in; an entry that names the range is appended next.
    package mutating func add(_ text: UnsafeRawBufferPointer) -> Range<Int> {
        let start = bytes.count
        bytes.append(contentsOf: text)
        return start..<bytes.count
    }

    package mutating func add(_ text: String) -> Range<Int> {
        var text = text
        return text.withUTF8 { add(UnsafeRawBufferPointer($0)) }
    }

    package mutating func append(_ entry: Entry) { entries.append(entry) }
}

/// What became of a batch.
package struct RecordOutcome: Equatable, Sendable {
    /// Events that are new.
    package var recorded = 0
    /// Positions in the batch of events whose id was known already.
    package var duplicates: [UInt32] = []
    /// The sequence of the newest event of the journal with the batch in it.
    package var watermark: Int64 = 0

    package init(recorded: Int = 0, duplicates: [UInt32] = [], watermark: Int64 = 0) {
        (self.recorded, self.duplicates) = (recorded, duplicates)
        self.watermark = watermark
    }
}
