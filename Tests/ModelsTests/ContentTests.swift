import Foundation
import Interactions
import ModelParts
import Models
import Testing

@Suite struct ContentTests {
    private func lists(_ catalog: Catalog?, _ change: (inout Content) -> Void = { _ in }) throws
        -> NeighborLists
    {
        var model = Content()
        change(&model)
        let items = max(1, catalog?.count ?? 1)
        let none = SparseMatrix(rows: 0, columnCount: items, entries: [])
        let parts = try model.train(
            on: TrainingData(interactions: none, baskets: nil, catalog: catalog),
            with: TrainingContext(threads: 2, seed: 1))
        return try #require(parts.neighbors[.similar])
    }

    /// Five items that nobody took.
    private var shop: Catalog {
        var catalog = Catalog()
        catalog.update(
            item: 0, title: "Blue teapot", category: ["Kitchen", "Tea"], attributes: ["size=1"])
        catalog.update(item: 1, title: "Red TEAPOT!", category: ["Kitchen", "Tea"])
        catalog.update(item: 2, title: "Red pan", category: ["Kitchen", "Pans"])
        catalog.update(item: 3, title: "Tea", category: ["Food"], attributes: ["size=1"])
        catalog.update(item: 4)
        return catalog
    }

    @Test func `cosines of items without events can be worked out by hand`() throws {
        let found = try lists(shop) { $0.termShareMax = 1 }
        // Terms of more than one item: kitchen (3 of 5), tea's category, teapot, red and size=1 (2
        // of 5 each).
        let (a, b) = (pow(log(5.0 / 3), 2), pow(log(5.0 / 2), 2))
        let expected: [[(Int32, Double)]] = [
            [
                (1, (a + 2 * b) / ((a + 3 * b) * (a + 3 * b)).squareRoot()),
                (3, b / ((a + 3 * b) * b).squareRoot()),
                (2, a / ((a + 3 * b) * (a + b)).squareRoot()),
            ],
            [
                (0, (a + 2 * b) / ((a + 3 * b) * (a + 3 * b)).squareRoot()),
                (2, (a + b) / ((a + 3 * b) * (a + b)).squareRoot()),
            ],
        ]
        for (item, list) in expected.enumerated() {
            #expect(Array(found.items[found.range(of: item)]) == list.map(\.0))
            for (entry, one) in zip(found.range(of: item), list) {
                #expect(abs(Double(found.scores[entry]) - one.1) < 1e-5)
            }
        }
        #expect(found.range(of: 4).isEmpty)
    }

    @Test func `fields without weight and terms too common count for nothing`() throws {
        let words = try lists(shop) {
            ($0.categoryWeight, $0.attributeWeight) = (0, 0)
        }
        #expect(Array(words.items[words.range(of: 0)]) == [1])
        #expect(words.range(of: 3).isEmpty)
        // Kitchen is the category of 3 of 5.
        let rare = try lists(shop) { $0.termShareMax = 0.5 }
        #expect(!rare.items[rare.range(of: 0)].contains(2))
    }

    @Test func `broader categories are shared, equal names under different ones are not`() throws {
        var catalog = Catalog()
        catalog.update(item: 0, category: ["A", "Other"])
        catalog.update(item: 1, category: ["A", "Mine"])
        catalog.update(item: 2, category: ["B", "Other"])
        catalog.update(item: 3, category: ["B", "Mine"])
        let found = try lists(catalog)
        #expect(found.items == [1, 0, 3, 2])
    }

    @Test func `settings out of range and a missing catalog are refused`() throws {
        let changes: [(String, @Sendable (inout Content) -> Void)] = [
            ("category_weight", { $0.categoryWeight = -1 }),
            ("attribute_weight", { $0.attributeWeight = .nan }),
            ("title_weight", { $0.titleWeight = .infinity }),
            ("one field", { ($0.categoryWeight, $0.attributeWeight, $0.titleWeight) = (0, 0, 0) }),
            ("term_share_max", { $0.termShareMax = 0 }),
            ("neighbors_max", { $0.neighborsMax = 0 }), ("no category", { _ in }),
        ]
        for (name, change) in changes {
            let error = #expect(throws: TrainingError.self) {
                try lists(name.hasPrefix("no ") ? nil : shop, change)
            }
            #expect(error?.description.hasPrefix("content: \(name)") == true)
        }
    }

    @Test func `short lists are the beginnings of long ones, whatever is passed over`() throws {
        // Few colors, many makers, and words in between: common and rare terms in each item.
        var generator = SeededGenerator(seed: 7)
        var catalog = Catalog()
        for item in 0..<900 {
            let words = (0..<3).map { _ in "w\(Int.random(in: 0..<60, using: &generator))" }
            catalog.update(
                item: item, title: words.joined(separator: " "),
                category: ["c\(item % 3)", "d\(item % 40)"],
                attributes: ["maker=\(Int.random(in: 0..<200, using: &generator))"])
        }
        let data = TrainingData(
            interactions: SparseMatrix(rows: 1, columnCount: 900, entries: []), baskets: nil,
            catalog: catalog)
        var model = Content()
        func lists(_ length: Int) throws -> NeighborLists {
            model.neighborsMax = length
            let parts = try model.train(on: data, with: TrainingContext(threads: 2, seed: 1))
            return try #require(parts.neighbors[.similar])
        }
        let long = try lists(900)
        for length in [1, 5, 50] {
            let short = try lists(length)
            for item in 0..<900 {
                let expected = long.range(of: item).prefix(length)
                #expect(Array(short.items[short.range(of: item)]) == Array(long.items[expected]))
                #expect(Array(short.scores[short.range(of: item)]) == Array(long.scores[expected]))
            }
        }
    }
}
