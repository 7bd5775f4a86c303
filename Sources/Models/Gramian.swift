internal import CKernels

/// `weight` times the sum of y y' over all rows y, in the kernels' layout, shape
/// `[paddedCount(columns)]` squared.
///
/// Rows are summed in at most 64 blocks, whose sums are then added in order: neither the blocks nor
/// the order depend on the number of threads, so neither do the bits.
///
/// - Parameters:
///   - rows: the first of `count` rows of `columns` floats, `stride` floats apart.
///   - threads: at least 1; each adds one square matrix of memory at a time.
/// - Complexity: O(count x columns^2).
func gramian(
    rows: UnsafePointer<Float>, count: Int, columns: Int, stride: Int, weight: Float, threads: Int
) -> [Float] {
    let d = paddedCount(columns)
    let blockRows = max(256, (count + 63) / 64)
    let blocks = (count + blockRows - 1) / blockRows
    let sums = UnsafeMutableBufferPointer<Float>.allocate(capacity: blocks * d * d)
    sums.initialize(repeating: 0)
    defer { sums.deallocate() }
    nonisolated(unsafe) let source = rows
    nonisolated(unsafe) let target = sums
    parallelFor(count: blocks, chunk: 1, threads: threads) { _, range in
        let panelRows = 64
        withUnsafeTemporaryAllocation(of: Float.self, capacity: (panelRows + 1) * d) { panel in
            withUnsafeTemporaryAllocation(of: UnsafePointer<Float>.self, capacity: panelRows) {
                pointers in
                panel.initialize(repeating: 0)
                for block in range {
                    let end = min(count, (block + 1) * blockRows)
                    for start in Swift.stride(from: block * blockRows, to: end, by: panelRows) {
                        let n = min(panelRows, end - start)
                        for k in 0..<n {
                            pointers.initializeElement(at: k, to: source + (start + k) * stride)
                        }
                        // The kernel's sum of rows, which nobody needs here, goes behind the panel.
                        sc_linalg_gather(
                            pointers.baseAddress!, n, columns, d, panel.baseAddress!,
                            panel.baseAddress! + panelRows * d)
                        sc_linalg_syrk(
                            target.baseAddress! + block * d * d, d, panel.baseAddress!, n)
                    }
                }
            }
        }
    }
    var total = Array(repeating: Float(0), count: d * d)
    for i in total.indices {
        var sum = 0.0
        for block in 0..<blocks { sum += Double(sums[block * d * d + i]) }
        total[i] = Float(sum) * weight
    }
    return total
}
