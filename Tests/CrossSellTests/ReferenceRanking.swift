import Bundles
import CrossSell
import Foundation
import Interactions
import ModelParts
import Models

/// What the engine must answer, worked out the long way in double precision over every item.
struct ReferenceRanking {
    let bundle: ModelBundle
    /// Vectors as they are served now; ids that are not in the bundle were put while serving.
    var vectors: [String: [Double]] = [:]
    var extraOrdinals: [String: Int] = [:]

    init(_ bundle: ModelBundle) {
        self.bundle = bundle
        guard let items = bundle.parts.embeddings?.items else { return }
        for item in 0..<items.rows {
            vectors[bundle.items[item]] = items[row: item].map(Double.init)
        }
    }

    struct Context {
        var basket: [String] = []
        var past: [String] = []
        var unknown: [String] = []
        var userVector: [Double]?
        /// The known user of the call, where her own list counts.
        var listed: Int?
        var hasHistory = false
        var tier = Tier.popular
    }

    struct Ranked {
        var id: String
        var score: Double
    }

    var allIDs: [String] {
        (0..<bundle.items.count).map { bundle.items[$0] }
            + extraOrdinals.keys.filter { vectors[$0] != nil }
    }

    func context(_ ask: Ask) -> Context {
        var context = Context()
        func known(_ ids: [String]) -> [String] {
            let isKnown = { bundle.items.index(of: $0) != nil || vectors[$0] != nil }
            context.unknown += ids.filter { !isKnown($0) }
            return ids.filter(isKnown).unique
        }
        context.basket = known(ask.basket)
        let user = ask.user.flatMap { bundle.users.index(of: $0) }
        if !ask.history.isEmpty {
            context.past = known(ask.history)
        } else if let user, let histories = bundle.histories {
            context.past = histories.row(Int(user)).map {
                bundle.items[Int(histories.columns[$0])]
            }
        }
        _ = known(ask.exclusions)
        context.userVector = userVector(ask, user, context)
        context.listed = ask.history.isEmpty ? user.map { Int($0) } : nil
        context.hasHistory =
            !context.past.isEmpty
            || context.listed != nil
                && (bundle.parts.embeddings?.users != nil
                    || !(bundle.parts.userLists?.range(of: context.listed!).isEmpty ?? true))
        let hints: [RankerFeature] = [.itemWeights, .userList, .complement, .similar]
        let isKnown = hints.contains { feature in
            ranker.features.contains(feature) && !sums(feature, context).isEmpty
        }
        let knowsVector = ranker.features.contains(.product) && context.userVector != nil
        context.tier = knowsVector || isKnown ? .full : .popular
        return context
    }

    /// The bundle's ranker, or the feature that speaks alone.
    var ranker: RankerParts {
        bundle.parts.ranker ?? RankerParts(speaker: bundle.parts.speaker)
    }

    private var historyShare: Double { Double(ranker.historyShare) }

    /// The basket's vector and the history's, the history by its share where there are both.
    private func userVector(_ ask: Ask, _ user: Int32?, _ context: Context) -> [Double]? {
        guard let embeddings = bundle.parts.embeddings else { return nil }
        func taste(_ ids: [String]) -> [Double]? {
            let rows = ids.unique.compactMap { vectors[$0] }
            guard !rows.isEmpty else { return nil }
            if let foldIn = embeddings.foldIn { return Self.solve(rows, embeddings.items, foldIn) }
            return rows[0].indices.map { d in
                rows.reduce(0) { $0 + $1[d] } / Double(rows.count)
            }
        }
        var past: [Double]?
        if ask.history.isEmpty, let user, let users = embeddings.users {
            past = users[row: Int(user)].map(Double.init)
        } else {
            past = taste(context.past)
        }
        guard let present = taste(context.basket) else { return past }
        guard let past else { return present }
        return zip(past, present).map { historyShare * $0 + (1 - historyShare) * $1 }
    }

    /// The system of ``FoldInParameters`` by Gaussian elimination.
    private static func solve(
        _ rows: [[Double]], _ items: Matrix, _ parameters: FoldInParameters
    ) -> [Double] {
        let count = items.columns
        let alpha = Double(parameters.unobservedWeight)
        var system = Array(repeating: Array(repeating: 0.0, count: count + 1), count: count)
        func add(_ row: [Double], _ weight: Double) {
            for i in 0..<count {
                for j in 0..<count { system[i][j] += weight * row[i] * row[j] }
            }
        }
        for item in 0..<items.rows { add(items[row: item].map(Double.init), alpha) }
        for row in rows {
            add(row, 1)
            for i in 0..<count { system[i][count] += row[i] }
        }
        let ridge =
            Double(parameters.regularization)
            * pow(
                Double(rows.count) + alpha * Double(items.rows),
                Double(parameters.regularizationExponent))
        for i in 0..<count { system[i][i] += ridge }
        for i in 0..<count {
            for j in 0..<count where j != i {
                let factor = system[j][i] / system[i][i]
                for l in i...count { system[j][l] -= factor * system[i][l] }
            }
        }
        return (0..<count).map { system[$0][count] / system[$0][$0] }
    }

