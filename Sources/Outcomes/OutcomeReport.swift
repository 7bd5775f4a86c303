/// What came of the slates that a server showed.
package struct OutcomeReport: Sendable {
    /// Of all items shown, or of some of them.
    package struct Row: Sendable {
        /// Such as the tier's.
        package let name: String
        /// Items shown, each time they were.
        package fileprivate(set) var impressions = 0
        /// Of those, the ones that were clicked, and the ones that were bought; at most one each an
        /// impression.
        package fileprivate(set) var clicks = 0
        package fileprivate(set) var purchases = 0
        /// What the purchases were worth, in the shop's currency.
        package fileprivate(set) var revenue = 0.0
        /// Different items shown, and different items bought; about 1 % off where there are more than
        /// 2,048.
        package fileprivate(set) var itemsShown = 0
        package fileprivate(set) var itemsSold = 0

        fileprivate init(_ name: String, _ cells: some Sequence<OutcomeCell>) {
            self.name = name
            var (shown, sold) = (DistinctCounter(), DistinctCounter())
            for cell in cells {
                impressions += cell.impressions
                clicks += cell.clicks
                purchases += cell.purchases
                revenue += cell.revenue
                shown.formUnion(cell.shown)
                sold.formUnion(cell.sold)
            }
            (itemsShown, itemsSold) = (shown.count, sold.count)
        }
    }

    /// When the counting began, in seconds since 1970.
    package let since: Int
    /// Slates counted, and those that were overwritten before they could be.
    package let slates: Int
    package let slatesMissed: Int
    /// When the oldest slate was shown to which an event can still be tied; nil where there is none.
    package let oldestSlate: Int?
    /// Events that named a slate which is not there any more, or never was, and events whose item was
    /// not on the slate.
    package let unknownSlates: Int
    package let itemsNotOnSlate: Int
    package let all: Row
    /// By tier, by main reason, by rule set, and by whether the item's place was explored; those that
    /// were shown.
    package let byTier: [Row]
    package let byReason: [Row]
    package let byRuleSet: [Row]
    package let byExploration: [Row]

    init(
        since: Int, slates: Int, slatesMissed: Int, oldestSlate: Int?, unknownSlates: Int,
        itemsNotOnSlate: Int, _ cells: [OutcomeCell]
    ) {
        (self.since, self.slates, self.slatesMissed) = (since, slates, slatesMissed)
        (self.oldestSlate, self.unknownSlates) = (oldestSlate, unknownSlates)
        self.itemsNotOnSlate = itemsNotOnSlate
        all = Row("all", cells)
        func rows(_ name: (OutcomeCell) -> String) -> [Row] {
            var names: [String] = []
            for cell in cells where !names.contains(name(cell)) { names.append(name(cell)) }
            return names.map { one in Row(one, cells.filter { name($0) == one }) }
        }
        byTier = rows(\.tier)
        byReason = rows(\.reason.name)
        byRuleSet = rows(\.ruleSet)
        byExploration = rows { $0.isExplored ? "explored" : "ranked" }
    }
}

/// What came of the items that were shown under like circumstances.
package struct OutcomeCell: Sendable {
    package let tier: String
    package let reason: ShownReason
    /// Empty for none.
    package let ruleSet: String
    package let isExplored: Bool
    package internal(set) var impressions = 0
    package internal(set) var clicks = 0
    package internal(set) var purchases = 0
    package internal(set) var revenue = 0.0
    var shown = DistinctCounter()
    var sold = DistinctCounter()

    init(tier: String, reason: ShownReason, ruleSet: String, isExplored: Bool) {
        (self.tier, self.reason, self.ruleSet) = (tier, reason, ruleSet)
        self.isExplored = isExplored
    }
}
