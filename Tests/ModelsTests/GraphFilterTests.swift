import Foundation
import Interactions
import ModelParts
import Models
import Testing

@Suite struct GraphFilterTests {
    private func train(
        _ data: TrainingData, _ change: (inout GraphFilter) -> Void = { _ in }
    ) throws -> EmbeddingParts {
        var model = GraphFilter()
        change(&model)
        let parts = try model.fit(on: data, with: TrainingContext(threads: 2, seed: 3))
        return try #require(parts.embeddings)
    }

    private func scores(_ parts: EmbeddingParts, of user: Int) throws -> [Double] {
        let users = try #require(parts.users)
        return (0..<parts.items.rows).map { item in
            zip(users[row: user], parts.items[row: item]).reduce(0) {
                $0 + Double($1.0) * Double($1.1)
            }
        }
    }

    @Test(arguments: [0, 0.25, 0.5, 1] as [Float])
    func `of two groups that share nothing, each user is told all of her own group's items`(
        exponent: Float
    ) throws {
        let rows = Array(repeating: [0, 1, 2], count: 5) + Array(repeating: [3, 4], count: 2)
        let data = TrainingData(
            interactions: makeMatrix(rows.map { $0.map(Int32.init) }, columns: 5), baskets: nil)
        let parts = try train(data) {
            $0.dimensions = 2
            $0.popularityExponent = exponent
        }
        for user in 0..<7 {
            for (item, score) in try scores(parts, of: user).enumerated() {
                // The whole group's items in equal parts: 3 x 1/3, and 2 x 1/2.
                let expected = (user < 5) == (item < 3) ? 1.0 : 0
                #expect(abs(score - expected) < 1e-3, "user \(user), item \(item), b = \(exponent)")
            }
        }
    }

    @Test("With as many dimensions as items a user is told what she took, and with more as well")
    func everyDimension() throws {
        let data = makeRandomData(users: 200, items: 30, pairs: 1_500, seed: 8)
        for dimensions in [30, 40] {
            let parts = try train(data) { $0.dimensions = dimensions }
            for user in 0..<20 {
                let own = Set(data.interactions.columns[data.interactions.row(user)])
                for (item, score) in try scores(parts, of: user).enumerated() {
                    #expect(abs(score - (own.contains(Int32(item)) ? 1 : 0)) < 0.01)
                }
            }
        }
    }

    @Test("Scores are those of a plain filter, of doubles and by Gram and Schmidt")
    func plain() throws {
        let data = makeRandomData(users: 60, items: 40, pairs: 500, seed: 9)
        let exponent = 0.25
        let parts = try train(data) {
            $0.dimensions = 5
            $0.iterations = 2_000
            $0.popularityExponent = Float(exponent)
        }
        let matrix = data.interactions
        let (users, items) = (matrix.rows, matrix.columnCount)
        var popularity = Array(repeating: 0.0, count: items)
        for item in matrix.columns { popularity[Int(item)] += 1 }
        func product(_ vector: [Double]) -> [Double] {
            var result = Array(repeating: 0.0, count: items)
            for user in 0..<users {
                let own = matrix.columns[matrix.row(user)].map(Int.init)
                let sum = own.reduce(0.0) { $0 + vector[$1] / popularity[$1].squareRoot() }
                for item in own {
                    result[item] += sum / Double(own.count) / popularity[item].squareRoot()
                }
            }
            return result
        }
        func dot(_ a: [Double], _ b: [Double]) -> Double {
            zip(a, b).reduce(0) { $0 + $1.0 * $1.1 }
        }
        var random = SeededGenerator(seed: 1)
        var basis = (0..<5).map { _ in (0..<items).map { _ in random.nextNormal() } }
        for _ in 0..<2_000 {
            basis = basis.map(product)
            for place in basis.indices {
                for other in 0..<place {
                    let share = dot(basis[place], basis[other])
                    basis[place] = zip(basis[place], basis[other]).map { $0 - share * $1 }
                }
                let length = dot(basis[place], basis[place]).squareRoot()
                basis[place] = basis[place].map { $0 / length }
            }
        }
        for user in 0..<users {
            var row = Array(repeating: 0.0, count: items)
            for item in matrix.columns[matrix.row(user)].map(Int.init) {
                row[item] = pow(popularity[item], -exponent)
            }
            let shares = basis.map { dot($0, row) }
            for (item, score) in try scores(parts, of: user).enumerated() {
                let expected =
                    zip(shares, basis).reduce(0) { $0 + $1.0 * $1.1[item] }
                    * pow(popularity[item], exponent)
                #expect(abs(score - expected) < 1e-3, "user \(user), item \(item)")
            }
        }
    }
}
