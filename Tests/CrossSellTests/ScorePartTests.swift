import Bundles
import CrossSell
import Foundation
import Interactions
import ModelParts
import Models
import Testing

/// What scores add up from, over random models of every shape.
@Suite struct ScorePartTests {
    /// Sums of at most some hundred terms of single precision, each rounded by 2^-24 of the sum so far,
    /// which stays below the sum of the absolute terms.
    private static let rounding: Float = 2e-5

    @Test("The parts of a score add up to it", arguments: RankingTests.shapes)
    func parts(shop: RandomShop) throws {
        let bundle = shop.makeBundle()
        let engine = try Engine(bundle.serve())
        let features = (bundle.parts.ranker ?? RankerParts(speaker: bundle.parts.speaker)).features
        var random = SeededGenerator(seed: shop.seed + 300)
        for round in 0..<100 {
            let ask = Ask.random(items: shop.items, users: shop.users, using: &random)
            let (tier, items) = engine.split(ask)
            for item in items {
                let note = Comment(rawValue: "\(shop), round \(round), \(item.id)")
                let size = item.parts.reduce(1) { $0 + abs($1.contribution) }
                let sum = item.parts.reduce(0) { $0 + $1.contribution }
                #expect(abs(sum - item.score) <= Self.rounding * size, note)
                let names = item.parts.map(\.name)
                if tier == .popular {
                    #expect(names == ["sales_share"], note)
                } else {
                    let vectors = names.last == "vectors" ? ["vectors"] : []
                    #expect(names == ["base"] + features.map(\.rawValue) + vectors, note)
                }
                checkShares(item, ask, bundle, note)
            }
        }
    }

