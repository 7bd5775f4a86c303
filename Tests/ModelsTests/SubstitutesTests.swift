import Interactions
import ModelParts
import Models
import Testing

@Suite struct SubstitutesTests {
    /// Two teas, a pot and a cup in one category, a kettle in another, in this order.
    private static let titles = ["Green tea tin", "Black tea tin", "Pot", "Saucer", "Kettle"]

    private func catalog(_ categories: [[String]]) -> Catalog {
        var catalog = Catalog()
        catalog.grow(to: Self.titles.count)
        for (item, title) in Self.titles.enumerated() {
            catalog.update(
                item: item, title: title, category: categories[item], price: 1, stock: 1)
        }
        return catalog
    }

    /// Lists of items with their scores and confidences.
    private func lists(_ rows: [[(item: Int32, score: Float, share: Float)]]) -> NeighborLists {
        var lists = NeighborLists(offsets: [0], items: [], scores: [], lifts: [], confidences: [])
        for row in rows {
            lists.items += row.map(\.item)
            lists.scores += row.map(\.score)
            lists.confidences += row.map(\.share)
            lists.lifts += row.map { _ in 2 }
            lists.offsets.append(lists.items.count)
        }
        return lists
    }

    private func substitutes(
        _ catalog: Catalog, _ complements: NeighborLists? = nil, views: SparseMatrix? = nil,
        popularity: [Float] = [5, 4, 3, 2, 1], change: (inout Substitutes) -> Void = { _ in }
    ) throws -> [[Int32]] {
        var model = Substitutes()
        change(&model)
        let lists = try model.lists(
            popularity: popularity, catalog: catalog, complements: complements, views: views,
            context: TrainingContext(threads: 2, seed: 1))
        return (0..<popularity.count).map { Array(lists.items[lists.range(of: $0)]) }
    }

    private let shelf = ["Kitchen", "Tea"]

    @Test func `Items of one category with like titles are substitutes, either way`() throws {
        let lists = try substitutes(catalog([shelf, shelf, shelf, shelf, ["Kitchen"]]))
        #expect(lists == [[1], [0], [], [], []])
    }

    @Test func `Of two categories they are none`() throws {
        let lists = try substitutes(catalog([shelf, ["Kitchen"], shelf, shelf, shelf]))
        #expect(lists.joined().isEmpty)
    }

    @Test func `What is often in one basket is none, however alike`() throws {
        let together = lists([[(1, 0.1, 0.1)], [(0, 0.4, 0.4)], [], [], []])
        let all = catalog([shelf, shelf, shelf, shelf, ["Kitchen"]])
        let none = try substitutes(all, together)
        #expect(none.joined().isEmpty)
        let some = try substitutes(all, together) { $0.togetherMax = 0.4 }
        #expect(some[0] == [1])
    }

    @Test func `What shares its complements of other categories is a substitute`() throws {
        // Pot and saucer are both bought with the kettle and never together.
        let complements = lists([[], [], [(4, 0.5, 0.3)], [(4, 0.2, 0.1)], []])
        let lists = try substitutes(
            catalog([["A"], ["B"], shelf, shelf, ["Kitchen"]]), complements)
        #expect(lists == [[], [], [3], [2], []])
    }

    @Test func `Sessions in which items are viewed together count`() throws {
        let views = SparseMatrix(
            rows: 2, columnCount: 5, rowOf: [0, 0, 1, 1], columnOf: [2, 3, 2, 3],
            values: [1, 1, 1, 1])
        let all = catalog([["A"], ["B"], shelf, shelf, ["Kitchen"]])
        let lists = try substitutes(all, views: views)
        #expect(lists == [[], [], [3], [2], []])
        // Whoever views everything compares nothing.
        let none = try substitutes(all, views: views) { $0.sessionItemsMax = 1 }
        #expect(none.joined().isEmpty)
    }

    @Test func `Of equals the better seller comes first, and the longest list is kept to`() throws {
        var catalog = Catalog()
        catalog.grow(to: 4)
        for item in 0..<4 {
            catalog.update(item: item, title: "Mug", category: shelf, price: 1, stock: 1)
        }
        // A word that most titles have says nothing.
        catalog.grow(to: 9)
        let popularity: [Float] = [1, 9, 3, 5, 0, 0, 0, 0, 0]
        let whole = try substitutes(catalog, popularity: popularity)
        #expect(whole[0] == [1, 3, 2])
        let cut = try substitutes(catalog, popularity: popularity) { $0.neighborsMax = 2 }
        #expect(cut[2] == [1, 3])
    }
}
