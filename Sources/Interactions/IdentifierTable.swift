/// Gives opaque ids dense numbers, 0 and up, in the order of first appearance.
///
/// Ids are 1 to 256 bytes of UTF-8 without NUL; the caller checks that. The bytes of all ids lie in
/// one buffer, and an open-addressing table of numbers finds them, so an id costs its length plus
/// about 12 bytes. Invariant: `offsets.count == count + 1 && slots.count > count`, a power of two
/// at most 3/4 full.
package struct IdentifierTable: Sendable {
    package private(set) var bytes: [UInt8] = []
    package private(set) var offsets: [Int] = [0]
    private var slots: [Int32] = Array(repeating: -1, count: 16)

    package init() {}

    package init(_ ids: some Sequence<String>) {
        for id in ids { insert(id) }
    }

    package var count: Int { offsets.count - 1 }

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
        var slot = firstSlot(of: id)
        while slots[slot] >= 0 {
            if matches(id, slots[slot]) { return slots[slot] }
            slot = (slot + 1) & (slots.count - 1)
        }
        let index = Int32(count)
        bytes.append(contentsOf: id)
        offsets.append(bytes.count)
        slots[slot] = index
        if count * 4 > slots.count * 3 { grow() }
        return index
    }

    /// The id's number, or nil where it was never inserted. Complexity: O(id length).
    package func index(of id: String) -> Int32? {
        var id = id
        return id.withUTF8 { index(of: $0) }
    }

    package func index(of id: UnsafeBufferPointer<UInt8>) -> Int32? {
        var slot = firstSlot(of: id)
        while slots[slot] >= 0 {
            if matches(id, slots[slot]) { return slots[slot] }
            slot = (slot + 1) & (slots.count - 1)
        }
        return nil
    }

    /// Lends the id's bytes without making a `String`.
    package func withBytes<R>(of index: Int, _ body: (UnsafeBufferPointer<UInt8>) -> R) -> R {
        bytes.withUnsafeBufferPointer {
            body(UnsafeBufferPointer(rebasing: $0[offsets[index]..<offsets[index + 1]]))
        }
    }

    @inline(__always)
    private func matches(_ id: UnsafeBufferPointer<UInt8>, _ index: Int32) -> Bool {
        let start = offsets[Int(index)]
        guard offsets[Int(index) + 1] - start == id.count else { return false }
        return bytes.withUnsafeBufferPointer { all in
            for i in 0..<id.count where all[start + i] != id[i] { return false }
            return true
        }
    }

    /// FNV-1a, finished with a multiply and a fold so that the low bits depend on every byte.
    private func firstSlot(of id: UnsafeBufferPointer<UInt8>) -> Int {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in id { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
        hash = (hash ^ (hash >> 32)) &* 0x9e37_79b9_7f4a_7c15
        return Int(truncatingIfNeeded: hash >> 20) & (slots.count - 1)
    }

    private mutating func grow() {
        slots = Array(repeating: -1, count: slots.count * 2)
        for index in 0..<count {
            var slot = withBytes(of: index) { firstSlot(of: $0) }
            while slots[slot] >= 0 { slot = (slot + 1) & (slots.count - 1) }
            slots[slot] = Int32(index)
        }
    }
}
