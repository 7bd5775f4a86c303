import SidecartClient

/// A slate as JSON. Fields bear the names that the JSON form of proto3 gives the contract's: lower
/// camel case, such as `itemId`.
struct SlateJSON: Encodable {
    let items: [Item]
    let tier: String
    let modelVersion: String
    let unknown: [String]

    struct Item: Encodable {
        let itemId: String
        let score: Float
        let title: String
        let category: String
        let price: Float?
        let reasons: [ReasonJSON]
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
        unknown = slate.unknown
        items = slate.items.map { item in
            Item(
                itemId: item.itemID, score: item.score, title: item.title,
                category: item.category, price: item.price > 0 ? item.price : nil,
                reasons: item.reasons.map { reason in
                    let isCounted = reason.kind == .boughtTogether
                    let isHabit = reason.kind == .boughtBefore
                    return ReasonJSON(
                        kind: "\(reason.kind)", itemId: reason.itemID.isEmpty ? nil : reason.itemID,
                        title: reason.title.isEmpty ? nil : reason.title,
                        contribution: reason.contribution, lift: isCounted ? reason.lift : nil,
                        confidence: isCounted ? reason.confidence : nil,
                        times: isHabit ? reason.times : nil,
                        intervalDays: isHabit ? reason.intervalDays : nil,
                        ageDays: isHabit ? reason.ageDays : nil)
                })
        }
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
