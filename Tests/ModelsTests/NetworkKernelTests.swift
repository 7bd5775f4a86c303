import CKernels
import Foundation
import Interactions
import Models
import Testing

/// The kernels of neural models against plain loops in double precision.
@Suite struct NetworkKernelTests {
    private func normals(_ count: Int, seed: UInt64) -> [Float] {
        var generator = SeededGenerator(seed: seed)
        return (0..<count).map { _ in Float(generator.nextNormal() / 3) }
    }

    @Test(arguments: [0, 1, 7, 8, 9, 17], [0, 1, 15, 16, 17, 32, 49])
    func `a product of matrices equals the plain loop, and so does that of a transposed one`(
        rows: Int, columns: Int
    ) {
        for depth in [0, 1, 2, 33] {
            let (left, right) = (normals(rows * depth + 1, seed: 1), normals(depth * 64, seed: 2))
            let start = normals(rows * 64, seed: 3)
            for transposed in [false, true] {
                let (byRow, byColumn) = transposed ? (1, rows) : (depth, 1)
                var product = start + [9]
                sc_gemm(
                    &product, 64, left, byRow, byColumn, right + [0], 64, rows, columns, depth)
                #expect(product.last == 9)
                for place in 0..<rows * 64 {
                    let (row, column) = (place / 64, place % 64)
                    let sum = (0..<(column < columns ? depth : 0)).reduce(Double(start[place])) {
                        let factor = Double(left[row * byRow + $1 * byColumn])
                        return $0 + factor * Double(right[$1 * 64 + column])
                    }
                    #expect(abs(Double(product[place]) - sum) < 1e-5, "\(row), \(column), \(depth)")
                }
            }
        }
    }

    @Test func `slices of a product have the bits of the whole`() {
        let (left, right) = (normals(20 * 30, seed: 4), normals(30 * 48, seed: 5))
        var whole = Array(repeating: Float(0), count: 20 * 48)
        sc_gemm(&whole, 48, left, 30, 1, right, 48, 20, 48, 30)
        for first in 0..<20 {
            var slice = Array(repeating: Float(0), count: 48)
            sc_gemm(&slice, 48, Array(left[(first * 30)...]), 30, 1, right, 48, 1, 48, 30)
            #expect(slice == Array(whole[first * 48..<first * 48 + 48]), "row \(first)")
        }
    }

    @Test func `a softmax gives shares of what is not excluded, less one at the positive`() {
        let count = 48
        let start = normals(count, seed: 6).map { 40 * $0 }
        let corrections = normals(count, seed: 7)
        // The positive is marked as well, which is to be ignored.
        let excluded = (0..<count).map { UInt8($0 % 5 == 2 ? 1 : 0) }
        for positive in [0, 7, 47] {
            var slopes = start
            let loss = sc_softmax_slopes(&slopes, corrections, excluded, count, positive)
            let open = (0..<count).filter { excluded[$0] == 0 || $0 == positive }
            let logits = (0..<count).map { Double(start[$0]) - Double(corrections[$0]) }
            let top = open.map { logits[$0] }.max()!
            let sum = open.reduce(0) { $0 + exp(logits[$1] - top) }
            #expect(abs(Double(loss) - (log(sum) + top - logits[positive])) < 1e-5)
            for other in 0..<count {
                let share = open.contains(other) ? exp(logits[other] - top) / sum : 0
                let slope = share - (other == positive ? 1 : 0)
                #expect(abs(Double(slopes[other]) - slope) < 1e-6, "\(other) of \(positive)")
            }
        }
    }

