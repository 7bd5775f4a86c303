internal import CKernels
package import Interactions
internal import Measures
package import ModelParts

/// One item of each of some users, kept out of training to tell whether another epoch helps.
///
/// At most a tenth of the users, and 2,000, lose one of four or more items, which the model then
/// never learns: the price of knowing when to end.
package struct HeldOutItems {
    /// Users x items: what is left to train on.
    package let rest: SparseMatrix
    private let cases: [Case]
    /// Whatever has an event left, ascending.
    private let candidates: [Int32]

    private struct Case {
        let user: Int
        let item: Int32
        /// Of the item among the candidates.
        let place: Int
        let value: Float
    }

    private static let usersMax = 2_000
    /// Fewer say nothing.
    private static let usersMin = 20
    private static let historyMin = 4

    /// - Parameter histories: users x items.
    /// - Returns: nil where too few users have enough items, or items that somebody else has too.
    /// - Complexity: O(pairs).
    package init?(_ histories: SparseMatrix, generator: inout SeededGenerator) {
        let active = (0..<histories.rows).filter { !histories.row($0).isEmpty }
        let chosen = active.filter { histories.row($0).count >= Self.historyMin }
            .shuffled(using: &generator).prefix(min(Self.usersMax, active.count / 10))
        var held: [Int: Int] = [:]
        for user in chosen { held[user] = histories.row(user).randomElement(using: &generator)! }
        var kept = RowParts(histories)
        for user in 0..<histories.rows {
            for entry in histories.row(user) where held[user] != entry { kept.append(entry) }
            kept.endRow()
        }
        rest = kept.matrix
        let audiences = rest.transposed()
        candidates = (0..<Int32(audiences.rows)).filter { !audiences.row(Int($0)).isEmpty }
        var places: [Int32: Int] = [:]
        for (place, item) in candidates.enumerated() { places[item] = place }
        cases = held.sorted { $0.key < $1.key }.compactMap { user, entry in
            let item = histories.columns[entry]
            // Of an item that nobody else took nothing can be learned.
            return places[item].map {
                Case(user: user, item: item, place: $0, value: histories.values[entry])
            }
        }
        guard cases.count >= Self.usersMin else { return nil }
    }

    typealias Scoring =
        @Sendable (
            _ user: Int, _ candidates: [Int32], _ scores: inout [Float]
        ) -> Void

    /// How well the held-out items are ranked among all that their users did not take: the mean of
    /// NDCG, without a cut. An item ranks behind its equals, so that it does not help to give all
    /// the same score.
    ///
    /// - Parameter score: sets a user's scores of candidates.
    /// - Returns: 0 to 1; it does not depend on the number of threads.
    func ndcg(threads: Int, score: @escaping Scoring) -> Double {
        mean(threads: threads) { one in
            var scores = Array(repeating: Float(0), count: candidates.count)
            score(one.user, candidates, &scores)
            // Both ascend, and all that was taken is among the candidates.
            var taken = rest.columns[rest.row(one.user)]
            var rank = 0
            for (candidate, other) in zip(candidates, scores) {
                if taken.first == candidate {
                    taken.removeFirst()
                } else if !(other < scores[one.place]) {
                    rank += 1
                }
            }
            return RelevantRanks([rank], relevantCount: 1).ndcg()
        }
    }

    /// The same by inner products.
    ///
    /// - Complexity: O(users held out of x items x D).
    package func ndcg(of embeddings: EmbeddingParts, threads: Int) -> Double {
        let (dimensions, users) = (embeddings.items.columns, embeddings.users!)
        return embeddings.items.values.withUnsafeBufferPointer { items in
            nonisolated(unsafe) let rows: [UnsafePointer<Float>?] = candidates.map {
                items.baseAddress! + Int($0) * dimensions
            }
            return ndcg(threads: threads) { user, _, scores in
                sc_dot_rows(Array(users[row: user]), rows, rows.count, dimensions, &scores)
            }
        }
    }

    /// The mean squared error of the held-out values.
    package func squaredError(of embeddings: EmbeddingParts) -> Double {
        mean(threads: 1) { one in
            let (user, item) = (
                embeddings.users![row: one.user], embeddings.items[row: Int(one.item)]
            )
            let predicted = zip(user, item).reduce(Float(0)) { $0 + $1.0 * $1.1 }
            return Double((predicted - one.value) * (predicted - one.value))
        }
    }

    private func mean(threads: Int, _ figure: @escaping @Sendable (Case) -> Double) -> Double {
        let figures = UnsafeMutableBufferPointer<Double>.allocate(capacity: cases.count)
        figures.initialize(repeating: 0)
        defer { figures.deallocate() }
        nonisolated(unsafe) let target = figures
        parallelFor(count: cases.count, chunk: 8, threads: threads) { _, range in
            for place in range { target[place] = figure(cases[place]) }
        }
        return figures.reduce(0, +) / Double(cases.count)
    }
}
