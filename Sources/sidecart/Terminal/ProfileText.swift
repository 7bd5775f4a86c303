import Foundation
import SidecartClient

/// Profiles for people.
enum ProfileText {
    static func render(_ profile: UserProfile) -> String {
        var lines = ["\(profile.userID.withoutControls): \(profile.items) items"]
        if profile.baskets > 0 {
            lines[0] += String(
                format: " in %d baskets of %.1f", profile.baskets, profile.basketItems)
            var visits = "last basket \(SlateText.days(profile.ageDays)) before the newest event"
            if profile.intervalDays > 0 {
                visits += ", one every \(SlateText.days(profile.intervalDays))"
            }
            lines.append(visits)
        }
        if profile.spend > 0 {
            lines.append(
                String(
                    format:
                        "spend about %.2f at today's prices; prices %.2f to %.2f, half below %.2f",
                    profile.spend, profile.priceLow, profile.priceHigh, profile.priceMedian))
        }
        if !profile.categories.isEmpty {
            var table = Table(["category", ">share"])
            for share in profile.categories {
                table.add([share.category, SlateText.percent(share.share)])
            }
            lines.append(table.render())
        }
        var table = Table(["item", "title", ">times", ">every", ">last", "due"])
        for own in profile.own {
            table.add([
                own.itemID, own.title.truncated(to: 40), "\(own.times)",
                own.intervalDays > 0 ? SlateText.days(own.intervalDays) : "",
                profile.baskets > 0 ? SlateText.days(own.ageDays) : "", own.isDue ? "yes" : "",
            ])
        }
        lines.append(table.render())
        lines.append("model \(profile.modelVersion)")
        return lines.joined(separator: "\n")
    }

    static func render(_ profile: ItemProfile) -> String {
        var lines = [profile.itemID.withoutControls]
        if !profile.title.isEmpty { lines[0] += ": \(profile.title.withoutControls)" }
        if !profile.category.isEmpty {
            lines.append("category \(profile.category.withoutControls)")
        }
        if profile.price > 0 { lines.append(String(format: "price %.2f", profile.price)) }
        if profile.stock >= 0 { lines.append("stock \(profile.stock)") }
        if profile.rank > 0 {
            lines.append(
                String(
                    format: "taken %g times, place %d, %.3f %% of all", profile.taken, profile.rank,
                    profile.share * 100))
        }
        if profile.monthRate > 0 {
            lines.append(
                String(
                    format: "a day: %.2f by the last week, %.2f by the last month, trend %+.0f %%",
                    profile.weekRate, profile.monthRate,
                    (profile.weekRate / profile.monthRate - 1) * 100))
        }
        if profile.repeatIntervalDays > 0 {
            lines.append(
                "bought again by \(SlateText.percent(profile.repeatRate)) of buyers, every "
                    + "\(SlateText.days(profile.repeatIntervalDays)), give or take "
                    + SlateText.days(profile.repeatSpreadDays))
        }
        let relations = profile.relations.map { "\($0.items) \($0.relation)" }
        if !relations.isEmpty { lines.append("related: \(relations.joined(separator: ", "))") }
        lines.append("model \(profile.modelVersion)")
        return lines.joined(separator: "\n")
    }
}

/// A shopper's profile as JSON, under the names of the contract's JSON form.
struct UserProfileJSON: Encodable {
    struct Category: Encodable {
        let category: String
        let share: Float
    }

    struct Own: Encodable {
        let itemId: String
        let title: String
        let times: Int
        let intervalDays: Float
        let ageDays: Float
        let due: Bool
    }

    let userId: String
    let modelVersion: String
    let items: Int
    let baskets: Int
    let basketItems: Float
    let ageDays: Float
    let intervalDays: Float
    let spend: Float
    let priceLow: Float
    let priceMedian: Float
    let priceHigh: Float
    let categories: [Category]
    let own: [Own]

    init(_ profile: UserProfile) {
        userId = profile.userID
        modelVersion = profile.modelVersion
        items = profile.items
        baskets = profile.baskets
        basketItems = profile.basketItems
        ageDays = profile.ageDays
        intervalDays = profile.intervalDays
        spend = profile.spend
        (priceLow, priceMedian, priceHigh) = (
            profile.priceLow, profile.priceMedian, profile.priceHigh
        )
        categories = profile.categories.map { Category(category: $0.category, share: $0.share) }
        own = profile.own.map {
            Own(
                itemId: $0.itemID, title: $0.title, times: $0.times, intervalDays: $0.intervalDays,
                ageDays: $0.ageDays, due: $0.isDue)
        }
    }
}

/// An item's profile as JSON.
struct ItemProfileJSON: Encodable {
    struct Related: Encodable {
        let relation: String
        let items: Int
    }

    let itemId: String
    let modelVersion: String
    let title: String
    let category: String
    let price: Float?
    let stock: Int?
    let taken: Float
    let share: Float
    let rank: Int
    let weekRate: Float
    let monthRate: Float
    let repeatRate: Float
    let repeatIntervalDays: Float
    let repeatSpreadDays: Float
    let relations: [Related]

    init(_ profile: ItemProfile) {
        itemId = profile.itemID
        modelVersion = profile.modelVersion
        title = profile.title
        category = profile.category
        price = profile.price > 0 ? profile.price : nil
        stock = profile.stock >= 0 ? profile.stock : nil
        taken = profile.taken
        share = profile.share
        rank = profile.rank
        weekRate = profile.weekRate
        monthRate = profile.monthRate
        repeatRate = profile.repeatRate
        repeatIntervalDays = profile.repeatIntervalDays
        repeatSpreadDays = profile.repeatSpreadDays
        relations = profile.relations.map { Related(relation: "\($0.relation)", items: $0.items) }
    }
}