    @Test func `a share too small to count is 0, and none is subnormal`() {
        var slopes = (0..<160).map { -Float($0) }
        let excluded = (0..<160).map { UInt8($0 % 16 == 3 ? 1 : 0) }
        _ = sc_softmax_slopes(&slopes, slopes.map { _ in 0 }, excluded, 160, 0)
        for (place, slope) in slopes.enumerated() {
            #expect(slope == 0 || slope.isNormal, "\(place): \(slope)")
            if excluded[place] == 1 || place >= 45 { #expect(slope == 0, "\(place): \(slope)") }
            if excluded[place] == 0 && place < 44 { #expect(slope != 0, "\(place)") }
        }
    }

    @Test func `rows are summed by weight, and take one step for all that they were summed into`() {
        let rows = normals(3 * 16, seed: 8)
        var sums = Array(repeating: Float(7), count: 2 * 16)
        [Int64(0), 2, 2].withUnsafeBufferPointer { offsets in
            [Int32(2), 0].withUnsafeBufferPointer { entries in
                [Float(0.5), -2].withUnsafeBufferPointer { weights in
                    var bag = sc_bag(
                        offsets: offsets.baseAddress!, rows: entries.baseAddress!,
                        weights: weights.baseAddress!)
                    sc_bag_sum(&bag, 0, 2, rows, 16, &sums)
                    for column in 0..<16 {
                        let sum = 0.5 * rows[32 + column] - 2 * rows[column]
                        #expect(abs(sums[column] - sum) < 1e-6)
                        #expect(sums[16 + column] == 0)
                    }
                    // Row 1 was in the samples 2 and 0 with these weights.
                    var moved = rows
                    var squares = Array(repeating: Float(1), count: rows.count)
                    moved.withUnsafeMutableBufferPointer { moved in
                        squares.withUnsafeMutableBufferPointer { squares in
                            var side = sc_features(
                                rows: moved.baseAddress!, squares: squares.baseAddress!,
                                columns: 16, offsets: nil, features: nil, weights: nil)
                            sc_bag_step(&bag, [1], 0, 1, rows, &side, 0.1, 0.5)
                        }
                    }
                    for column in 0..<16 {
                        let slope =
                            0.5 * rows[32 + column] - 2 * rows[column] + 0.5 * rows[16 + column]
                        let value =
                            rows[16 + column] - 0.1 * slope / (1 + slope * slope).squareRoot()
                        #expect(abs(moved[16 + column] - value) < 1e-6)
                        #expect(moved[column] == rows[column])
                    }
                }
            }
        }
    }

    @Test func `a transposed bag names the sums of each row, rows as they first appear`() {
        var places = Array(repeating: Int32(-1), count: 6)
        var (touched, sums) = ([9, 9, 9, 9] as [Int32], [9, 9, 9, 9, 9] as [Int32])
        var (ends, shares) = ([9, 9, 9, 9, 9] as [Int64], [9, 9, 9, 9, 9] as [Float])
        [Int64(0), 2, 2, 5].withUnsafeBufferPointer { offsets in
            [Int32(4), 1, 1, 5, 4].withUnsafeBufferPointer { rows in
                [Float(1), 2, 3, 4, 5].withUnsafeBufferPointer { weights in
                    var bag = sc_bag(
                        offsets: offsets.baseAddress!, rows: rows.baseAddress!,
                        weights: weights.baseAddress!)
                    for _ in 0..<2 {
                        let found = sc_bag_transpose(
                            &bag, 3, &places, &touched, &ends, &sums, &shares)
                        #expect(found == 3)
                    }
                }
            }
        }
        #expect(touched == [4, 1, 5, 9] && ends == [0, 2, 4, 5, 9])
        #expect(sums == [0, 2, 0, 2, 2] && shares == [1, 5, 2, 3, 4])
        #expect(places.allSatisfy { $0 == -1 })
    }

    @Test(arguments: [(hidden: 0, length: Float(0)), (32, 0), (0, 2), (16, 3)])
    func `slopes through a tower are those of central differences`(hidden: Int, length: Float)
        throws
    {
        try DenseAlgebra.require(for: "this test")
        let columns = 16
        let x = normals(3 * columns, seed: 9)
        let dense = normals(2 * columns * hidden + hidden + columns, seed: 10)
        let targets = normals(3 * columns, seed: 11)
        var (byDense, byX) = (dense.map { _ in Float(0) }, x.map { _ in Float(0) })
        dense.withUnsafeBufferPointer { dense in
            var tower = sc_tower(
                columns: columns, hidden: hidden, length: length, dense: dense.baseAddress!)
            #expect(sc_tower_dense_count(&tower) == (hidden == 0 ? 0 : dense.count))
            var middle = Array(repeating: Float(0), count: 3 * hidden + 1)
            var y = x
            var scales: [Float] = [0, 0, 0]
            var byY = targets
            var scratch = Array(repeating: Float(0), count: sc_tower_scratch_count(&tower, 3) + 1)
            sc_tower_forward(&tower, x, 3, &middle, &y, &scales)
            sc_tower_backward(
                &tower, x, middle, y, scales, 3, &byY, &byDense, &byX, &scratch)
        }
        /// The sum of the targets times the tower's outcome, by the book.
        func loss(_ x: [Float], _ dense: [Float]) -> Double {
            (0..<3).reduce(0.0) { sum, k in
                let input = x[k * columns..<(k + 1) * columns].map { Double($0) }
                let second = (columns + 1) * hidden
                let middle = (0..<hidden).map { h in
                    max(
                        0,
                        (0..<columns).reduce(Double(dense[columns * hidden + h])) {
                            $0 + input[$1] * Double(dense[$1 * hidden + h])
                        })
                }
                var y = input
                if hidden > 0 {
                    for c in 0..<columns {
                        y[c] += (0..<hidden).reduce(Double(dense[second + hidden * columns + c])) {
                            $0 + middle[$1] * Double(dense[second + $1 * columns + c])
                        }
                    }
                }
                let norm = y.reduce(0) { $0 + $1 * $1 }.squareRoot()
                let scale = length > 0 ? Double(length) / norm : 1
                return sum
                    + (0..<columns).reduce(0) { $0 + scale * y[$1] * Double(targets[k * 16 + $1]) }
            }
        }
        let step: Float = 1e-3
        for place in x.indices {
            var (up, down) = (x, x)
            up[place] += step
            down[place] -= step
            let slope = (loss(up, dense) - loss(down, dense)) / Double(2 * step)
            #expect(abs(Double(byX[place]) - slope) < 5e-3, "input \(place)")
        }
        for place in dense.indices where hidden > 0 && place % 3 == 0 {
            var (up, down) = (dense, dense)
            up[place] += step
            down[place] -= step
            let slope = (loss(x, up) - loss(x, down)) / Double(2 * step)
            #expect(abs(Double(byDense[place]) - slope) < 5e-3, "layers \(place)")
        }
    }
}
