/// The main reason that an item was shown for; `none` where the answer had no reasons.
package enum ShownReason: Int, CaseIterable, Sendable {
    case none = 0
    case boughtTogether = 1
    case taste = 2
    case popular = 3
    case boughtBefore = 4

    /// Such as `bought_together`, as labels and reports have it.
    package var name: String {
        switch self {
        case .none: "none"
        case .boughtTogether: "bought_together"
        case .taste: "taste"
        case .popular: "popular"
        case .boughtBefore: "bought_before"
        }
    }
}

/// What all items of a slate have in common, in one word.
///
/// From the low end: how many items (16 bits), tier (3), rule set (8), seconds since 1970 (37).
struct SlateHead {
    var items: Int
    /// As on the wire: 1 to 4.
    var tier: Int
    var ruleSet: Int
    var seconds: Int

    init(items: Int, tier: Int, ruleSet: Int, seconds: Int) {
        (self.items, self.tier, self.ruleSet, self.seconds) = (items, tier, ruleSet, seconds)
    }

    init(word: UInt64) {
        items = Int(word & 0xffff)
        tier = Int(word >> 16 & 7)
        ruleSet = Int(word >> 19 & 0xff)
        seconds = Int(word >> 27)
    }

    var word: UInt64 {
        UInt64(items) | UInt64(tier) << 16 | UInt64(ruleSet) << 19 | UInt64(seconds) << 27
    }
}

/// An item as it was shown, in one word: a hash of its id, why it is there, and what came of it.
///
/// From the high end: the hash (58 bits), the reason (3), whether its place was explored, whether it
/// was clicked, and whether it was bought.
struct ShownItem {
    static let clicked: UInt64 = 2
    static let bought: UInt64 = 1

    var word: UInt64

    init(word: UInt64) { self.word = word }

    init(hash: UInt64, reason: ShownReason, isExplored: Bool) {
        word = hash << 6 | UInt64(reason.rawValue) << 3 | (isExplored ? 4 : 0)
    }

    /// 58 bits: among the items of one slate two that are alike are out of the question.
    var hash: UInt64 { word >> 6 }
    var reason: ShownReason { ShownReason(rawValue: Int(word >> 3 & 7)) ?? .none }
    var isExplored: Bool { word & 4 != 0 }
}
