import Foundation
import SidecartClient

/// Slates as tables for people.
enum SlateText {
    static func render(_ slate: Slate, indent: Int = 0) -> String {
        var table = Table([">#", "item", "title", ">price", ">score", "why"])
        for (rank, item) in slate.items.enumerated() {
            table.add([
                "\(rank + 1)", item.itemID, item.title.truncated(to: 40),
                item.price > 0 ? String(format: "%.2f", item.price) : "",
                score(item.score), item.reasons.first.map(why) ?? "",
            ])
        }
        var lines = [table.render(indent: indent)]
        let blanks = String(repeating: " ", count: indent)
        lines.append("\(blanks)tier \(slate.tier), model \(slate.modelVersion)")
        if !slate.unknown.isEmpty {
            lines.append("\(blanks)not known: \(slate.unknown.joined(separator: ", "))")
        }
        return lines.joined(separator: "\n")
    }

    static func why(_ reason: Reason) -> String {
        let cause = (reason.title.isEmpty ? reason.itemID : reason.title).truncated(to: 32)
        return switch reason.kind {
        case .boughtTogether:
            "in \(percent(reason.confidence)) of baskets with \(cause) (lift \(lift(reason.lift)))"
        case .taste: cause.isEmpty ? "suits this shopper" : "suits who takes \(cause)"
        case .popular: "sells well"
        case .unspecified: ""
        }
    }

    static func score(_ value: Float) -> String { String(format: "%.4f", value) }
    static func lift(_ value: Float) -> String { String(format: "%.1f", value) }

    static func percent(_ share: Float) -> String {
        String(format: share < 0.1 ? "%.1f %%" : "%.0f %%", share * 100)
    }
}

/// The wire's answers as JSON, under the names the contract uses.
struct SlateJSON: Encodable {
    let items: [Item]
    let tier: String
    let modelVersion: String
    let unknown: [String]

    struct Item: Encodable {
        let itemID: String
        let score: Float
        let title: String
        let category: String
        let price: Float?
        let reasons: [ReasonJSON]
    }

    struct ReasonJSON: Encodable {
        let kind: String
        let itemID: String?
        let title: String?
        let contribution: Float
        let lift: Float?
        let confidence: Float?
    }

    init(_ slate: Slate) {
        tier = "\(slate.tier)"
        modelVersion = slate.modelVersion
        unknown = slate.unknown
        items = slate.items.map { item in
            Item(
                itemID: item.itemID, score: item.score, title: item.title,
                category: item.category, price: item.price > 0 ? item.price : nil,
                reasons: item.reasons.map { reason in
                    let isCounted = reason.kind == .boughtTogether
                    return ReasonJSON(
                        kind: "\(reason.kind)", itemID: reason.itemID.isEmpty ? nil : reason.itemID,
                        title: reason.title.isEmpty ? nil : reason.title,
                        contribution: reason.contribution, lift: isCounted ? reason.lift : nil,
                        confidence: isCounted ? reason.confidence : nil)
                })
        }
    }
}

struct RelatedJSON: Encodable {
    let items: [Item]
    let modelVersion: String

    struct Item: Encodable {
        let itemID: String
        let score: Float
        let title: String
        let category: String
        let price: Float?
        let lift: Float
        let confidence: Float
    }

    init(_ related: RelatedItems) {
        modelVersion = related.modelVersion
        items = related.items.map {
            Item(
                itemID: $0.itemID, score: $0.score, title: $0.title, category: $0.category,
                price: $0.price > 0 ? $0.price : nil, lift: $0.lift, confidence: $0.confidence)
        }
    }
}

struct ScoresJSON: Encodable {
    let scores: [Item]
    let unknown: [String]
    let tier: String
    let modelVersion: String

    struct Item: Encodable {
        let itemID: String
        /// Absent for unknown items.
        let score: Float?
    }

    init(items: [String], _ scores: Scores) {
        self.scores = zip(items, scores.values).map {
            Item(itemID: $0, score: $1.isNaN ? nil : $1)
        }
        unknown = scores.unknown.map { items[$0] }
        tier = "\(scores.tier)"
        modelVersion = scores.modelVersion
    }
}
