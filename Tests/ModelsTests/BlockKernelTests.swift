import CKernels
import Interactions
import Testing

/// The kernels of tall blocks against plain sums.
@Suite struct BlockKernelTests {
    private let width = Int(SC_BLOCK_WIDTH)

    private func random(_ count: Int, _ generator: inout SeededGenerator) -> [Float] {
        (0..<count).map { _ in Float(generator.nextNormal()) }
    }

    @Test(arguments: [81, 82] as [UInt64])
    func `products, transforms and inner products are plain sums`(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let (rows, columns) = (37, 23)
        let block = random(columns * width, &generator)
        let dense = (0..<rows).map { _ in
            (0..<columns).map { _ in
                Int.random(in: 0..<4, using: &generator) == 0 ? Float(generator.nextNormal()) : 0
            }
        }
        var (offsets, places, values) = ([0], [Int32](), [Float]())
        for row in dense {
            for (column, value) in row.enumerated() where value != 0 {
                places.append(Int32(column))
                values.append(value)
            }
            offsets.append(places.count)
        }
        // Rows before the first and from the end on are left alone.
        var product = Array(repeating: Float(7), count: rows * width)
        sc_block_sparse_product(offsets, places, values, block, 2, rows - 1, &product)
        let (head, tail) = (product.prefix(2 * width), product.suffix(width))
        #expect(head.allSatisfy { $0 == 7 } && tail.allSatisfy { $0 == 7 })
        for row in 2..<rows - 1 {
            for d in 0..<width {
                let sum = (0..<columns).reduce(0.0) {
                    $0 + Double(dense[row][$1]) * Double(block[$1 * width + d])
                }
                #expect(abs(Double(product[row * width + d]) - sum) < 1e-4, "seed \(seed)")
            }
        }
        let matrix = random(width * width, &generator)
        var turned = block
        sc_block_transform(&turned, columns, matrix)
        var gram = random(width * width, &generator)
        sc_block_gram(block, columns, &gram)
        for row in 0..<columns {
            for d in 0..<width {
                let sum = (0..<width).reduce(0.0) {
                    $0 + Double(block[row * width + $1]) * Double(matrix[$1 * width + d])
                }
                #expect(abs(Double(turned[row * width + d]) - sum) < 1e-4, "seed \(seed)")
            }
        }
        for a in 0..<width {
            for b in 0..<width {
                let sum = (0..<columns).reduce(0.0) {
                    $0 + Double(block[$1 * width + a]) * Double(block[$1 * width + b])
                }
                #expect(abs(Double(gram[a * width + b]) - sum) < 1e-4, "seed \(seed)")
            }
        }
    }
}
