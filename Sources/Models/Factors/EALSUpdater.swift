internal import CKernels
package import Interactions
package import ModelParts

/// Takes new pairs into a trained ``EALS`` model, one by one, without training it again.
///
/// A new pair sets the vectors of its user and of its item, by turns, as a training step would with
/// everything else fixed; the D x D sums follow by the difference of the two outer products. Not
/// for several threads.
///
/// Source: He, Zhang, Kan and Chua 2016 (see ``EALS``), section 4.3, algorithm 2.
package final class EALSUpdater {
    /// The weight of a pair that came in late, 1 being that of the others: it tells more of what a
    /// user wants now.
    package let newWeight: Float
    /// How often user and item are set for a new pair.
    package let turns: Int

    private let model: EALS
    private let users: PaddedRows
    private let items: PaddedRows
    /// c_i, by item; an item new to all has the least weight of any.
    private let unobserved: [Float]
    private var itemSums: [Float]
    private var userSums: [Float]
    /// By user what she took, and by item who took it, with the pairs' weights.
    private var histories: [[Int32: Float]]
    private var audiences: [[Int32: Float]]

    /// - Parameters:
    ///   - embeddings: what `model` was trained to on `histories`, users included.
    ///   - newWeight: positive; turns: at least 1.
    /// - Complexity: O((U + I) x D^2 + pairs).
    package init(
        model: EALS, embeddings: EmbeddingParts, histories: SparseMatrix, newWeight: Float = 4,
        turns: Int = 1
    ) {
        precondition(newWeight > 0 && turns > 0, "weight \(newWeight), turns \(turns)")
        guard let trained = embeddings.users else { preconditionFailure("no user vectors") }
        precondition(
            trained.rows == histories.rows && embeddings.items.rows == histories.columnCount)
        self.model = model
        self.newWeight = newWeight
        self.turns = turns
        users = PaddedRows(trained)
        items = PaddedRows(embeddings.items)
        let byItem = histories.transposed()
        let trainedWeights = model.itemWeights(audiences: byItem)
        let least = trainedWeights.filter { $0 > 0 }.min() ?? 0
        unobserved = trainedWeights.map { max($0, least) }
        itemSums = squareSums(of: items, weights: unobserved, threads: 1)
        userSums = squareSums(of: users, weights: nil, threads: 1)
        func lists(_ matrix: SparseMatrix) -> [[Int32: Float]] {
            (0..<matrix.rows).map { row in
                Dictionary(
                    uniqueKeysWithValues: matrix.columns[matrix.row(row)].map { ($0, Float(1)) })
            }
        }
        self.histories = lists(histories)
        audiences = lists(byItem)
    }

    /// The vectors as they are now.
    package var embeddings: EmbeddingParts {
        EmbeddingParts(items: items.makeMatrix(), users: users.makeMatrix(), foldIn: nil)
    }

    /// Takes in that a user took an item; one that she took before gets the new weight.
    ///
    /// - Complexity: O(turns x (entries of both x D + D^2)).
    package func record(user: Int, item: Int) {
        precondition(histories.indices ~= user && audiences.indices ~= item, "\(user), \(item)")
        histories[user][Int32(item)] = newWeight
        audiences[item][Int32(user)] = newWeight
        for _ in 0..<turns {
            set(
                user, of: users, entries: histories[user], fixed: items, sums: itemSums,
                changing: &userSums, weight: 1, scale: 1
            ) { [unobserved] in unobserved[$0] }
            let own = unobserved[item]
            set(
                item, of: items, entries: audiences[item], fixed: users, sums: userSums,
                changing: &itemSums, weight: own, scale: own
            ) { _ in own }
        }
    }

    /// - Parameters:
    ///   - changing: the sums that hold this row's outer product, times `weight`.
    private func set(
        _ row: Int, of rows: PaddedRows, entries: [Int32: Float], fixed: PaddedRows, sums: [Float],
        changing: inout [Float], weight: Float, scale: Float, unobserved: (Int) -> Float
    ) {
        let d = rows.stride
        let room = EALSScratch(entries: entries.count, columns: d)
        // Dictionaries have another order in each process.
        for (k, entry) in entries.sorted(by: { $0.key < $1.key }).enumerated() {
            room.rows[k] = UnsafePointer(fixed[Int(entry.key)])
            room.weights[k] = entry.value
            room.unobserved[k] = unobserved(Int(entry.key))
        }
        let before = Array(UnsafeBufferPointer(start: rows[row], count: d))
        _ = sums.withUnsafeBufferPointer {
            sc_eals_row(
                rows[row], rows.columns, d, room.rows, room.weights, room.unobserved,
                entries.count, $0.baseAddress!, scale, model.regularization, room.floats)
        }
        for i in 0..<d {
            for j in 0..<d {
                changing[i * d + j] +=
                    weight * (rows[row][i] * rows[row][j] - before[i] * before[j])
            }
        }
    }
}

extension PaddedRows {
    fileprivate convenience init(_ matrix: Matrix) {
        self.init(rows: matrix.rows, columns: matrix.columns)
        for row in 0..<matrix.rows {
            for (column, value) in matrix[row: row].enumerated() { self[row][column] = value }
        }
    }
}
