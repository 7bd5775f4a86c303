/// Keeps for each item the text that most of its lines have, at the cost of one comparison a line.
///
/// Shops edit descriptions, and type notes such as "damaged?" in their place; the last text may be
/// such a note. A text with more than half of the lines is certain to be kept; else one of the
/// frequent ones is. Source: Boyer and Moore 1981, "MJRTY: A fast majority vote algorithm".
struct MajorityText {
    private var bytes: [UInt8] = []
    private var starts: [Int] = []
    private var counts: [Int32] = []
    /// What a place may hold, so that a text that fits replaces the one before it.
    private var rooms: [Int32] = []
    private var leads: [Int32] = []

    mutating func vote(item: Int, _ text: UnsafeBufferPointer<UInt8>) {
        guard text.count > 0 else { return }
        while leads.count <= item {
            starts.append(0)
            counts.append(0)
            rooms.append(0)
            leads.append(0)
        }
        if leads[item] == 0 {
            replace(item: item, by: text)
            leads[item] = 1
        } else {
            leads[item] += isKept(text, item) ? 1 : -1
        }
    }

    /// The kept texts by item.
    func forEach(_ body: (Int, UnsafeBufferPointer<UInt8>) -> Void) {
        bytes.withUnsafeBufferPointer { all in
            for item in starts.indices where counts[item] > 0 {
                body(item, .init(rebasing: all[starts[item]..<starts[item] + Int(counts[item])]))
            }
        }
    }

    private func isKept(_ text: UnsafeBufferPointer<UInt8>, _ item: Int) -> Bool {
        guard text.count == Int(counts[item]) else { return false }
        let start = starts[item]
        return bytes.withUnsafeBufferPointer { all in
            for i in 0..<text.count where all[start + i] != text[i] { return false }
            return true
        }
    }

    private mutating func replace(item: Int, by text: UnsafeBufferPointer<UInt8>) {
        counts[item] = Int32(text.count)
        if text.count <= Int(rooms[item]) {
            for i in 0..<text.count { bytes[starts[item] + i] = text[i] }
        } else {
            starts[item] = bytes.count
            rooms[item] = Int32(text.count)
            bytes.append(contentsOf: text)
        }
    }
}
