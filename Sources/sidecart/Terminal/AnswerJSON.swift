import SidecartClient

/// A slate as JSON. Fields bear the names that the JSON form of proto3 gives the contract's: lower
/// camel case, such as `itemId`.
struct SlateJSON: Encodable {
    let items: [Item]
    let tier: String
    let modelVersion: String
    /// As text, as the JSON form of proto3 has numbers of 64 bits; absent where the slate is empty.
    let slateId: String?
    let unknown: [String]
    let leftOut: [LeftOutJSON]?
    let whyNot: [WhyNotJSON]?

    struct LeftOutJSON: Encodable {
        let rule: String
        let items: Int
    }

    struct WhyNotJSON: Encodable {
        let itemId: String
        let outcome: String
        let rule: String?
        let rank: Int?
        let score: Float?
        let missing: Float?
        let reasons: [ReasonJSON]
        let parts: [PartJSON]?
    }

    struct Item: Encodable {
        let itemId: String
        let score: Float
        let title: String
        let category: String
        let price: Float?
        /// Absent unless places were explored.
        let propensity: Float?
        let reasons: [ReasonJSON]
        /// Absent unless they were asked for.
        let parts: [PartJSON]?
    }

    struct PartJSON: Encodable {
        let feature: String
        let value: Float
        let contribution: Float
        let items: [ShareJSON]

        struct ShareJSON: Encodable {
            /// Absent for what all that are not named have together.
            let itemId: String?
            let title: String?
            let contribution: Float
        }
    }

    struct ReasonJSON: Encodable {
        let kind: String
        let itemId: String?
        let title: String?
        let contribution: Float
        let lift: Float?
        let confidence: Float?
        let times: Float?
        let intervalDays: Float?
        let ageDays: Float?
    }

    init(_ slate: Slate) {
        tier = "\(slate.tier)"
        modelVersion = slate.modelVersion
        slateId = slate.id == 0 ? nil : "\(slate.id)"
        unknown = slate.unknown
        leftOut =
            slate.leftOut.isEmpty
            ? nil : slate.leftOut.map { LeftOutJSON(rule: "\($0.rule)", items: $0.items) }
        whyNot = slate.whyNot.isEmpty ? nil : slate.whyNot.map(WhyNotJSON.init)
        items = slate.items.map { item in
            Item(
                itemId: item.itemID, score: item.score, title: item.title,
                category: item.category, price: item.price > 0 ? item.price : nil,
                propensity: item.propensity > 0 ? item.propensity : nil,
                reasons: item.reasons.map(ReasonJSON.init), parts: PartJSON.all(item.parts))
        }
    }
}

extension SlateJSON.WhyNotJSON {
    fileprivate init(_ absent: WhyNot) {
        let isRanked = absent.score != 0
        self.init(
            itemId: absent.itemID, outcome: "\(absent.outcome)",
            rule: absent.rule == .unspecified ? nil : "\(absent.rule)",
            rank: absent.rank > 0 ? absent.rank : nil, score: isRanked ? absent.score : nil,
            missing: isRanked ? absent.missing : nil,
            reasons: absent.reasons.map(SlateJSON.ReasonJSON.init),
            parts: SlateJSON.PartJSON.all(absent.parts))
    }
}

extension SlateJSON.PartJSON {
    fileprivate static func all(_ parts: [ScorePart]) -> [Self]? {
        parts.isEmpty
            ? nil
            : parts.map { part in
                Self(
                    feature: part.feature, value: part.value, contribution: part.contribution,
                    items: part.items.map { share in
                        ShareJSON(
                            itemId: share.itemID.isEmpty ? nil : share.itemID,
                            title: share.title.isEmpty ? nil : share.title,
                            contribution: share.contribution)
                    })
            }
    }
}

extension SlateJSON.ReasonJSON {
    fileprivate init(_ reason: Reason) {
        let isCounted = reason.kind == .boughtTogether
        let isHabit = reason.kind == .boughtBefore
        self.init(
            kind: "\(reason.kind)", itemId: reason.itemID.isEmpty ? nil : reason.itemID,
            title: reason.title.isEmpty ? nil : reason.title, contribution: reason.contribution,
            lift: isCounted ? reason.lift : nil, confidence: isCounted ? reason.confidence : nil,
            times: isHabit ? reason.times : nil, intervalDays: isHabit ? reason.intervalDays : nil,
            ageDays: isHabit ? reason.ageDays : nil)
    }
}

struct RelatedJSON: Encodable {
    let items: [Item]
    let modelVersion: String

    struct Item: Encodable {
        let itemId: String
        let relation: String
        let score: Float
        let title: String
        let category: String
        let price: Float?
        let lift: Float
        let confidence: Float
        let intervalDays: Float?
        let spreadDays: Float?
    }

    init(_ related: RelatedItems) {
        modelVersion = related.modelVersion
        items = related.items.map {
            Item(
                itemId: $0.itemID, relation: "\($0.relation)", score: $0.score, title: $0.title,
                category: $0.category, price: $0.price > 0 ? $0.price : nil, lift: $0.lift,
                confidence: $0.confidence,
                intervalDays: $0.relation == .rebuy ? $0.intervalDays : nil,
                spreadDays: $0.relation == .rebuy ? $0.spreadDays : nil)
        }
    }
}

struct ScoresJSON: Encodable {
    let scores: [Item]
    let unknown: [String]
    let tier: String
    let modelVersion: String

    struct Item: Encodable {
        let itemId: String
        /// Absent for unknown items.
        let score: Float?
    }

    init(items: [String], _ scores: Scores) {
        self.scores = zip(items, scores.values).map {
            Item(itemId: $0, score: $1.isNaN ? nil : $1)
        }
        unknown = scores.unknown.map { items[$0] }
        tier = "\(scores.tier)"
        modelVersion = scores.modelVersion
    }
}
