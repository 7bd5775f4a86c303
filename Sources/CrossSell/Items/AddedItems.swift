internal import Glibc
internal import Interactions
internal import Synchronization

/// The items that a generation was told of since it was trained: ids, texts and what they are described
/// like, by place from 0 on, in room that was made when the generation was.
///
/// One thread at a time adds; any thread reads, without waiting. What is said of an item is written before
/// it can be found and never after, and lasts as long as the object.
///
/// `@unchecked Sendable`: see above; what finds an item is atomic.
final class AddedItems: @unchecked Sendable {
    /// What is known of one.
    struct Entry {
        fileprivate(set) var id = IDView(start: nil, count: 0)
        fileprivate(set) var title = IDView(start: nil, count: 0)
        /// Its path joined by ` > `, and the path's number where an item of the training has the same; else -1.
        fileprivate(set) var category = IDView(start: nil, count: 0)
        fileprivate(set) var categoryNumber: Int32 = -1
        /// The number of what it is a variant of, or -1.
        fileprivate(set) var group: Int32 = -1
        /// The items that it is described like, with their shares, the largest first.
        fileprivate(set) var likes: [(item: Int32, share: Float)] = []
    }

    let capacity: Int
    private let entries: UnsafeMutablePointer<Entry>
    private let used = Atomic<Int>(0)
    /// Open addressing, a power of two: a place + 1, or 0.
    private let slots: UnsafeMutablePointer<Atomic<UInt32>>
    private let slotMask: Int
    private let hash = IdentifierHash(seed: UInt64.random(in: 0 ... .max))

    init(capacity: Int) {
        self.capacity = capacity
        entries = .allocate(capacity: max(1, capacity))
        entries.initialize(repeating: Entry(), count: max(1, capacity))
        var slotCount = 1
        while slotCount < 2 * capacity { slotCount *= 2 }
        slotMask = slotCount - 1
        slots = .allocate(capacity: slotCount)
        for slot in 0..<slotCount { (slots + slot).initialize(to: Atomic(0)) }
    }

    deinit {
        for place in 0..<count {
            for text in [entries[place].id, entries[place].title, entries[place].category] {
                text.baseAddress?.deallocate()
            }
        }
        entries.deinitialize(count: max(1, capacity))
        entries.deallocate()
        slots.deallocate()
    }

    /// Memory, about, in bytes; texts of the usual length.
    static func bytes(capacity: Int) -> Int { capacity * (MemoryLayout<Entry>.stride + 300) }

    // MARK: Reading, on any thread

    @inline(__always)
    var count: Int { used.load(ordering: .acquiring) }

    /// - Precondition: the place was given to an item.
    subscript(place: Int) -> Entry { entries[place] }

    /// The place of the item with an id.
    func place(of id: IDView) -> Int? {
        guard count > 0, let start = id.baseAddress, id.count > 0 else { return nil }
        var slot = Int(truncatingIfNeeded: hash(start, count: id.count)) & slotMask
        while true {
            let found = Int(slots[slot].load(ordering: .acquiring))
            guard found > 0 else { return nil }
            let own = entries[found - 1].id
            if own.count == id.count, memcmp(own.baseAddress!, start, id.count) == 0 {
                return found - 1
            }
            slot = (slot + 1) & slotMask
        }
    }

    // MARK: Adding, on one thread at a time

    /// The place that the next item gets; nil where there is no room.
    var nextPlace: Int? { count < capacity ? count : nil }

    /// Adds an item at the next place, so that it can be found.
    ///
    /// - Precondition: there is room, and no item with the id.
    func append(
        id: String, title: String, category: String, categoryNumber: Int32, group: Int32,
        likes: [(item: Int32, share: Float)]
    ) {
        let place = count
        precondition(place < capacity, "no room for item \(place)")
        entries[place].id = Self.copy(id)
        entries[place].title = Self.copy(title)
        entries[place].category = Self.copy(category)
        (entries[place].categoryNumber, entries[place].group) = (categoryNumber, group)
        entries[place].likes = likes
        let id = entries[place].id
        var slot = Int(truncatingIfNeeded: hash(id.baseAddress!, count: id.count)) & slotMask
        while slots[slot].load(ordering: .relaxed) != 0 { slot = (slot + 1) & slotMask }
        used.store(place + 1, ordering: .releasing)
        slots[slot].store(UInt32(place + 1), ordering: .releasing)
    }

    private static func copy(_ text: String) -> IDView {
        guard !text.isEmpty else { return IDView(start: nil, count: 0) }
        let memory = UnsafeMutableRawBufferPointer.allocate(
            byteCount: text.utf8.count, alignment: 1)
        memory.copyBytes(from: text.utf8)
        return IDView(memory)
    }
}
