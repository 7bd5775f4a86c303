package import Interactions

/// Finds items by ids that are spelt otherwise than in the catalog, as reading events did.
package struct SpellingTable: Sendable {
    package let folding: IdentifierFolding
    private var folded = IdentifierTable()
    private var ordinals: [UInt32] = []

    init(_ ids: IdentifierTable, _ folding: IdentifierFolding) {
        self.folding = folding
        for ordinal in 0..<ids.count {
            let count = folded.count
            // Of two ids that fold alike the first stands.
            if folded.insert(folding.folded(ids[ordinal])) == count {
                ordinals.append(UInt32(ordinal))
            }
        }
    }

    /// The ordinal of the item that is meant by an id which is none as it stands.
    ///
    /// - Complexity: O(bytes); only ids with accents allocate.
    func ordinal(of id: IDView) -> UInt32? {
        guard IdentifierRule.permits(byteCount: id.count) else { return nil }
        if id.allSatisfy({ $0 < 0x80 }) {
            guard folding.foldsCase else { return nil }
            return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: id.count) { text in
                for i in 0..<id.count {
                    text[i] = id[i] >= 0x41 && id[i] <= 0x5a ? id[i] | 0x20 : id[i]
                }
                return find(UnsafeBufferPointer(text))
            }
        }
        var text = folding.folded(String(decoding: id, as: UTF8.self))
        return text.withUTF8 { find($0) }
    }

    private func find(_ text: UnsafeBufferPointer<UInt8>) -> UInt32? {
        folded.index(of: text).map { ordinals[Int($0)] }
    }
}
