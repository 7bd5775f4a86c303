import Interactions
import ModelParts
import Models
import Testing

@Suite struct FoldInSolverTests {
    @Test(arguments: zip([1, 0] as [Float], [4 / 17.35, 4 / 17.1] as [Float]))
    func `one factor is a quotient that can be worked out by hand`(exponent: Float, expected: Float)
        throws
    {
        // Items 1, 2, 3; history 1 and 3: (1 + 9 + 0.5 x 14 + 0.1 (2 + 0.5 x 3)^nu) x = 1 + 3.
        let items = Matrix(rows: 3, columns: 1, values: [1, 2, 3])
        let solver = FoldInSolver(
            items: items,
            parameters: FoldInParameters(
                unobservedWeight: 0.5, regularization: 0.1, regularizationExponent: exponent))
        let vector = solver.vector(
            history: [0, 2], items: items, scratch: FoldInScratch(dimensions: 1))
        #expect(abs(try #require(vector)[0] - expected) < 1e-6)
    }

    @Test(arguments: [1, 2, 15, 16, 17, 33, 64, 65, 100])
    func `vectors equal those of plain elimination`(dimensions: Int) throws {
        var generator = SeededGenerator(seed: 21)
        let itemCount = 200
        let items = Matrix(
            rows: itemCount, columns: dimensions,
            values: (0..<itemCount * dimensions).map { _ in Float(generator.nextNormal() / 4) })
        let parameters = FoldInParameters(
            unobservedWeight: 0.2, regularization: 0.05, regularizationExponent: 0.5)
        let solver = FoldInSolver(items: items, parameters: parameters)
        let scratch = FoldInScratch(dimensions: dimensions)
        // The last ones are longer than the panel of rows that is summed at a time, but for the
        // fewest dimensions.
        for count in [0, 1, 10, 97, 180] {
            let history = (0..<Int32(itemCount)).shuffled(using: &generator).prefix(count)
            let vector = try #require(
                solver.vector(history: history, items: items, scratch: scratch))
            let expected = plainSolve(history: Array(history), items: items, parameters: parameters)
            for (value, reference) in zip(vector, expected) {
                #expect(abs(Double(value) - reference) < 1e-4, "\(dimensions), \(count)")
            }
        }
    }

    private let parameters = FoldInParameters(
        unobservedWeight: 0.3, regularization: 0.007, regularizationExponent: 1)

    @Test func `an empty history has the zero vector`() {
        let items = Matrix(rows: 2, columns: 3, values: [1, 2, 3, 4, 5, 6])
        let solver = FoldInSolver(items: items, parameters: parameters)
        let vector = solver.vector(
            history: [], items: items, scratch: FoldInScratch(dimensions: 3))
        #expect(vector == [0, 0, 0])
    }

    @Test func `factors that are not finite give no vector`() {
        let items = Matrix(rows: 2, columns: 2, values: [1, .infinity, 2, 3])
        let solver = FoldInSolver(items: items, parameters: parameters)
        let vector = solver.vector(
            history: [0], items: items, scratch: FoldInScratch(dimensions: 2))
        #expect(vector == nil)
    }

    /// The system of ``FoldInParameters``, built and eliminated by the book in double precision.
    private func plainSolve(history: [Int32], items: Matrix, parameters: FoldInParameters)
        -> [Double]
    {
        let d = items.columns
        func y(_ item: Int, _ column: Int) -> Double { Double(items.values[item * d + column]) }
        let weight =
            Double(history.count) + Double(parameters.unobservedWeight) * Double(items.rows)
        let ridge = Double(parameters.regularization) * weight.squareRoot()  // nu = 1/2
        var a = (0..<d).map { i in
            (0..<d).map { j in
                let all = (0..<items.rows).reduce(0.0) { $0 + y($1, i) * y($1, j) }
                let own = history.reduce(0.0) { $0 + y(Int($1), i) * y(Int($1), j) }
                return Double(parameters.unobservedWeight) * all + own + (i == j ? ridge : 0)
            }
        }
        var b = (0..<d).map { i in history.reduce(0.0) { $0 + y(Int($1), i) } }
        for pivot in 0..<d {
            for row in pivot + 1..<max(d, pivot + 1) {
                let factor = a[row][pivot] / a[pivot][pivot]
                for column in pivot..<d { a[row][column] -= factor * a[pivot][column] }
                b[row] -= factor * b[pivot]
            }
        }
        for row in (0..<d).reversed() {
            for column in row + 1..<max(d, row + 1) { b[row] -= a[row][column] * b[column] }
            b[row] /= a[row][row]
        }
        return b
    }
}
