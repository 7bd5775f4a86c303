import CKernels
import Interactions
import Models
import Testing

/// The kernels against plain loops in double precision, at the sizes around every block edge.
@Suite struct LinearAlgebraTests {
    static let sizes = [16, 32, 48, 64, 80, 128, 144]

    @Test(arguments: sizes)
    func `outer products equal the plain sum on and above the diagonal`(d: Int) {
        var generator = SeededGenerator(seed: 11)
        for count in [0, 1, 2, 3, 7, 8, 9, 15, 16, 17, 100] {
            let rows = (0..<count * d).map { _ in Float(generator.nextNormal()) }
            let start = (0..<d * d).map { _ in Float(generator.nextNormal()) }
            var sum = start
            withAddresses(of: rows, rowLength: d) { sc_linalg_syrk(&sum, start, d, $0, count) }
            for i in 0..<d {
                for j in i..<d {
                    var expected = Double(start[i * d + j])
                    for k in 0..<count {
                        expected += Double(rows[k * d + i]) * Double(rows[k * d + j])
                    }
                    let error = abs(Double(sum[i * d + j]) - expected)
                    #expect(error < 1e-4, "d \(d), count \(count), entry \(i), \(j)")
                }
            }
        }
    }

    @Test(arguments: sizes)
    func `factoring u'u gives u with the reciprocals of its diagonal`(d: Int) {
        let u = makeFactor(d)
        var a = product(u, d)
        var x = Array(repeating: Float(0), count: d)
        #expect(sc_linalg_cholesky(&a, d, &x) == -1)
        #expect(x.allSatisfy { $0 == 0 })
        for i in 0..<d {
            #expect(abs(a[i * d + i] * Float(u[i * d + i]) - 1) < 1e-4, "diagonal \(i) of \(d)")
            for j in (i + 1)..<max(d, i + 1) {
                #expect(abs(Double(a[i * d + j]) - u[i * d + j]) < 1e-4, "entry \(i), \(j) of \(d)")
            }
        }
    }

    @Test(arguments: sizes)
    func `solving gives back the vector that the right side was made from`(d: Int) {
        var generator = SeededGenerator(seed: 12)
        let matrix = product(makeFactor(d), d)
        let expected = (0..<d).map { _ in generator.nextNormal() }
        let right = (0..<d).map { i in
            (0..<d).reduce(0.0) { $0 + Double(matrix[min(i, $1) * d + max(i, $1)]) * expected[$1] }
        }
        var factor = matrix
        var x = right.map(Float.init)
        #expect(sc_linalg_cholesky(&factor, d, &x) == -1)
        var again = right.map(Float.init)
        sc_linalg_forward(factor, d, &again)
        for i in 0..<d { #expect(abs(again[i] - x[i]) < 1e-3, "entry \(i) of \(d) on the way") }
        let dot = sc_linalg_backward(factor, d, &x)
        for i in 0..<d { #expect(abs(Double(x[i]) - expected[i]) < 1e-3, "entry \(i) of \(d)") }
        let expectedDot = zip(right, expected).reduce(0) { $0 + $1.0 * $1.1 }
        #expect(abs(Double(dot) - expectedDot) < 1e-4 * expectedDot)
    }

    @Test(arguments: [0, 5, 15, 16, 17, 47])
    func `a matrix that is not positive definite is refused at its first bad pivot`(bad: Int) {
        let d = 48
        var a = Array(repeating: Float(0), count: d * d)
        for i in 0..<d { a[i * d + i] = i == bad ? -1 : 2 }
        var x = Array(repeating: Float(1), count: d)
        #expect(sc_linalg_cholesky(&a, d, &x) == bad)
    }

    @Test(arguments: sizes)
    func `rows are added up from wherever they lie`(d: Int) {
        let source = (0..<3 * d).map { Float($0 + 1) }
        var sum = Array(repeating: Float(1), count: d)
        withAddresses(of: source, rowLength: d) { rows in
            let order = [rows[2], rows[0], rows[1]]
            sc_linalg_sum(&sum, d, order, 3)
        }
        for j in 0..<d {
            #expect(sum[j] == 1 + source[j] + source[d + j] + source[2 * d + j], "entry \(j)")
        }
    }

    @Test(arguments: [1, 2, 15, 16, 17, 31, 32, 33, 100], [0, 5])
    func `a Gramian reads only the columns of its rows`(columns: Int, gap: Int) {
        let d = (columns + 15) / 16 * 16
        let (count, stride) = (300, columns + gap)
        let rows = (0..<count * stride).map { k in
            k % stride < columns ? Float(k % 7) - 3 : Float.nan
        }
        var sum = Array(repeating: Float(0), count: d * d)
        var scratch = Array(repeating: Float.nan, count: sc_ials_gramian_scratch_count(d))
        sc_ials_add_gramian(rows, count, columns, stride, d, &scratch, &sum)
        for i in 0..<d {
            for j in i..<d {
                let expected =
                    j < columns
                    ? (0..<count).reduce(Float(0)) {
                        $0 + rows[$1 * stride + i] * rows[$1 * stride + j]
                    } : 0
                #expect(sum[i * d + j] == expected, "entry \(i), \(j) of \(columns)")
            }
        }
    }

    /// Calls `body` with the address of every row.
    private func withAddresses(
        of rows: [Float], rowLength: Int, _ body: (UnsafePointer<UnsafePointer<Float>>) -> Void
    ) {
        rows.withUnsafeBufferPointer { floats in
            let first = floats.baseAddress ?? UnsafePointer(bitPattern: 64)!
            // One more, since an empty array need not have an address.
            let addresses = (0...rows.count / rowLength).map { first + $0 * rowLength }
            body(addresses)
        }
    }

    /// An upper triangle with a dominant diagonal, in double precision.
    private func makeFactor(_ d: Int) -> [Double] {
        var generator = SeededGenerator(seed: 13)
        var u = Array(repeating: 0.0, count: d * d)
        for i in 0..<d {
            for j in i..<d {
                u[i * d + j] = i == j ? 2 + Double(i % 3) : generator.nextNormal() / 8
            }
        }
        return u
    }

    /// u'u on and above the diagonal.
    private func product(_ u: [Double], _ d: Int) -> [Float] {
        var a = Array(repeating: Float(0), count: d * d)
        for i in 0..<d {
            for j in i..<d {
                a[i * d + j] = Float((0...i).reduce(0) { $0 + u[$1 * d + i] * u[$1 * d + j] })
            }
        }
        return a
    }
}
