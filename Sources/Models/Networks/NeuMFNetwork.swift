internal import CKernels
internal import Interactions
internal import ModelParts

/// The parameters of ``NeuMF``, and what they say of any pair.
///
/// `@unchecked Sendable`: while gradients are taken or pairs are scored, threads only read; in
/// between each writes the rows it owns.
package final class NeuMFNetwork: @unchecked Sendable {
    let users: FeatureTable
    let items: FeatureTable
    /// The dense parameters and their sums of squared gradients, one row padded to the kernels'
    /// block.
    let dense: FeatureTable
    let kernel: sc_neumf

    /// Pairs scored at a time.
    private static let chunk = 256

    init(
        model: NeuMF, histories: SparseMatrix, audiences: SparseMatrix,
        generator: inout SeededGenerator
    ) {
        let inputs = model.tower[0] / 2
        let columns = model.factors + inputs
        func table(_ matrix: SparseMatrix, _ columns: Int, _ deviation: Float) -> FeatureTable {
            FeatureTable(
                ids: matrix, features: nil, columns: columns, dimensions: columns,
                // AdaGrad's sums start low, as the slopes of single samples are.
                deviation: deviation, squares: 0.01, generator: &generator)
        }
        let deviation = 0.1 * Float(columns).squareRoot()
        users = table(histories, columns, deviation)
        items = table(audiences, columns, deviation)
        let widths = model.tower + [0, 0, 0]
        let userRows = UnsafePointer(users.side.rows)
        var shape = sc_neumf(
            users: userRows, items: UnsafePointer(items.side.rows), factors: model.factors,
            inputs: inputs, layers: model.tower.count - 1,
            widths: (widths[1], widths[2], widths[3], widths[4]),
            // Their count depends on the shape, and so their address comes after it.
            dense: userRows)
        let one = SparseMatrix(rows: 1, columnCount: 0, entries: [])
        dense = table(one, paddedCount(sc_neumf_dense_count(&shape)), 0)
        shape.dense = UnsafePointer(dense.side.rows)
        kernel = shape
        Self.initialize(dense.side.rows, factors: model.factors, tower: model.tower, &generator)
    }

    /// Layers as He, Zhang, Ren and Sun 2015 have them for rectified units; the output starts as
    /// the plain product.
    private static func initialize(
        _ dense: UnsafeMutablePointer<Float>, factors: Int, tower: [Int],
        _ generator: inout SeededGenerator
    ) {
        var place = 0
        for (input, output) in zip(tower, tower.dropFirst()) {
            let scale = (2 / Double(input)).squareRoot()
            for weight in 0..<input * output {
                dense[place + weight] = Float(generator.nextNormal() * scale)
            }
            place += (input + 1) * output
        }
        for factor in 0..<factors { dense[place + factor] = 1 }
        let last = tower[tower.count - 1]
        for output in 0..<last {
            dense[place + factors + output] = Float(
                generator.nextNormal() / Double(last).squareRoot())
        }
    }

    /// The logits of a user's candidates.
    ///
    /// - Complexity: O(candidates x weights of the tower).
    package func scores(user: Int, candidates: [Int32]) -> [Float] {
        var scores = Array(repeating: Float(0), count: candidates.count)
        score(user: user, candidates: candidates, into: &scores)
        return scores
    }

    func score(user: Int, candidates: [Int32], into scores: inout [Float]) {
        precondition(0..<users.ids ~= user, "user \(user) of \(users.ids)")
        var model = kernel
        let same = Array(repeating: Int32(user), count: Self.chunk)
        withUnsafeTemporaryAllocation(
            of: Float.self, capacity: sc_neumf_scratch_count(&model, Self.chunk)
        ) { scratch in
            candidates.withUnsafeBufferPointer { candidates in
                scores.withUnsafeMutableBufferPointer { scores in
                    for start in stride(from: 0, to: candidates.count, by: Self.chunk) {
                        sc_neumf_forward(
                            &model, same, candidates.baseAddress! + start,
                            min(Self.chunk, candidates.count - start), scratch.baseAddress!,
                            scores.baseAddress! + start)
                    }
                }
            }
        }
    }

    /// All parameters as they are.
    func snapshot() -> [[Float]] { [users, items, dense].map { $0.copyRows() } }

    func restore(_ snapshot: [[Float]]) {
        for (table, rows) in zip([users, items, dense], snapshot) { table.restoreRows(rows) }
    }

    /// By user, the best of the items that someone took but she did not, with the probabilities
    /// that the network gives them: above 0, which is what a list says of the items it leaves out.
    func lists(excluding histories: SparseMatrix, max: Int, threads: Int) -> NeighborLists {
        let all = (0..<Int32(items.ids)).filter { items.isKnown[Int($0)] }
        let rows = UnsafeMutableBufferPointer<[RankedKey]>.allocate(capacity: users.ids)
        rows.initialize(repeating: [])
        defer { rows.deinitialize().deallocate() }
        nonisolated(unsafe) let row = rows
        parallelFor(count: users.ids, chunk: 8, threads: threads) { [self] _, range in
            var scores = Array(repeating: Float(0), count: all.count)
            var keys: [RankedKey] = []
            for user in range where users.isKnown[user] {
                score(user: user, candidates: all, into: &scores)
                var taken = histories.columns[histories.row(user)]
                keys.removeAll(keepingCapacity: true)
                for (item, score) in zip(all, scores) {
                    // Both ascend; what she alone took may be none of all.
                    while let first = taken.first, first < item { taken.removeFirst() }
                    if taken.first == item {
                        taken.removeFirst()
                    } else {
                        keys.append(RankedKey(item: item, score: score))
                    }
                }
                keys.keepFirst(max)
                row[user] = keys.map { key in
                    RankedKey(item: key.item, score: 1 / (1 + exponential(-key.score)))
                }
            }
        }
        return NeighborLists(keys: rows)
    }
}
