import Bundles
import CrossSell
import EmbeddingStore
import Foundation
import Interactions
import Measures
import ModelParts
import Models
import Testing
import Training

private let dataFolder = ProcessInfo.processInfo.environment["SIDECART_DATA"]

/// Relations against links that a shop had: Amazon's grocery reviews in the form of ReChorus, whose items
/// name what was also bought (complements) and what was also viewed (substitutes). No training sees them.
///
/// Needs `SIDECART_DATA`, a folder whose folder `rechorus-grocery` has `train.csv.gz` and
/// `item_meta.csv.gz`: the data may not be redistributed.
@Suite(.enabled(if: dataFolder != nil, "SIDECART_DATA names no folder"), .serialized)
struct RelationDataTests {
    private struct Shop {
        var dataset: Dataset
        /// By item.
        var alsoBought: [Set<Int32>]
        var alsoViewed: [Set<Int32>]
    }

    private func readShop() throws -> Shop {
        let folder = "\(try #require(dataFolder))/rechorus-grocery"
        var dataset = try Dataset.read(events: ["\(folder)/train.csv.gz"]).dataset
        let count = dataset.items.count
        dataset.catalog.grow(to: count)
        var known: [String: Int32] = [:]
        for item in 0..<count { known[dataset.items[item]] = Int32(item) }
        var alsoBought = Array(repeating: Set<Int32>(), count: count)
        var alsoViewed = alsoBought
        try forEachLine(of: "\(folder)/item_meta.csv.gz") { _, line in
            let fields = line.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
                .split(separator: "\t").map(String.init)
            guard fields.count == 4, let item = known[fields[0]] else { return }
            func links(_ field: String) -> Set<Int32> {
                Set(
                    field.dropFirst().dropLast().split(separator: ", ").compactMap {
                        known[String($0)]
                    })
            }
            dataset.catalog.update(item: Int(item), category: [fields[1]])
            alsoBought[Int(item)] = links(fields[2])
            alsoViewed[Int(item)] = links(fields[3])
        }
        return Shop(dataset: dataset, alsoBought: alsoBought, alsoViewed: alsoViewed)
    }

    private func train(_ model: some Recommender, on shop: Shop) throws -> ModelBundle {
        try TrainingPipeline(model: model, threads: 2, seed: 1, version: "v")
            .train(shop.dataset).bundle
    }

    /// How often a complement's score puts a pair of `first` before one of `second`, ties counting half.
    private func area(_ first: [Float], before second: [Float]) -> Double {
        let sorted = second.sorted()
        func below(_ score: Float, _ orEqual: Bool) -> Int {
            var (low, high) = (0, sorted.count)
            while low < high {
                let middle = (low + high) / 2
                if sorted[middle] < score || (orEqual && sorted[middle] == score) {
                    low = middle + 1
                } else {
                    high = middle
                }
            }
            return low
        }
        let standings = first.map { score in
            let (less, atMost) = (below(score, false), below(score, true))
            return Standing(higher: sorted.count - atMost, tied: atMost - less)
        }
        return areaUnderCurve(standings, others: sorted.count)
    }

    @Test
    func
        `complements' scores tell links that training never saw from random pairs and from substitutes`()
        throws
    {
        let shop = try readShop()
        let items = shop.dataset.items.count
        // Lists far longer than served ones, so that nearly every pair above chance has its score.
        var model = CoPurchase()
        model.neighborsMax = 2_000
        let parts = try model.train(
            on: TrainingData(dataset: shop.dataset), with: TrainingContext(threads: 2, seed: 1))
        let lists = try #require(parts.neighbors[.complement])
        let bundle = try train(Popularity(), on: shop)
        let substitutes = try #require(bundle.parts.neighbors[.substitute])
        var generator = SeededGenerator(seed: 1)
        var (links, random) = ([Float](), [Float]())
        var (boughtAlone, viewedAlone) = ([Float](), [Float]())
        var top = (found: 0, listed: 0)
        for item in 0..<items {
            var scores: [Int32: Float] = [:]
            for entry in lists.range(of: item) { scores[lists.items[entry]] = lists.scores[entry] }
            for entry in substitutes.range(of: item) { scores[substitutes.items[entry]] = nil }
            let (bought, viewed) = (shop.alsoBought[item], shop.alsoViewed[item])
            links += bought.map { scores[$0] ?? 0 }
            boughtAlone += bought.subtracting(viewed).map { scores[$0] ?? 0 }
            viewedAlone += viewed.subtracting(bought).map { scores[$0] ?? 0 }
            for _ in bought {
                let other = Int32.random(in: 0..<Int32(items), using: &generator)
                guard other != Int32(item), !bought.contains(other), !viewed.contains(other) else {
                    continue
                }
                random.append(scores[other] ?? 0)
            }
            for entry in lists.range(of: item).prefix(10) {
                top.listed += 1
                top.found += bought.contains(lists.items[entry]) ? 1 : 0
            }
        }
        let againstRandom = area(links, before: random)
        let againstSubstitutes = area(boughtAlone, before: viewedAlone)
        print(
            "rechorus-grocery: \(links.count) links, AUC against random pairs \(againstRandom), "
                + "\(boughtAlone.count) against \(viewedAlone.count) substitute links \(againstSubstitutes); "
                + "of the first ten complements \(Double(top.found) / Double(top.listed)) are links"
        )
        #expect(againstRandom > 0.6)
        #expect(againstSubstitutes > 0.52)
    }

    @Test func `no slate holds a substitute of a basket item by the rule, and some do without`()
        throws
    {
        let shop = try readShop()
        let bundle = try train(SLIM(), on: shop)
        let substitutes = try #require(bundle.parts.neighbors[.substitute])
        let engine = try Engine(
            Generation(bundle, storeBytesMax: 1 << 32, readersMax: 1))
        let baskets = try #require(try TrainingData(dataset: shop.dataset).baskets)
        let asked = (0..<baskets.rows).filter { baskets.row($0).count >= 2 }.prefix(3_000)
        for rule in [false, true] {
            var (holding, linked, shown) = (0, 0, 0)
            for row in asked {
                let basket = baskets.columns[baskets.row(row)].prefix(3)
                let ids = TextTable(count: basket.count) {
                    shop.dataset.items[Int(basket[basket.startIndex + $0])]
                }
                var query = Query()
                query.basket = (0..<ids.count).map { ids[$0] }
                (query.k, query.wantsReasons) = (10, false)
                query.rules.leavesOutSubstitutes = rule
                _ = engine.recommend(query)
                let slate = engine.slate.map { Int32(bitPattern: $0.ordinal) }
                shown += slate.count
                holding +=
                    basket.contains { item in
                        substitutes.items[substitutes.range(of: Int(item))].contains {
                            slate.contains($0)
                        }
                    } ? 1 : 0
                linked +=
                    basket.contains { item in
                        slate.contains {
                            shop.alsoViewed[Int(item)].contains($0)
                                && !shop.alsoBought[Int(item)].contains($0)
                        }
                    } ? 1 : 0
                engine.endTurn()
            }
            print(
                "rechorus-grocery, \(rule ? "with" : "without") the rule: of \(asked.count) slates "
                    + "\(holding) hold a substitute by our lists, \(linked) one that was only also viewed; "
                    + "\(Double(shown) / Double(asked.count)) items a slate")
            #expect(rule ? holding == 0 : holding > 0)
            #expect(shown > 9 * asked.count)
        }
    }
}
