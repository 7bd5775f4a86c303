import Synchronization

/// A shard's id table as its writer sees it; used under the shard's lock.
///
/// When the table runs out of room a new one of the right size takes over at once, empty, and every
/// later put or delete moves a few words of the old one, so no call ever rehashes a shard. Until
/// all have moved, readers who miss in the new table look in the old one. A moved word stays
/// behind, because a reader may have missed it in the new table just before it moved; both copies
/// are kept current, so that no word ever leads to a slot that was given to another id.
///
/// Invariant: `used + unmoved <= 3/4 capacity`, where `used` counts tombstones too.
struct IDIndex {
    /// Words of the old table that one put or delete moves. At 32 the move ends long before the new
    /// table, at most half full when it takes over, needs a successor.
    private static let movesPerWrite = 32

    private(set) var table: IDTable
    /// Words of `table` that are not empty.
    private(set) var used = 0
    private var previous: IDTable?
    private var cursor = 0
    /// Ids still in `previous` only.
    private var unmoved = 0

    init(table: IDTable) { self.table = table }

    var bytes: Int { table.bytes + (previous?.bytes ?? 0) }
    var isMoving: Bool { previous != nil }

    /// The capacity a table needs so that `count` ids fill at most half of it.
    static func capacityLog2(for count: Int) -> UInt32 {
        let words = max(1, count * 2)
        return max(
            IDTable.capacityLog2Min, UInt32(Int.bitWidth - (words - 1).leadingZeroBitCount))
    }

    /// Whether `count` more ids fit without a new table.
    func hasRoom(for count: Int) -> Bool { (used + unmoved + count) * 4 <= table.capacity * 3 }

    @inline(__always)
    func find(_ tag: UInt32, where matches: (UInt32) -> Bool) -> UInt32? {
        if let found = table.find(tag, where: matches) { return found.slot }
        return previous?.find(tag, where: matches)?.slot
    }

    /// Starts to take over from the current table. The caller published nothing else and moved
    /// everything before.
    mutating func begin(_ successor: IDTable, count: Int) {
        precondition(previous == nil, "a table is still moving")
        previous = table
        table = successor
        used = 0
        cursor = 0
        unmoved = count
    }

    /// Moves some words, or all; returns the old table once it is empty, for the caller to retire.
    mutating func move(all: Bool = false) -> IDTable? {
        guard let old = previous else { return nil }
        let end = all ? old.capacity : min(old.capacity, cursor + Self.movesPerWrite)
        while cursor < end {
            let word = old.word(cursor).pointee.load(ordering: .relaxed)
            if IDTable.slot(of: word) != nil {
                table.insert(word)
                used += 1
                unmoved -= 1
            }
            cursor += 1
        }
        guard cursor == old.capacity else { return nil }
        precondition(unmoved == 0, "\(unmoved) ids were lost while a table moved")
        table.dropPrevious()
        previous = nil
        return old
    }

    /// Points an id to another slot, or adds it. There is room.
    mutating func store(_ tag: UInt32, slot: UInt32, where matches: (UInt32) -> Bool) {
        let word = IDTable.makeWord(tag: tag, slot: slot)
        let moved = table.find(tag, where: matches)
        let left = previous?.find(tag, where: matches)
        if let moved { table.word(moved.index).pointee.store(word, ordering: .releasing) }
        if let left { previous?.word(left.index).pointee.store(word, ordering: .releasing) }
        if moved == nil && left == nil {
            precondition(hasRoom(for: 1), "no room was made for an id")
            table.insert(word)
            used += 1
        }
    }

    mutating func remove(_ tag: UInt32, where matches: (UInt32) -> Bool) {
        if let found = table.find(tag, where: matches) {
            table.word(found.index).pointee.store(IDTable.tombstone, ordering: .releasing)
        }
        if let previous, let found = previous.find(tag, where: matches) {
            previous.word(found.index).pointee.store(IDTable.tombstone, ordering: .releasing)
            if found.index >= cursor { unmoved -= 1 }
        }
    }
}
