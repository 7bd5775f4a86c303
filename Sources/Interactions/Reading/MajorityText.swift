internal import Glibc

/// Keeps for each item the text that most of its lines have, at the cost of one comparison a line.
///
/// Shops edit descriptions, and type notes such as "damaged?" in their place; the last text may be
/// such a note. A text with more than half of the lines is certain to be kept; else one of the
/// frequent ones is. Source: Boyer and Moore 1981, "MJRTY: A fast majority vote algorithm".
struct MajorityText {
    private struct Entry {
        /// Where the kept text is.
        var start = 0
        var count: Int32 = 0
        /// What the place may hold, so that a text that fits replaces the one before it.
        var room: Int32 = 0
        /// By how many lines the kept text is ahead of all others.
        var lead: Int32 = 0
    }

    private var bytes: [UInt8] = []
    private var entries: [Entry] = []

    mutating func vote(item: Int, _ text: UnsafeBufferPointer<UInt8>) {
        guard text.count > 0 else { return }
        while entries.count <= item { entries.append(Entry()) }
        let entry = entries[item]
        if entry.lead == 0 {
            replace(item: item, by: text)
        } else {
            entries[item].lead = entry.lead + (isKept(text, entry) ? 1 : -1)
        }
    }

    /// The kept texts by item.
    func forEach(_ body: (Int, UnsafeBufferPointer<UInt8>) -> Void) {
        bytes.withUnsafeBufferPointer { all in
            for (item, entry) in entries.enumerated() where entry.count > 0 {
                body(item, .init(rebasing: all[entry.start..<entry.start + Int(entry.count)]))
            }
        }
    }

    private func isKept(_ text: UnsafeBufferPointer<UInt8>, _ entry: Entry) -> Bool {
        guard text.count == Int(entry.count), let start = text.baseAddress else { return false }
        return bytes.withUnsafeBufferPointer {
            memcmp($0.baseAddress! + entry.start, start, text.count) == 0
        }
    }

    private mutating func replace(item: Int, by text: UnsafeBufferPointer<UInt8>) {
        var entry = entries[item]
        entry.count = Int32(text.count)
        entry.lead = 1
        if text.count <= Int(entry.room) {
            for i in 0..<text.count { bytes[entry.start + i] = text[i] }
        } else {
            entry.start = bytes.count
            entry.room = Int32(text.count)
            bytes.append(contentsOf: text)
        }
        entries[item] = entry
    }
}
