import Bundles
import CrossSell
import EmbeddingStore
import Interactions
import Models

/// A query with ids as strings.
struct Ask {
    var user: String?
    var basket: [String] = []
    var history: [String] = []
    var exclusions: [String] = []
    var k = 10
    var includesPurchased = false
    var includesOutOfStock = false
    var perCategoryMax = 0
    var priceMin: Float = 0
    var priceMax = Float.infinity
    var categories: [String] = []
    var excludedCategories: [String] = []
    var allowed: [String] = []
    var budget = Float.infinity
    var supportMin: Float = 0
    var leavesOutSubstitutes = false
    var includesDue = false
    var categoryLevel = 0
    var perBasketItemMax = 0
    var itemBoosts: [String: Float] = [:]
    var categoryBoosts: [String: Float] = [:]
    var diversity: Float = 0
    var marginWeight: Float = 0
    var newItemsMax = 0
    var leavesOutNewItems = false
    var whyNot: [String] = []
    var exploration = Exploration()
    var wantsReasons = true
    var deadline = Int64.max

    /// Lends the query with ids that lie still as long as `body` runs.
    func lend<R>(_ more: [String] = [], _ body: (Query, [IDView]) -> R) -> R {
        let all =
            basket + history + exclusions + more + categories + excludedCategories
            + [user ?? ""] + allowed + whyNot + itemBoosts.keys.sorted()
            + categoryBoosts.keys.sorted()
        let texts = TextTable(count: all.count) { all[$0] }
        var views = (0..<all.count).map { texts[$0] }[...]
        func take(_ count: Int) -> [IDView] {
            defer { views = views.dropFirst(count) }
            return Array(views.prefix(count))
        }
        var query = Query()
        query.basket = take(basket.count)
        query.history = take(history.count)
        query.rules.exclusions = take(exclusions.count)
        let extra = take(more.count)
        query.rules.categories = take(categories.count)
        query.rules.excludedCategories = take(excludedCategories.count)
        (query.rules.priceMin, query.rules.priceMax) = (priceMin, priceMax)
        let name = take(1)
        query.user = user.map { _ in name[0] }
        query.rules.allowed = take(allowed.count)
        query.whyNot = take(whyNot.count)
        for (view, (_, factor)) in zip(
            take(itemBoosts.count), itemBoosts.sorted { $0.key < $1.key })
        {
            query.rules.boosts.append(.init(.item(view), factor: factor))
        }
        for (view, (_, factor)) in zip(
            take(categoryBoosts.count), categoryBoosts.sorted { $0.key < $1.key })
        {
            query.rules.boosts.append(.init(.category(view), factor: factor))
        }
        query.rules.budget = budget
        query.rules.supportMin = supportMin
        query.rules.leavesOutSubstitutes = leavesOutSubstitutes
        query.rules.includesDue = includesDue
        query.rules.categoryLevel = categoryLevel
        query.rules.perBasketItemMax = perBasketItemMax
        query.rules.diversity = diversity
        query.rules.marginWeight = marginWeight
        query.rules.newItemsMax = newItemsMax
        query.rules.leavesOutNewItems = leavesOutNewItems
        query.exploration = exploration
        query.k = k
        query.rules.includesPurchased = includesPurchased
        query.rules.includesOutOfStock = includesOutOfStock
        query.rules.perCategoryMax = perCategoryMax
        query.wantsReasons = wantsReasons
        query.deadline = deadline
        return withExtendedLifetime(texts) { body(query, extra) }
    }
}

/// A slate that outlives the engine's turn.
struct Answer: Equatable {
    struct Item: Equatable {
        var id: String
        var score: Float
        var reasons: [Why]
    }

    struct Why: Equatable {
        var kind: Reason.Kind
        var item: UInt32?
        var contribution: Float
        var lift: Float
        var confidence: Float
    }

    var tier: Tier
    var items: [Item]
    var unknown: [String]

    var ids: [String] { items.map(\.id) }
}

extension Engine {
    func answer(_ ask: Ask) -> Answer {
        defer { endTurn() }
        return ask.lend { query, _ in
            let tier = recommend(query)
            return Answer(
                tier: tier,
                items: slate.map { item in
                    Answer.Item(
                        id: String(decoding: item.id, as: UTF8.self), score: item.score,
                        reasons: reasons[item.reasons].map {
                            Answer.Why(
                                kind: $0.kind, item: $0.item, contribution: $0.contribution,
                                lift: $0.lift, confidence: $0.confidence)
                        })
                }, unknown: unknown.map { String(decoding: $0, as: UTF8.self) })
        }
    }

    func scores(of items: [String], _ ask: Ask) -> (tier: Tier, scores: [Float], unknown: [UInt32])
    {
        defer { endTurn() }
        return ask.lend(items) { query, ids in
            let tier = score(ids, for: query)
            return (tier, scores, unknownPositions)
        }
    }
}

extension ModelBundle {
    func serve() throws -> Generation {
        try Generation(self, storeBytesMax: 64 << 20, readersMax: 2)
    }
}

extension Generation {
    /// Puts an item's vector as the server does for a new or a known id.
    func put(_ id: String, _ vector: [Float]) throws {
        let text = TextTable(count: 1) { _ in id }
        try vector.withUnsafeBufferPointer {
            _ = try itemStore.put([
                .init(
                    id: text[0], vector: $0,
                    ordinal: items.ordinal(of: id))
            ])
        }
        withExtendedLifetime(text) {}
    }

    func delete(_ id: String) {
        let text = TextTable(count: 1) { _ in id }
        _ = itemStore.delete(text[0])
        withExtendedLifetime(text) {}
    }
}
