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
        lines.append("\(blanks)tier \(slate.tier), model \(slate.modelVersion.withoutControls)")
        if !slate.unknown.isEmpty {
            lines.append(
                "\(blanks)not known: \(slate.unknown.joined(separator: ", ").withoutControls)")
        }
        if !slate.leftOut.isEmpty {
            let rules = slate.leftOut.map { "\($0.items) \(cause($0.rule))" }
            lines.append("\(blanks)left out: \(rules.joined(separator: ", "))")
        }
        for absent in slate.whyNot { lines.append("\(blanks)\(account(of: absent))") }
        for item in slate.items where !item.parts.isEmpty {
            lines.append(PartsText.render(item.itemID, item.title, item.parts, indent: indent))
        }
        for absent in slate.whyNot where !absent.parts.isEmpty {
            lines.append(PartsText.render(absent.itemID, "", absent.parts, indent: indent))
        }
        return lines.joined(separator: "\n")
    }

    /// Why an item is not on the slate.
    static func account(of absent: WhyNot) -> String {
        let fate =
            switch absent.outcome {
            case .unknown: "is not known"
            case .onSlate: "is on the slate, at place \(absent.rank)"
            case .byRule: "is left out: \(cause(absent.rule))"
            case .notFound: "was not found: nothing here leads to it"
            case .rankedLower where absent.rank == 0: "is ranked past the longest slate"
            case .rankedLower:
                "is ranked \(absent.rank), score \(score(absent.score)), "
                    + "\(score(absent.missing)) short of the slate's last"
            case .unspecified: "is not on the slate"
            }
        let reasons = absent.reasons.map(why).joined(separator: "; ")
        return ("\(absent.itemID) \(fate)" + (reasons.isEmpty ? "" : " (\(reasons))"))
            .withoutControls
    }

    private static func cause(_ rule: Rule) -> String {
        switch rule {
        case .inBasket: "in the basket"
        case .excluded: "excluded"
        case .notAllowed: "not among those allowed"
        case .purchasedBefore: "bought before"
        case .outOfStock: "out of stock"
        case .price: "outside the price band"
        case .budget: "above the budget with the basket"
        case .category: "of another category"
        case .support: "in too few baskets"
        case .substituteOfBasket: "bought instead of a basket item"
        case .categoryPlaces: "too many of a category"
        case .basketItemPlaces: "too many for one basket item"
        case .unavailable: "sold no more, or not yet"
        case .variant: "a variant of another item"
        case .newItemPlaces: "too many that nobody took yet"
        case .unspecified: "by a rule"
        }
    }

    static func why(_ reason: Reason) -> String {
        let cause = (reason.title.isEmpty ? reason.itemID : reason.title).truncated(to: 32)
        return switch reason.kind {
        case .boughtTogether:
            "in \(percent(reason.confidence)) of baskets with \(cause) (lift \(lift(reason.lift)))"
        case .taste: cause.isEmpty ? "suits this shopper" : "suits who takes \(cause)"
        case .popular: "sells well"
        case .boughtBefore: habit(reason)
        case .new: "new, like \(cause)"
        case .unspecified: ""
        }
    }

    private static func habit(_ reason: Reason) -> String {
        let times = Int(reason.times)
        guard times > 1 else { return "bought before, \(days(reason.ageDays)) ago" }
        // Several times a day is no interval to speak of.
        let interval = reason.intervalDays < 0.5 ? "" : ", every \(days(reason.intervalDays))"
        return "bought \(times) times\(interval), last \(days(reason.ageDays)) ago"
    }

    static func days(_ count: Float) -> String {
        let whole = Int(count.rounded())
        return whole == 1 ? "1 day" : "\(whole) days"
    }

    static func score(_ value: Float) -> String { String(format: "%.4f", value) }
    static func lift(_ value: Float) -> String { String(format: "%.1f", value) }

    static func percent(_ share: Float) -> String {
        String(format: share < 0.1 ? "%.1f %%" : "%.0f %%", share * 100)
    }
}
