internal import Glibc

/// Gives opaque ids dense numbers, 0 and up, in the order of first appearance.
///
/// Ids follow ``IdentifierRule``; the caller checks that. The bytes of all ids lie in one buffer,
/// and an open-addressing table finds them: a slot is 0, or 32 bits of the id's hash above its
/// number + 1, so that ids which only share a place are passed by without a look at their bytes. An
/// id costs its length plus 19 to 30 bytes. Invariant: `offsets.count == count + 1 && slots.count >
/// count`, a power of two at most 3/4 full.
package struct IdentifierTable: Sendable {
    package private(set) var bytes: [UInt8] = []
    package private(set) var offsets: [Int] = [0]
    private var slots: [UInt64] = Array(repeating: 0, count: 16)

    /// Not secret: the ids are those of the shop's own files, or are only looked up.
    private static let hash = IdentifierHash(seed: 0)

    package init() {}

    package init(_ ids: some Sequence<String>) {
        for id in ids { insert(id) }
    }

    package var count: Int { offsets.count - 1 }

    /// What the table holds room for, in bytes.
    var capacityBytes: Int { bytes.capacity + 8 * (offsets.capacity + slots.capacity) }

    package subscript(index: Int) -> String {
        String(decoding: bytes[offsets[index]..<offsets[index + 1]], as: UTF8.self)
    }

    /// The id's number, given now if it is new. Complexity: O(id length).
    @discardableResult
    package mutating func insert(_ id: String) -> Int32 {
        var id = id
        return id.withUTF8 { insert($0) }
    }

    @discardableResult
    package mutating func insert(_ id: UnsafeBufferPointer<UInt8>) -> Int32 {
        let hash = Self.hash(of: id)
        if let index = find(id, hash) { return index }
        precondition(count < Int(Int32.max), "\(count) ids are as many as can be")
        let index = Int32(count)
        bytes.append(contentsOf: id)
        offsets.append(bytes.count)
        place(hash, index)
        if count * 4 > slots.count * 3 { grow() }
        return index
    }

    /// The id's number, or nil where it was never inserted. Complexity: O(id length).
    package func index(of id: String) -> Int32? {
        var id = id
        return id.withUTF8 { index(of: $0) }
    }

    package func index(of id: UnsafeBufferPointer<UInt8>) -> Int32? { find(id, Self.hash(of: id)) }

    /// Takes the last ids back, so that `count` are left. Complexity: O(their length).
    package mutating func truncate(to count: Int) {
        // In the reverse order of their insertion, so that no other id was placed past their slots.
        for index in (count..<self.count).reversed() {
            let hash = withBytes(of: index) { Self.hash(of: $0) }
            let mask = slots.count - 1
            var slot = Int(truncatingIfNeeded: hash) & mask
            while slots[slot] != 0 {
                if Int(UInt32(truncatingIfNeeded: slots[slot])) == index + 1 {
                    slots[slot] = 0
                    break
                }
                slot = (slot + 1) & mask
            }
            offsets.removeLast()
            bytes.removeLast(bytes.count - offsets[index])
        }
    }

    /// Overwrites an id with NULs, which no id has: its number is not given again, and the id gets a
    /// new one where it comes back.
    package mutating func erase(_ index: Int) {
        for place in offsets[index]..<offsets[index + 1] { bytes[place] = 0 }
    }

    /// Gives a number to no id. Complexity: O(1).
    package mutating func skipNumber() { offsets.append(bytes.count) }

    /// Lends the id's bytes without making a `String`.
    package func withBytes<R>(of index: Int, _ body: (UnsafeBufferPointer<UInt8>) -> R) -> R {
        bytes.withUnsafeBufferPointer {
            body(UnsafeBufferPointer(rebasing: $0[offsets[index]..<offsets[index + 1]]))
        }
    }

    @inline(__always)
    private static func hash(of id: UnsafeBufferPointer<UInt8>) -> UInt64 {
        guard let start = id.baseAddress, id.count > 0 else { return 0 }
        return hash(start, count: id.count)
    }

    @inline(__always)
    private func find(_ id: UnsafeBufferPointer<UInt8>, _ hash: UInt64) -> Int32? {
        slots.withUnsafeBufferPointer { slots in
            let mask = slots.count - 1
            var slot = Int(truncatingIfNeeded: hash) & mask
            while slots[slot] != 0 {
                let index = Int(UInt32(truncatingIfNeeded: slots[slot])) - 1
                if slots[slot] >> 32 == hash >> 32, matches(id, index) { return Int32(index) }
                slot = (slot + 1) & mask
            }
            return nil
        }
    }

    /// Whether the text is the id with this number.
    @inline(__always)
    func matches(_ id: UnsafeBufferPointer<UInt8>, _ index: Int) -> Bool {
        let start = offsets[index]
        guard offsets[index + 1] - start == id.count else { return false }
        return bytes.withUnsafeBytes { all in
            id.count == 0 || memcmp(all.baseAddress! + start, id.baseAddress!, id.count) == 0
        }
    }

    /// Puts an id's number into the first free slot from where its hash leads.
    private mutating func place(_ hash: UInt64, _ index: Int32) {
        let mask = slots.count - 1
        var slot = Int(truncatingIfNeeded: hash) & mask
        while slots[slot] != 0 { slot = (slot + 1) & mask }
        slots[slot] = (hash & ~0xffff_ffff) | UInt64(index + 1)
    }

    private mutating func grow() {
        slots = Array(repeating: 0, count: slots.count * 2)
        for index in 0..<count { place(withBytes(of: index) { Self.hash(of: $0) }, Int32(index)) }
    }
}