    /// The score of every item, allowed or not.
    func scores(_ context: Context) -> [String: Double] {
        guard context.tier == .full else {
            return Dictionary(uniqueKeysWithValues: allIDs.map { ($0, popularity($0)) })
        }
        return scores(by: ranker, context).mapValues { $0.wide + $0.deep }
    }

    // MARK: Rankers

    /// Both parts of the score of every item.
    func scores(
        by ranker: RankerParts, _ context: Context
    ) -> [String: (wide: Double, deep: Double)] {
        let sums = Dictionary(
            uniqueKeysWithValues: ranker.features.map { ($0, self.sums($0, context)) })
        let zeros = Array(repeating: 0.0, count: bundle.parts.embeddings?.items.columns ?? 0)
        let length = log(1 + Double(Set(context.basket + context.past).count))
        return Dictionary(
            uniqueKeysWithValues: allIDs.map { id in
                let features = ranker.features.map { feature in
                    switch feature {
                    case .product:
                        zip(vectors[id] ?? zeros, context.userVector ?? zeros)
                            .reduce(0) { $0 + $1.0 * $1.1 }
                    case .popularity:
                        log(
                            1
                                + Double(
                                    bundle.items.index(of: id).map {
                                        bundle.parts.popularity[Int($0)]
                                    } ?? 0))
                    case .historyLength: length
                    default: sums[feature]?[id] ?? 0
                    }
                }
                var inputs = features
                if ranker.usesVectors {
                    inputs += (context.userVector ?? zeros) + (vectors[id] ?? zeros)
                }
                for (place, layer) in ranker.layers.enumerated() {
                    inputs = layer.biases.indices.map { output in
                        let sum = zip(layer.weights[row: output], inputs)
                            .reduce(Double(layer.biases[output])) { $0 + Double($1.0) * $1.1 }
                        return place == ranker.layers.count - 1 ? sum : max(0, sum)
                    }
                }
                let wide = zip(ranker.wide, features)
                    .reduce(Double(ranker.bias)) { $0 + Double($1.0) * $1.1 }
                return (id, (wide, ranker.layers.isEmpty ? 0 : inputs[0]))
            })
    }

    /// What the lists of basket and history say of each item, the history by its share where
    /// there are both.
    private func sums(_ feature: RankerFeature, _ context: Context) -> [String: Double] {
        var sums: [String: Double] = [:]
        func add(_ lists: NeighborLists?, _ row: Int, _ share: Double) {
            guard let lists else { return }
            for edge in lists.range(of: row) {
                sums[bundle.items[Int(lists.items[edge])], default: 0] +=
                    share * Double(lists.scores[edge])
            }
        }
        let pastShare = context.basket.isEmpty ? 1 : historyShare
        let parts = bundle.parts
        if feature == .userList {
            if let user = context.listed { add(parts.userLists, user, pastShare) }
            return sums
        }
        let lists =
            feature == .itemWeights
            ? parts.itemWeights : parts.neighbors[feature == .similar ? .similar : .complement]
        guard [.itemWeights, .complement, .similar].contains(feature) else { return sums }
        for (ids, share) in [
            (context.basket, context.hasHistory ? 1 - historyShare : 1), (context.past, pastShare),
        ] {
            for id in ids {
                if let item = bundle.items.index(of: id) { add(lists, Int(item), share) }
            }
        }
        return sums
    }

    func popularity(_ id: String) -> Double {
        guard let item = bundle.items.index(of: id) else { return 0 }
        let total = bundle.parts.popularity.reduce(0) { $0 + Double($1) }
        return total > 0 ? Double(bundle.parts.popularity[Int(item)]) / total : 0
    }

    func category(_ id: String) -> [String] {
        bundle.items.index(of: id).map { bundle.catalog.categories[Int($0)] } ?? []
    }

    func group(_ id: String) -> String {
        bundle.items.index(of: id).map { bundle.catalog.groups[Int($0)] } ?? ""
    }

    func isAllowed(_ id: String, _ ask: Ask, _ context: Context) -> Bool {
        if context.basket.contains(id) || ask.exclusions.contains(id) { return false }
        if !ask.includesPurchased, context.past.contains(id) { return false }
        guard ask.isWithinCatalogRules(id, bundle) else { return false }
        if let item = bundle.items.index(of: id).map({ Int($0) }) {
            if bundle.catalog.isDiscontinued[item] || bundle.catalog.availableFrom[item] == .max {
                return false
            }
        }
        let group = group(id)
        if !group.isEmpty, context.basket.contains(where: { self.group($0) == group }) {
            return false
        }
        guard !ask.includesOutOfStock, let item = bundle.items.index(of: id) else { return true }
        return bundle.catalog.stocks[Int(item)] != 0
    }

