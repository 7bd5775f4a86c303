internal import Bundles
internal import CrossSell
internal import EmbeddingStore
internal import Interactions
internal import ModelParts
internal import Models

/// The candidates that the serving engine finds for each query, with the features that it computes.
struct RankerSamples {
    /// In the order of the queries; those whose hidden item was not found have no group.
    private(set) var groups: RankingGroups
    /// The groups that judge, which hold all candidates.
    private(set) var judges: [Int] = []
    /// By group, the hidden item's place in the first stage's order.
    private var firstPlaces: [Int] = []
    /// Judging queries whose hidden item no source found.
    private var missed = 0

    /// - Parameters:
    ///   - parts: the first stage, with a ranker of trees that may be empty.
    ///   - histories: users x items, what each user took before, oldest first.
    ///   - judges: how many of the queries judge, the first ones.
    ///   - negatives: how many other candidates of each other query are kept, drawn evenly.
    ///   - features: F.
    init(
        _ parts: ModelParts, histories: SparseMatrix, items: Int, queries: RankerQueries,
        judges: Int, negatives: Int, features: Int, context: TrainingContext
    ) throws(TrainingError) {
        let generation: Generation
        do {
            generation = try Generation(
                ModelBundle(numbering: parts, histories: histories, itemCount: items),
                storeBytesMax: 1 << 40, readersMax: context.threads)
        } catch { throw TrainingError("lambdamart: \(error.description)") }
        let found = UnsafeMutableBufferPointer<Found>.allocate(capacity: queries.all.count)
        found.initialize(repeating: Found())
        defer { found.deinitialize().deallocate() }
        let ids = (
            items: TextTable(count: items) { "\($0)" },
            users: TextTable(count: histories.rows) { "\($0)" }
        )
        nonisolated(unsafe) let target = found
        nonisolated(unsafe) let engines: [Engine]
        do {
            engines = try (0..<context.threads).map { _ in try Engine(generation) }
        } catch { preconditionFailure("\(error)") }
        let queriesMax = EngineLimits().basketItems
        parallelFor(count: queries.all.count, chunk: 16, threads: context.threads) {
            worker, places in
            for place in places {
                let asked = queries.all[place]
                var query = Query()
                if asked.user != EventTable.none { query.user = ids.users[Int(asked.user)] }
                query.basket = asked.basket.prefix(queriesMax).map { ids.items[Int($0)] }
                (query.rules.includesPurchased, query.rules.includesOutOfStock) = (true, true)
                var generator = SeededGenerator(seed: context.seed &+ UInt64(place))
                _ = engines[worker].forCandidates(query) { ordinals, feature in
                    target[place] = Found(
                        ordinals, hidden: UInt32(bitPattern: asked.hidden), features: features,
                        keeping: place < judges ? nil : negatives, &generator, feature)
                }
                engines[worker].endTurn()
            }
        }
        groups = RankingGroups(features: features)
        for (place, one) in found.enumerated() {
            guard let relevant = one.relevant else {
                missed += place < judges ? 1 : 0
                continue
            }
            if place < judges { self.judges.append(groups.count) }
            groups.relevant.append(groups.rows + relevant)
            firstPlaces.append(one.firstPlace)
            for feature in 0..<features { groups.columns[feature] += one.columns[feature] }
            groups.offsets.append(groups.rows + one.columns[0].count)
        }
    }

    /// Whether a ranker ranks the judging groups' hidden items better than the first stage alone:
    /// a one-sided test of the paired differences of reciprocal ranks at p < .01.
    ///
    /// - Parameter places: by judging group, the hidden item's place by the ranker.
    func isSurelyBetter(_ places: [(group: Int, place: Int)]) -> Bool {
        let differences = places.map {
            LambdaMART.gain($0.place) - LambdaMART.gain(firstPlaces[$0.group])
        }
        // Queries whose item neither found differ by nothing.
        let count = Double(differences.count + missed)
        guard count > 1 else { return false }
        let mean = differences.reduce(0, +) / count
        let squares = differences.reduce(0) { $0 + $1 * $1 }
        let variance = max(0, squares - count * mean * mean) / (count - 1)
        return mean > Self.quantile * (variance / count).squareRoot()
    }

    /// What turns a ranker's scores into the log-odds of the judging queries' candidates: of those that a
    /// slate would show, since the hundreds behind them would decide the fit and are never seen.
    ///
    /// - Parameter scores: by row.
    func calibration(_ scores: [Float]) -> Calibration {
        var judged: [Float] = []
        var isHit: [Bool] = []
        func judge(_ count: Int) {
            (judged, isHit) = ([], [])
            for group in judges {
                let best = groups.range(of: group).sorted { (scores[$1], $0) < (scores[$0], $1) }
                for row in best.prefix(count) {
                    judged.append(scores[row])
                    isHit.append(row == groups.relevant[group])
                }
            }
        }
        judge(Self.shownMax)
        if !isHit.contains(true) { judge(.max) }
        let found = Double(judges.count) / Double(judges.count + missed)
        return Calibration(judged, isHit: isHit, found: found)
    }

    /// By judging group, the hidden item's place by some scores.
    func places(_ scores: [Float]) -> [(group: Int, place: Int)] {
        judges.map { ($0, LambdaMART.place(groups, $0, scores)) }
    }

    /// How many candidates a slate shows, about.
    private static let shownMax = 20

    /// Of the standard normal distribution, at .99.
    private static let quantile = 2.326
}

/// What the engine found for one query.
private struct Found: Sendable {
    var columns: [[Float]] = []
    /// The hidden item's place among the rows kept; nil where it was not found.
    var relevant: Int?
    /// How many candidates the first stage ranks above it.
    var firstPlace = 0

    init() {}

    init(
        _ ordinals: UnsafeBufferPointer<UInt32>, hidden: UInt32, features: Int,
        keeping negatives: Int?,
        _ generator: inout SeededGenerator, _ feature: (Int) -> UnsafeBufferPointer<Float>
    ) {
        guard let own = ordinals.firstIndex(of: hidden) else { return }
        var kept = Array(ordinals.indices)
        if let negatives {
            kept = Array(
                kept.filter { $0 != own }.shuffled(using: &generator).prefix(negatives).sorted())
            kept.append(own)
        }
        relevant = kept.firstIndex(of: own)
        columns = (0..<features).map { place in
            let values = feature(place)
            return kept.map { values[$0] }
        }
        // The first stage sums the first and the third feature by its shares.
        let share = RankerParts.usualHistoryShare([.itemWeights])
        let (basket, history) = (feature(0), feature(2))
        func score(_ place: Int) -> Float {
            (1 - share) * basket[place] + share * history[place]
        }
        let hiddenScore = score(own)
        firstPlace = ordinals.indices.count { score($0) > hiddenScore }
    }
}
