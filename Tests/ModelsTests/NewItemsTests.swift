import Interactions
import ModelParts
import Models
import Testing

/// What is expected of items that nobody took, by what the catalog says.
@Suite struct NewItemsTests {
    /// Two teapots and two pans that sell, a new item of each kind, and one like nothing.
    private static var catalog: Catalog {
        var catalog = Catalog()
        catalog.update(item: 0, title: "Blue teapot", category: ["Tea"], price: 20)
        catalog.update(item: 1, title: "Red teapot", category: ["Tea"], price: 21)
        catalog.update(item: 2, title: "Iron pan", category: ["Pans"], price: 60)
        catalog.update(item: 3, title: "Steel pan", category: ["Pans"], price: 80)
        catalog.update(item: 4, title: "Green teapot", category: ["Tea"], price: 20)
        catalog.update(item: 5, title: "Copper pan", category: ["Pans"], price: 61)
        catalog.update(item: 6, title: "Bicycle", category: ["Sport"], price: 900)
        return catalog
    }

    /// 2 -> 0 (.8), 2 -> 1 (.4), 0 -> 3 (.5); vectors of two dimensions.
    private static var parts: ModelParts {
        var parts = ModelParts(popularity: [5, 4, 3, 2, 0, 0, 0])
        let lists = NeighborLists(
            offsets: [0, 1, 1, 3, 3, 3, 3, 3], items: [3, 0, 1], scores: [0.5, 0.8, 0.4],
            lifts: [3, 2, 4], confidences: [0.5, 0.25, 0.125])
        parts.neighbors[.complement] = lists
        parts.itemWeights = lists
        parts.embeddings = EmbeddingParts(
            items: Matrix(
                rows: 7, columns: 2, values: [1, 0, 2, 0, 0, 1, 0, 3, 9, 9, 9, 9, 0, 0]),
            users: nil, foldIn: nil)
        return parts
    }

    private func extended(
        _ change: (inout NewItems) -> Void = { _ in }, threads: Int = 2
    ) throws -> ModelParts {
        var model = NewItems()
        change(&model)
        var parts = Self.parts
        let count = try model.extend(
            &parts, catalog: Self.catalog, context: TrainingContext(threads: threads, seed: 1))
        #expect(count == 2)
        return parts
    }

    @Test("A new item has shares of what is described like it, and what is like nothing has none")
    func likes() throws {
        let parts = try extended()
        let likes = try #require(parts.newItems)
        #expect(Set(likes.items[likes.range(of: 4)]) == [0, 1])
        #expect(Set(likes.items[likes.range(of: 5)]) == [2, 3])
        // The blue one has the price too.
        #expect(likes.items[likes.range(of: 4)].first == 0)
        for item in [0, 1, 2, 3, 6] { #expect(likes.range(of: item).isEmpty) }
        for item in [4, 5] {
            let shares = likes.scores[likes.range(of: item)]
            #expect(shares.allSatisfy { $0 > 0 } && shares.reduce(0, +) < 1)
        }
    }

    @Test("Its lists and its vector are sums of theirs by share, and all others stay as they were")
    func sums() throws {
        let parts = try extended()
        let likes = try #require(parts.newItems)
        let before = Self.parts
        func share(_ item: Int, _ of: Int32) -> Float {
            likes.range(of: item).first { likes.items[$0] == of }.map { likes.scores[$0] } ?? 0
        }
        func weights(_ lists: NeighborLists, _ item: Int) -> [Int32: Float] {
            Dictionary(
                uniqueKeysWithValues: lists.range(of: item).map {
                    (lists.items[$0], lists.scores[$0])
                })
        }
        for lists in [parts.itemWeights!, parts.neighbors[.complement]!] {
            // The iron pan leads to both teapots, so to the new one; and so does the new pan.
            let toTeapot = share(4, 0) * 0.8 + share(4, 1) * 0.4
            #expect(weights(lists, 2) == [0: 0.8, 1: 0.4, 4: toTeapot])
            // The blue teapot leads to the steel pan, so to the new pan; the new teapot as well.
            #expect(weights(lists, 0) == [3: 0.5, 5: share(5, 3) * 0.5])
            #expect(weights(lists, 4) == [3: share(4, 0) * 0.5])
            #expect(weights(lists, 5) == [0: share(5, 2) * 0.8, 1: share(5, 2) * 0.4])
            for item in 0..<7 {
                let scores = lists.scores[lists.range(of: item)]
                #expect(zip(scores, scores.dropFirst()).allSatisfy { $0 >= $1 })
            }
        }
        let complements = parts.neighbors[.complement]!
        let kept = complements.range(of: 2).first { complements.items[$0] == 0 }!
        #expect(complements.lifts[kept] == 2 && complements.confidences[kept] == 0.25)
        let vectors = try #require(parts.embeddings?.items)
        #expect(vectors[row: 4].elementsEqual([share(4, 0) + 2 * share(4, 1), 0]))
        #expect(vectors[row: 5].elementsEqual([0, share(5, 2) + 3 * share(5, 3)]))
        for item in [0, 1, 2, 3, 6] {
            #expect(vectors[row: item].elementsEqual(before.embeddings!.items[row: item]))
        }
        #expect(parts.popularity == before.popularity)
    }

    @Test("One item's list gains so many new items at most, and threads change nothing")
    func limits() throws {
        let parts = try extended(threads: 1)
        let threaded = try extended()
        #expect(threaded.itemWeights == parts.itemWeights)
        var model = NewItems()
        (model.regression.targetsMax, model.regression.neighborsMax) = (1, 1)
        var few = Self.parts
        try model.extend(
            &few, catalog: Self.catalog, context: TrainingContext(threads: 2, seed: 1))
        let likes = try #require(few.newItems)
        #expect(likes.range(of: 4).count == 1 && likes.range(of: 5).count == 1)
    }

    @Test("Without new items, or a catalog, nothing changes")
    func nothing() throws {
        var parts = Self.parts
        let context = TrainingContext(threads: 2, seed: 1)
        var empty = Catalog()
        empty.grow(to: 7)
        let undescribed = try NewItems().extend(&parts, catalog: empty, context: context)
        #expect(undescribed == 0)
        #expect(parts.newItems == nil && parts.itemWeights == Self.parts.itemWeights)
        parts.popularity = [1, 1, 1, 1, 1, 1, 1]
        let known = try NewItems().extend(&parts, catalog: Self.catalog, context: context)
        #expect(known == 0)
        #expect(parts.newItems == nil)
    }
}