    /// The basket item whose list gives an item the largest weight, the first of equals.
    private func speaker(for id: String, _ context: Context) -> String? {
        guard let lists = bundle.parts.itemWeights ?? bundle.parts.neighbors[.complement],
            let item = bundle.items.index(of: id)
        else { return nil }
        var loudest: (weight: Float, item: String)?
        for other in context.basket {
            guard let own = bundle.items.index(of: other) else { continue }
            for edge in lists.range(of: Int(own)) where lists.items[edge] == item {
                if lists.scores[edge] > loudest?.weight ?? 0 {
                    loudest = (lists.scores[edge], other)
                }
            }
        }
        return loudest?.item
    }

    private func boosted(_ score: Double, _ id: String, _ ask: Ask) -> Double {
        var factor = Double(ask.itemBoosts[id] ?? 1)
        let path = category(id)
        for (name, boost) in ask.categoryBoosts {
            let other = name.split(separator: " > ").map(String.init)
            if !path.isEmpty, Array(path.prefix(other.count)) == other { factor *= Double(boost) }
        }
        return score < 0 ? score / factor : score * factor
    }

    /// The best `k` that the rules allow: by score, then by popularity, then in the catalog's
    /// order.
    func slate(_ ask: Ask, _ context: Context) -> [Ranked] {
        let scores = scores(context)
        func place(_ id: String) -> Int {
            bundle.items.index(of: id).map { Int($0) } ?? extraOrdinals[id]!
        }
        let ranked = allIDs.filter { isAllowed($0, ask, context) }.sorted {
            (boosted(scores[$1]!, $1, ask), popularity($1), place($0))
                < (boosted(scores[$0]!, $0, ask), popularity($0), place($1))
        }
        var counts: [[String]: Int] = [:]
        var spokenFor: [String: Int] = [:]
        var groups: Set<String> = []
        var slate: [Ranked] = []
        for id in ranked where slate.count < ask.k {
            let group = group(id)
            if groups.contains(group) { continue }
            let whole = category(id)
            let category = ask.categoryLevel == 0 ? whole : Array(whole.prefix(ask.categoryLevel))
            let isFull =
                ask.perCategoryMax > 0 && !category.isEmpty
                && counts[category, default: 0] >= ask.perCategoryMax
            let speaker = ask.perBasketItemMax > 0 ? speaker(for: id, context) : nil
            guard !isFull,
                spokenFor[speaker ?? "", default: 0] < ask.perBasketItemMax || speaker == nil
            else { continue }
            counts[category, default: 0] += 1
            if let speaker { spokenFor[speaker, default: 0] += 1 }
            if !group.isEmpty { groups.insert(group) }
            slate.append(Ranked(id: id, score: scores[id]!))
        }
        return slate
    }
}

extension [String] {
    /// Without repeats, in the order of first appearance.
    fileprivate var unique: [String] {
        var seen: Set<String> = []
        return filter { seen.insert($0).inserted }
    }
}

extension Ask {
    /// Whether an item is among those allowed, and no substitute, and price, category and support are
    /// what is asked for.
    func isWithinCatalogRules(_ id: String, _ bundle: ModelBundle) -> Bool {
        let item = bundle.items.index(of: id).map { Int($0) }
        func price(_ id: String) -> Float {
            bundle.items.index(of: id).map { bundle.catalog.prices[Int($0)] } ?? 0
        }
        if !allowed.isEmpty, !allowed.contains(id) { return false }
        if budget < .infinity {
            let spent = Set(basket).reduce(0) { $0 + price($1) }
            guard price(id) > 0, spent + price(id) <= budget else { return false }
        }
        if supportMin > 0, item.map({ bundle.parts.popularity[$0] }) ?? 0 < supportMin {
            return false
        }
        if leavesOutSubstitutes, let item, let lists = bundle.parts.neighbors[.substitute] {
            for other in basket.compactMap({ bundle.items.index(of: $0) })
            where lists.items[lists.range(of: Int(other))].contains(Int32(item)) { return false }
        }
        let price = price(id)
        let hasBand = priceMin > 0 || priceMax < .infinity
        if hasBand, price == 0 || price < priceMin || price > priceMax { return false }
        let path = item.map { bundle.catalog.categories[$0] } ?? []
        func isBelow(_ name: String) -> Bool {
            let other = name.split(separator: " > ").map(String.init)
            return !path.isEmpty && Array(path.prefix(other.count)) == other
        }
        return (categories.isEmpty || categories.contains(where: isBelow))
            && !excludedCategories.contains(where: isBelow)
    }
}
