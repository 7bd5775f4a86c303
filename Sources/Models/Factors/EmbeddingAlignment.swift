package import ModelParts

extension EmbeddingParts {
    /// The same vectors in other coordinates: turned so that the items come as close to `target` as
    /// a rotation (or reflection) brings them. Inner products, and what folding in gives, stay the
    /// same but for rounding.
    ///
    /// Two trainings on nearly the same data find nearly the same products, but may well find them
    /// in other coordinates; a network that takes the vectors themselves needs the old ones.
    ///
    /// The rotation is the orthogonal polar factor of `items' target`, by the Newton-Schulz
    /// iteration. Source: Schonemann 1966, "A generalized solution of the orthogonal Procrustes
    /// problem"; Higham 2008, "Functions of matrices", section 8.3.
    ///
    /// - Parameter target: shape as `items`.
    /// - Returns: the parts as they are where the factor is not unique in double precision.
    /// - Complexity: O((I + U) x D^2 + D^3).
    package func turned(towards target: Matrix) -> EmbeddingParts {
        let d = items.columns
        guard target.columns == d, target.rows == items.rows else { return self }
        var cross = Array(repeating: 0.0, count: d * d)
        for row in 0..<items.rows {
            for i in 0..<d {
                let value = Double(items.values[row * d + i])
                guard value != 0 else { continue }
                for j in 0..<d {
                    cross[i * d + j] += value * Double(target.values[row * d + j])
                }
            }
        }
        guard let rotation = Self.polarFactor(cross, d) else { return self }
        let turn = { (matrix: Matrix) in
            var turned = Matrix(rows: matrix.rows, columns: d)
            var sums = Array(repeating: 0.0, count: d)
            for row in 0..<matrix.rows {
                for j in 0..<d { sums[j] = 0 }
                for i in 0..<d {
                    let value = Double(matrix.values[row * d + i])
                    for j in 0..<d { sums[j] += value * rotation[i * d + j] }
                }
                for j in 0..<d { turned.values[row * d + j] = Float(sums[j]) }
            }
            return turned
        }
        return EmbeddingParts(items: turn(items), users: users.map(turn), foldIn: foldIn)
    }

    private static func polarFactor(_ matrix: [Double], _ d: Int) -> [Double]? {
        let norm = matrix.reduce(0) { $0 + $1 * $1 }.squareRoot()
        guard norm > 0, norm.isFinite else { return nil }
        var x = matrix.map { $0 / norm }
        // A small singular value grows by half a step, so this reaches down to 1e-12 of the norm.
        for _ in 0..<80 {
            var square = Array(repeating: 0.0, count: d * d)
            for row in 0..<d {
                for i in 0..<d {
                    let value = x[row * d + i]
                    for j in 0..<d { square[i * d + j] += value * x[row * d + j] }
                }
            }
            var error = 0.0
            for i in 0..<d {
                for j in 0..<d {
                    error = max(error, abs(square[i * d + j] - (i == j ? 1 : 0)))
                }
            }
            if error < 1e-10 { return x }
            var next = x.map { 1.5 * $0 }
            for row in 0..<d {
                for i in 0..<d {
                    let value = 0.5 * x[row * d + i]
                    for j in 0..<d { next[row * d + j] -= value * square[i * d + j] }
                }
            }
            x = next
        }
        return nil
    }
}
