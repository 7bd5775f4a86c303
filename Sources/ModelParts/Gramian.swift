internal import CKernels

/// `weight` times the sum of y y' over all rows y, shape `[paddedCount(columns)]` squared.
///
/// Rows are summed in blocks, whose sums are then added in order: neither the blocks nor the order
/// depend on the number of threads, so neither do the bits.
///
/// - Parameters:
///   - rows: the first of `count` rows of `columns` floats, `stride` floats apart.
///   - threads: at least 1.
/// - Complexity: O(count x columns^2) time, and a square matrix of memory for each block,
///   64 MiB of them together.
package func gramian(
    rows: UnsafePointer<Float>, count: Int, columns: Int, stride: Int, weight: Float, threads: Int
) -> [Float] {
    let d = paddedCount(columns)
    let (blocks, blockRows) = gramianBlocks(count: count, columns: columns)
    let sums = UnsafeMutableBufferPointer<Float>.allocate(capacity: blocks * d * d)
    sums.initialize(repeating: 0)
    defer { sums.deallocate() }
    nonisolated(unsafe) let source = rows
    nonisolated(unsafe) let target = sums
    parallelFor(count: blocks, chunk: 1, threads: threads) { _, range in
        withUnsafeTemporaryAllocation(
            of: Float.self, capacity: sc_ials_gramian_scratch_count(d)
        ) { scratch in
            for block in range {
                let first = block * blockRows
                sc_ials_add_gramian(
                    source + first * stride, min(blockRows, count - first), columns, stride, d,
                    scratch.baseAddress!, target.baseAddress! + block * d * d)
            }
        }
    }
    var total = Array(repeating: Float(0), count: d * d)
    for i in total.indices {
        var sum = 0.0
        for block in 0..<blocks { sum += Double(sums[block * d * d + i]) }
        total[i] = Float(sum) * weight
    }
    // The kernels sum the blocks on and above the diagonal.
    for row in 0..<d {
        for column in 0..<row { total[row * d + column] = total[column * d + row] }
    }
    return total
}

/// How a Gramian's rows are divided: at most 64 blocks, of at least 256 rows, and few enough that
/// their sums fit into 64 MiB; one where that is less than a single one needs.
package func gramianBlocks(count: Int, columns: Int) -> (blocks: Int, rows: Int) {
    let bytes = paddedCount(columns) * paddedCount(columns) * MemoryLayout<Float>.stride
    let blocksMax = max(1, min(64, (64 << 20) / bytes))
    let rows = max(256, (count + blocksMax - 1) / blocksMax)
    return ((count + rows - 1) / rows, rows)
}

/// The padded row length that the kernels work on.
package func paddedCount(_ dimensions: Int) -> Int {
    let block = Int(SC_LINALG_BLOCK)
    return (dimensions + block - 1) / block * block
}
