package import Interactions

/// What a model is asked: Q queries, each of which ranks items, and the items that should come
/// first.
///
/// Invariant: `contexts.rows == relevant.rows == candidates?.rows == users.count`, each with I
/// columns.
package struct RankingTask: Sendable {
    /// What a query's context is.
    package enum Context: String, Sendable {
        /// The user's training history: models may answer from what they learned of her.
        case history
        /// The rest of a basket: models must answer from the context alone.
        case basket
    }

    /// Who asks, as a row of the training data, or -1.
    package var users: [Int32]
    /// Q x I: what is known when the query is asked.
    package var contexts: SparseMatrix
    /// Q x I: what was held out; no row is empty, unless slates alone are asked for. A value is the rating, where events are ratings.
    package var relevant: SparseMatrix
    /// Q x I: what is ranked, for protocols with sampled candidates; nil for all items.
    package var candidates: SparseMatrix?
    package var context: Context
    /// Whether the items of the context are left out of the ranking.
    package var excludesContext: Bool
    /// Whether what the user took in training may be ranked too.
    package var includesPurchased: Bool
    /// Items that no query ranks, ascending; none of them is in a context or relevant.
    package var unrankable: [Int32] = []
    /// Where several queries are about one basket, which one each is about, ascending without gaps: its
    /// figures are then the means over them. nil where each query stands for itself.
    package var groups: [Int32]?

    package init(
        users: [Int32], contexts: SparseMatrix, relevant: SparseMatrix,
        candidates: SparseMatrix? = nil, context: Context = .history, excludesContext: Bool
    ) {
        precondition(users.count == contexts.rows && users.count == relevant.rows)
        precondition(contexts.columnCount == relevant.columnCount)
        precondition(candidates.map { $0.rows == users.count } ?? true)
        self.users = users
        self.contexts = contexts
        self.relevant = relevant
        self.candidates = candidates
        self.context = context
        self.excludesContext = excludesContext
        includesPurchased = context == .basket || !excludesContext
    }

    package var count: Int { users.count }
    package var itemCount: Int { contexts.columnCount }

    /// How many figures come of the queries: one each, or one a group.
    package var judgedCount: Int { groups.map { Int($0.last ?? -1) + 1 } ?? count }

    /// At most `countMax` of the queries, or of their groups, evenly spread.
    func thinned(to countMax: Int) -> RankingTask {
        let all = judgedCount
        guard all > countMax else { return self }
        let chosen = (0..<countMax).map { $0 * all / countMax }
        let kept: [Int]
        var keptGroups: [Int32]?
        if let groups {
            var places = Array(repeating: Int32(-1), count: all)
            for (place, group) in chosen.enumerated() { places[group] = Int32(place) }
            kept = groups.indices.filter { places[Int(groups[$0])] >= 0 }
            keptGroups = kept.map { places[Int(groups[$0])] }
        } else {
            kept = chosen
        }
        func rows(_ matrix: SparseMatrix) -> SparseMatrix {
            var builder = RowBuilder(columnCount: matrix.columnCount)
            for row in kept {
                builder.append(
                    matrix.columns[matrix.row(row)], values: Array(matrix.values[matrix.row(row)]))
            }
            return builder.matrix
        }
        var result = RankingTask(
            users: kept.map { users[$0] }, contexts: rows(contexts), relevant: rows(relevant),
            candidates: candidates.map(rows), context: context, excludesContext: excludesContext)
        result.includesPurchased = includesPurchased
        result.unrankable = unrankable
        result.groups = keptGroups
        return result
    }
}

/// Gathers queries one by one.
struct RankingTaskBuilder {
    private let itemCount: Int
    private var users: [Int32] = []
    private var contexts: RowBuilder
    private var relevant: RowBuilder
    private var candidates: RowBuilder

    init(itemCount: Int) {
        self.itemCount = itemCount
        contexts = RowBuilder(columnCount: itemCount)
        relevant = contexts
        candidates = contexts
    }

    var count: Int { users.count }

    /// All lists ascend strictly. A query without anything relevant is left out.
    mutating func append(
        user: Int32, context: some Sequence<Int32>, relevant: some Sequence<Int32>,
        ratings: [Float]? = nil, candidates: [Int32]? = nil
    ) {
        let relevant = Array(relevant)
        guard !relevant.isEmpty else { return }
        users.append(user)
        contexts.append(context)
        self.relevant.append(relevant, values: ratings)
        if let candidates { self.candidates.append(candidates) }
    }

    func make(context: RankingTask.Context = .history, excludesContext: Bool) -> RankingTask {
        let sampled = candidates.matrix
        precondition(sampled.rows == 0 || sampled.rows == users.count)
        return RankingTask(
            users: users, contexts: contexts.matrix, relevant: relevant.matrix,
            candidates: sampled.rows == 0 ? nil : sampled, context: context,
            excludesContext: excludesContext)
    }
}

/// Makes a sparse matrix row by row.
struct RowBuilder {
    private let columnCount: Int
    private var offsets = [0]
    private var columns: [Int32] = []
    private var values: [Float] = []

    init(columnCount: Int) { self.columnCount = columnCount }

    /// - Parameter values: as many as the row has columns; nil for ones.
    mutating func append(_ row: some Sequence<Int32>, values: [Float]? = nil) {
        columns.append(contentsOf: row)
        let count = columns.count - offsets.last!
        self.values.append(contentsOf: values ?? Array(repeating: 1, count: count))
        offsets.append(columns.count)
    }

    var matrix: SparseMatrix {
        SparseMatrix(
            rows: offsets.count - 1, columnCount: columnCount, rowOffsets: offsets,
            columns: columns, values: values)
    }
}
