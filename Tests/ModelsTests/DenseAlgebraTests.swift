import CKernels
import Interactions
import Models
import Testing

/// The library's products and inverses against plain loops in double precision.
@Suite struct DenseAlgebraTests {
    static let sizes = [1, 15, 16, 17, 64]

    init() throws { try DenseAlgebra.require(for: "these tests") }

    private func normals(_ count: Int, seed: UInt64) -> [Float] {
        var generator = SeededGenerator(seed: seed)
        return (0..<count).map { _ in Float(generator.nextNormal() / 3) }
    }

    @Test(arguments: sizes, [false, true])
    func `a product equals the plain loop, of matrices as they are or transposed`(
        size: Int, adds: Bool
    ) {
        let (rows, columns, depth, stride) = (size, size + 1, size + 2, size + 5)
        let (a, b) = (normals(stride * stride, seed: 1), normals(stride * stride, seed: 2))
        let start = normals(rows * stride, seed: 3)
        for (transposesA, transposesB) in [
            (false, false), (false, true), (true, false), (true, true),
        ] {
            var c = start
            sc_blas_gemm(
                a, stride, transposesA, b, stride, transposesB, rows, columns, depth, adds, &c,
                stride)
            for place in c.indices {
                let (row, column) = (place / stride, place % stride)
                var expected = Double(start[place])
                if column < columns {
                    expected = (0..<depth).reduce(adds ? expected : 0) { sum, k in
                        let left = transposesA ? a[k * stride + row] : a[row * stride + k]
                        let right = transposesB ? b[column * stride + k] : b[k * stride + column]
                        return sum + Double(left) * Double(right)
                    }
                }
                #expect(abs(Double(c[place]) - expected) < 1e-5, "\(row), \(column)")
            }
        }
    }

    @Test(arguments: sizes)
    func `a factor and an inverse give the matrix and the identity`(size: Int) {
        let stride = size + 3
        var generator = SeededGenerator(seed: 4)
        var a = Array(repeating: Float(7), count: size * stride)
        for i in 0..<size {
            for j in i..<size {
                a[i * stride + j] = i == j ? 2 + Float(i % 7) : Float(generator.nextNormal() / 64)
            }
        }
        let original = a
        func upper(_ a: [Float], _ i: Int, _ j: Int) -> Double {
            Double(a[min(i, j) * stride + max(i, j)])
        }
        #expect(sc_blas_factor(&a, stride, size))
        for i in 0..<size {
            for j in i..<size {
                let sum = (0...i).reduce(0) { $0 + upper(a, $1, i) * upper(a, $1, j) }
                #expect(abs(sum - upper(original, i, j)) < 1e-5, "\(i), \(j)")
            }
        }
        #expect(sc_blas_invert(&a, stride, size))
        for i in 0..<size {
            for j in 0..<size {
                let sum = (0..<size).reduce(0) { $0 + upper(original, i, $1) * upper(a, $1, j) }
                #expect(abs(sum - (i == j ? 1 : 0)) < 1e-5, "\(i), \(j)")
            }
            for j in 0..<stride where j < i || j >= size { #expect(a[i * stride + j] == 7) }
        }
    }

    @Test(arguments: [1, 17, 64])
    func `a matrix that is not positive definite is found out`(size: Int) {
        var a = Array(repeating: Float(0), count: size * size)
        for i in 0..<size { a[i * size + i] = i == size - 1 ? -1 : 1 }
        #expect(!sc_blas_factor(&a, size, size))
    }

    @Test(arguments: zip(["libnowhere.so.0", "libm.so.6"], ["cannot open", "cblas_sgemm"]))
    func `a library that is missing, or another one, is refused by name`(
        name: String, reason: String
    ) throws {
        let problem = try #require(DenseAlgebra.load(name))
        #expect(problem.hasPrefix("\(name) could not be loaded (") && problem.contains(reason))
    }
}
