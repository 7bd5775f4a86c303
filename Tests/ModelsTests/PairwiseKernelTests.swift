import CKernels
import Foundation
import Interactions
import ModelParts
import Models
import Testing

/// The gradient kernel against the losses as their papers state them.
@Suite struct PairwiseKernelTests {
    private let columns = 16
    private let bias = 5

    /// One user, the items 0 (taken) and 1; what the kernel says of the pair (0, 0).
    private func gradients(_ values: [Float], warpDrawsMax: Int, pool: [Int32] = [1])
        -> (loss: Double, negative: Int32, user: [Float], item: [Float])
    {
        var rows = values
        var squares = Array(repeating: Float(1), count: rows.count)
        var user = Array(repeating: Float(0), count: columns)
        var item = user
        var scratch = Array(repeating: Float(0), count: 2 * columns)
        var negative: Int32 = 9
        let loss = rows.withUnsafeMutableBufferPointer { rows in
            squares.withUnsafeMutableBufferPointer { squares in
                pool.withUnsafeBufferPointer { pool in
                    [Int64(0), 1].withUnsafeBufferPointer { offsets in
                        [Int32(0)].withUnsafeBufferPointer { zero in
                            func side(_ row: Int) -> sc_features {
                                sc_features(
                                    rows: rows.baseAddress! + row * columns,
                                    squares: squares.baseAddress!, columns: columns, offsets: nil,
                                    features: nil, weights: nil)
                            }
                            var model = sc_pairwise(
                                users: side(0), items: side(1), bias: bias,
                                history_offsets: offsets.baseAddress!, history: zero.baseAddress!,
                                pool: pool.baseAddress!, pool_count: pool.count,
                                warp_draws_max: warpDrawsMax)
                            return sc_pairwise_gradients(
                                &model, zero.baseAddress!, zero.baseAddress!, 1, 3, 0, &negative,
                                &user, &item, &scratch)
                        }
                    }
                }
            }
        }
        return (loss, negative, user, item)
    }

    private func makeRows(seed: UInt64, scale: Double = 1) -> [Float] {
        var generator = SeededGenerator(seed: seed)
        var rows = (0..<3 * columns).map {
            $0 % columns <= bias ? Float(scale * generator.nextNormal()) : 0
        }
        rows[bias] = 1
        return rows
    }

    private func margin(_ rows: [Float]) -> Double {
        (0...bias).reduce(0) {
            $0 + Double(rows[$1]) * Double(rows[columns + $1] - rows[2 * columns + $1])
        }
    }

    @Test(arguments: [1, 2, 3, 4] as [UInt64])
    func `BPR's loss is minus the log of the sigmoid, and the gradient its slope`(seed: UInt64) {
        let rows = makeRows(seed: seed)
        let found = gradients(rows, warpDrawsMax: 0)
        #expect(found.negative == 1)
        #expect(abs(found.loss - log(1 + exp(-margin(rows)))) < 1e-5)
        for place in 0..<bias {
            // Downhill, by central differences.
            let step: Float = 1e-2
            func loss(_ row: Int, _ change: Float) -> Double {
                var moved = rows
                moved[row * columns + place] += change
                return log(1 + exp(-margin(moved)))
            }
            let byUser = (loss(0, -step) - loss(0, step)) / Double(2 * step)
            let byItem = (loss(1, -step) - loss(1, step)) / Double(2 * step)
            #expect(abs(Double(found.user[place]) - byUser) < 1e-3, "seed \(seed)")
            #expect(abs(Double(found.item[place]) - byItem) < 1e-3, "seed \(seed)")
        }
        #expect(found.user[bias] == 0)
    }

    @Test func `WARP weighs by the logarithm of the rank that the draws tell of`() {
        // All scores are near zero, so that the first draw comes within 1: rank 11 - 1 over 1.
        let rows = makeRows(seed: 5, scale: 1e-3)
        let found = gradients(
            rows, warpDrawsMax: 10, pool: Array(repeating: 1, count: 11))
        let weight = log(10.0)
        #expect(abs(found.loss - weight * (1 - margin(rows))) < 1e-4)
        for place in 0..<bias {
            let difference = rows[columns + place] - rows[2 * columns + place]
            #expect(abs(found.user[place] - Float(weight) * difference) < 1e-5)
            #expect(abs(found.item[place] - Float(weight) * rows[place]) < 1e-5)
        }
        #expect(abs(found.item[bias] - Float(weight)) < 1e-5)
    }

    @Test func `a pair far enough ahead, or with nothing but her own items to draw, has no step`() {
        var rows = makeRows(seed: 6)
        rows[columns + bias] += 100
        #expect(gradients(rows, warpDrawsMax: 10).negative == -1)
        #expect(gradients(rows, warpDrawsMax: 10).loss == 0)
        #expect(gradients(rows, warpDrawsMax: 0, pool: [0, 0]).negative == -1)
        #expect(gradients(rows, warpDrawsMax: 5, pool: [0]).negative == -1)
    }
}
