/// Item numbers without repeats, in the order added: an open-addressing table over a fixed array.
///
/// Reused from request to request; clearing costs what was used, not the capacity.
/// Invariant: `count <= capacity`, half of `slots.count`, so a probe always ends.
struct OrdinalIndex {
    let capacity: Int
    private(set) var ordinals: [UInt32] = []
    private var slots: [Int32]

    /// - Parameter capacity: the most numbers it can hold; rounded up to a power of two.
    init(capacity: Int) {
        var rounded = 16
        while rounded < capacity { rounded *= 2 }
        self.capacity = rounded
        slots = Array(repeating: -1, count: rounded * 2)
        ordinals.reserveCapacity(rounded)
    }

    var count: Int { ordinals.count }

    mutating func removeAll() {
        // Newest first: a number only ever probed past older ones, so its slot is still found.
        while let last = ordinals.last {
            slots[slot(of: last)] = -1
            ordinals.removeLast()
        }
    }

    /// The number's position and whether it was added just now; nil where the table is full.
    mutating func insert(_ ordinal: UInt32) -> (position: Int, isNew: Bool)? {
        let slot = slot(of: ordinal)
        if slots[slot] >= 0 { return (Int(slots[slot]), false) }
        guard ordinals.count < capacity else { return nil }
        slots[slot] = Int32(ordinals.count)
        ordinals.append(ordinal)
        return (ordinals.count - 1, true)
    }

    /// The number's position, or nil where it was never added.
    func position(of ordinal: UInt32) -> Int? {
        let position = slots[slot(of: ordinal)]
        return position < 0 ? nil : Int(position)
    }

    func contains(_ ordinal: UInt32) -> Bool { slots[slot(of: ordinal)] >= 0 }

    private func slot(of ordinal: UInt32) -> Int {
        let mask = slots.count - 1
        var slot = Int((UInt64(ordinal) &* 0x9e37_79b9_7f4a_7c15) >> 32) & mask
        while slots[slot] >= 0, ordinals[Int(slots[slot])] != ordinal {
            slot = (slot + 1) & mask
        }
        return slot
    }
}
