import Interactions
import ModelParts
import Models
import Testing

@Suite struct SimilarItemsTests {
    /// More items than are compared at a time, with ties and without vectors here and there.
    private static func vectors(_ count: Int) -> Matrix {
        var generator = SeededGenerator(seed: 11)
        var matrix = Matrix(rows: count, columns: 5)
        for row in 0..<count where row % 17 != 3 {
            for column in 0..<5 {
                matrix.values[row * 5 + column] = Float(Int.random(in: -2...2, using: &generator))
            }
        }
        return matrix
    }

    @Test(arguments: [1, 31, 1_100])
    func `lists hold the largest cosines, by number among equals`(count: Int) throws {
        let items = Self.vectors(count)
        var model = SimilarItems()
        model.neighborsMax = 7
        let lists = try model.lists(items: items, context: TrainingContext(threads: 2, seed: 1))
        let norms = (0..<count).map { row in
            items[row: row].reduce(Float(0)) { $0 + $1 * $1 }.squareRoot()
        }
        #expect(lists.offsets.count == count + 1)
        for item in 0..<count {
            func cosine(_ other: Int) -> Float {
                let product = zip(items[row: item], items[row: other])
                    .reduce(Float(0)) { $0 + $1.0 * $1.1 }
                return norms[item] * norms[other] > 0 ? product / (norms[item] * norms[other]) : 0
            }
            let expected = (0..<count).filter { $0 != item && cosine($0) > 1e-6 }
                .map(cosine).sorted(by: >).prefix(7)
            // Right angles may come out a rounding error above 0.
            let range = lists.range(of: item).filter { lists.scores[$0] > 1e-6 }
            #expect(range.count == expected.count)
            for (entry, score) in zip(range, expected) {
                #expect(abs(lists.scores[entry] - score) < 1e-5)
                #expect(abs(cosine(Int(lists.items[entry])) - score) < 1e-5)
                guard entry > range[0] else { continue }
                let (before, own) = (entry - 1, entry)
                #expect(
                    (lists.scores[own], lists.items[before])
                        < (lists.scores[before], lists.items[own])
                        || lists.scores[own] < lists.scores[before])
            }
        }
    }

    @Test func `lists do not depend on the number of threads`() throws {
        let items = Self.vectors(700)
        let one = try SimilarItems().lists(
            items: items, context: TrainingContext(threads: 1, seed: 1))
        let three = try SimilarItems().lists(
            items: items, context: TrainingContext(threads: 3, seed: 1))
        #expect(one == three)
    }
}