    @Test("The parts of trees add up to the log-odds", arguments: 1...6 as ClosedRange<UInt64>)
    func trees(seed: UInt64) throws {
        let shop = TreeShop(seed: seed)
        let engine = try Engine(shop.bundle.serve())
        let trees = try #require(shop.bundle.parts.ranker?.trees)
        let base = trees.starts.dropLast().reduce(0) { $0 + trees.nodes[$1].value }
        var random = SeededGenerator(seed: seed + 400)
        var checked = 0
        for round in 0..<100 {
            let ask = Ask.random(items: TreeShop.items, users: TreeShop.users, using: &random)
            let (tier, items) = engine.split(ask)
            guard tier == .full else { continue }
            for item in items {
                let note = Comment(rawValue: "seed \(seed), round \(round), \(item.id)")
                let sum = item.parts.reduce(0) { $0 + $1.contribution }
                // 30 trees of up to 9 steps, sums below 64: each rounds by 2^-19 at most; a
                // probability changes by a quarter of what its log-odds do.
                #expect(abs(1 / (1 + exp(-sum)) - item.score) < 1.5e-4, note)
                #expect(item.parts[0].name == "base", note)
                #expect(abs(item.parts[0].contribution - base) < 1e-4, note)
                #expect(
                    item.parts.dropFirst().map(\.name) == trees.features.map(\.rawValue), note)
                checkShares(item, ask, shop.bundle, note)
                checked += item.parts.count { !$0.shares.isEmpty }
            }
        }
        #expect(checked > 150)
    }

    /// Shares add up to their part and are the context's; in a weighted sum, each is the edge from its
    /// item times the same factor.
    private func checkShares(
        _ item: Split, _ ask: Ask, _ bundle: ModelBundle, _ note: Comment
    ) {
        for part in item.parts where !part.shares.isEmpty {
            let size = part.shares.reduce(abs(part.contribution)) { $0 + abs($1.contribution) }
            let sum = part.shares.reduce(0) { $0 + $1.contribution }
            #expect(abs(sum - part.contribution) <= 2e-4 * size, note)
            let sizes = part.shares.filter { $0.id != nil }.map { abs($0.contribution) }
            #expect(zip(sizes, sizes.dropFirst()).allSatisfy { $0 >= $1 }, note)
            #expect(!part.shares.dropLast().contains { $0.id == nil }, note)
            // A sum over lists of a basket and a history of up to eight items names all of them.
            if part.name != "product" {
                #expect(part.shares.allSatisfy { $0.id != nil }, note)
            }
            for id in part.shares.compactMap(\.id) where ask.user == nil {
                #expect((ask.basket + ask.history).contains(id), note)
            }
        }
    }

    @Test("Each item of basket and history has its edges' weights of a weighted sum")
    func edges() throws {
        let shop = RandomShop(
            seed: 61, items: 60, hasEmbeddings: false, hasItemWeights: true,
            ranker: .init(features: [.itemWeights, .complement]))
        let bundle = shop.makeBundle()
        let ranker = try #require(bundle.parts.ranker)
        let engine = try Engine(bundle.serve())
        var random = SeededGenerator(seed: 62)
        var checked = 0
        for round in 0..<100 {
            var ask = Ask.random(items: 60, users: 8, using: &random)
            (ask.user, ask.history) = (nil, [])
            let basket = Set(ask.basket.filter { bundle.items.index(of: $0) != nil })
            for item in engine.split(ask).items where !basket.isEmpty {
                let number = bundle.items.index(of: item.id)!
                for part in item.parts.dropFirst() {
                    let lists =
                        part.name == "complement"
                        ? bundle.parts.neighbors[.complement]! : bundle.parts.itemWeights!
                    let weight = ranker.wide[
                        ranker.features.map(\.rawValue).firstIndex(of: part.name)!]
                    var expected: [String: Float] = [:]
                    for id in basket {
                        let row = Int(bundle.items.index(of: id)!)
                        for edge in lists.range(of: row) where lists.items[edge] == number {
                            expected[id] = weight * lists.scores[edge]
                        }
                    }
                    let found = Dictionary(
                        uniqueKeysWithValues: part.shares.map { ($0.id!, $0.contribution) })
                    #expect(found.keys.sorted() == expected.keys.sorted(), "round \(round)")
                    for (id, share) in expected {
                        #expect(abs((found[id] ?? 0) - share) < 1e-6, "round \(round)")
                        checked += 1
                    }
                }
            }
        }
        #expect(checked > 150)
    }

    @Test("Folded-in vectors leave nothing that is nobody's")
    func foldIn() throws {
        let shop = RandomShop(seed: 63, items: 60, hasUserVectors: false, hasNeighbors: false)
        let engine = try Engine(shop.makeBundle().serve())
        var random = SeededGenerator(seed: 64)
        var checked = 0
        for round in 0..<100 {
            var ask = Ask.random(items: 60, users: 8, using: &random)
            ask.user = nil
            for item in engine.split(ask).items {
                for part in item.parts where part.name == "product" {
                    let context = Set(ask.basket + ask.history)
                    guard context.count <= 8 else { continue }
                    #expect(part.shares.allSatisfy { $0.id != nil }, "round \(round)")
                    checked += part.shares.count
                }
            }
        }
        #expect(checked > 300)
    }

    @Test("An item that a slate lacks is split as well, and nothing is where it was not asked for")
    func whyNot() throws {
        let shop = RandomShop(seed: 65, hasItemWeights: true, ranker: .init())
        let engine = try Engine(shop.makeBundle().serve())
        var ask = Ask(basket: ["i1"], k: 2, includesOutOfStock: true)
        ask.whyNot = (0..<20).map(RandomShop.item)
        ask.lend { query, _ in
            _ = engine.recommend(query)
            #expect(engine.parts.isEmpty)
            let isSplit = engine.whyNot.contains { !$0.parts.isEmpty }
            #expect(!isSplit)
            var query = query
            query.wantsParts = true
            _ = engine.recommend(query)
            let ranked = engine.whyNot.filter { $0.score != nil }
            #expect(ranked.count > 2)
            for absent in ranked {
                let sum = engine.parts[absent.parts].reduce(0) { $0 + $1.contribution }
                #expect(abs(sum - absent.score!) < 1e-4)
            }
        }
    }
}

/// An item with its parts that outlives the engine's turn.
private struct Split {
    struct Part {
        var name: String
        var contribution: Float
        var shares: [(id: String?, contribution: Float)]
    }
    var id: String
    var score: Float
    var parts: [Part]
}

extension Engine {
    fileprivate func split(_ ask: Ask) -> (tier: Tier, items: [Split]) {
        defer { endTurn() }
        return ask.lend { query, _ in
            var query = query
            query.wantsParts = true
            let tier = recommend(query)
            func text(_ id: IDView) -> String { String(decoding: id, as: UTF8.self) }
            let items = slate.map { item in
                Split(
                    id: text(item.id), score: item.score,
                    parts: parts[item.parts].map { part in
                        Split.Part(
                            name: text(part.name), contribution: part.contribution,
                            shares: shares[part.shares].map {
                                ($0.itemID.map(text), $0.contribution)
                            })
                    })
            }
            return (tier, items)
        }
    }
}
