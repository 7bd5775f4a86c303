/// How to read events: the file's layout and the rules that clean dirty data.
///
/// Ids lose blanks at both ends in any case. Every line that a rule leaves out is counted by cause
/// in the ``ReadReport``.
package struct ReadOptions: Sendable {
    package enum NegativeValues: String, CaseIterable, Sendable {
        /// The event becomes a return of as many; ratings stay as they are.
        case `return`
        case leaveOut = "leave-out"
        case keep
    }

    /// What to do with ids such as `17850.0`, which tools write that keep whole numbers with gaps
    /// as floats.
    package enum FloatIdentifiers: String, CaseIterable, Sendable {
        /// Cut `.0` off where all ids of the column's first rows have it, and say so in the report.
        case detect
        case cut
        case keep
    }

    package var table = TableOptions()
    /// nil: found out from the first rows, which must not leave open whether day or month comes
    /// first.
    package var timeFormat: TimeFormat?
    /// What an event is where no column says it.
    package var kind = EventKind.purchase
    /// The shop's own words for kinds, besides the usual synonyms; compared without case.
    package var kindNames: [String: EventKind] = [:]
    /// Leaves out lines whose kind is not known, where else they are bad lines.
    package var leavesOutUnknownKinds = false
    /// Takes `85123a` and `85123A` for one item, under the spelling seen first. ASCII letters only.
    package var foldsItemCase = false
    /// Takes ids that differ only in how their accents are composed for one, in Unicode's form NFC.
    package var composesIdentifiers = false
    /// What the tables of events and ids may take in memory, in bytes, before reading is given up.
    package var memoryBytesMax = 4 << 30
    package var floatIdentifiers = FloatIdentifiers.detect
    package var negativeValues = NegativeValues.return
    /// Lines whose basket begins so are returns, as invoice `C536379` cancels.
    package var returnBasketPrefix: String?
    /// Lines with a lower price are left out; lines without a price stay.
    package var priceMin: Double?
    /// Which items are no products: postage, fees, tests.
    package var excludedItems = ItemFilter()
    package var categorySeparator: String?

    package init() {}
}

/// How to read a catalog.
package struct CatalogOptions: Sendable {
    package var table = TableOptions()
    /// Between the levels of a category path; nil: `>` where there is one, else `|`.
    package var categorySeparator: String?

    package init() {}
}

/// Ids that are left out.
package struct ItemFilter: Sendable {
    /// Ids, or patterns in which `*` stands for any text and `?` for one byte. Compared without
    /// ASCII case.
    package var patterns: [String] = []
    /// Ids without any digit, such as `POST` and `BANK CHARGES` among numbered products.
    package var excludesItemsWithoutDigit = false

    package init() {}

    package init(patterns: [String], excludesItemsWithoutDigit: Bool = false) {
        self.patterns = patterns
        self.excludesItemsWithoutDigit = excludesItemsWithoutDigit
    }

    package func excludes(_ id: String) -> Bool {
        let id = id.utf8.map(asciiLowercased)
        if excludesItemsWithoutDigit, !id.contains(where: { $0 &- 0x30 < 10 }) { return true }
        return patterns.contains { Self.matches(id, pattern: $0.utf8.map(asciiLowercased)) }
    }

    /// Goes back to the last `*` where the rest does not fit. Complexity: O(id x pattern).
    private static func matches(_ id: [UInt8], pattern: [UInt8]) -> Bool {
        var i = 0
        var p = 0
        var star: (pattern: Int, id: Int)?
        while i < id.count {
            if p < pattern.count, pattern[p] == UInt8(ascii: "*") {
                star = (p, i)
                p += 1
            } else if p < pattern.count, pattern[p] == UInt8(ascii: "?") || pattern[p] == id[i] {
                p += 1
                i += 1
            } else if let last = star {
                star = (last.pattern, last.id + 1)
                p = last.pattern + 1
                i = last.id + 1
            } else {
                return false
            }
        }
        return pattern[p...].allSatisfy { $0 == UInt8(ascii: "*") }
    }
}

func asciiLowercased(_ byte: UInt8) -> UInt8 {
    byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte
}
