internal import ModelParts

/// The second stage of a ranker: trees over the features of a block of candidates.
///
/// The first block holds a share of each source: what the first stage ranks best, what the shopper
/// keeps buying, and what sold best in the last weeks. Where a slate needs more than a block, the
/// next ones hold what the first stage ranks next.
///
/// Scratch of one engine.
final class TreeStage {
    /// The candidates of the first block that come from the first stage's order; the rest are for
    /// habits and trends.
    static let listed = 320
    static let habitual = 128
    static let trendingMax = TreeRanker.stride - listed - habitual

    private let trees: TreeRanker
    private let columns: CandidateColumns
    private let trending: [UInt32]
    private let inputs: [CandidateColumns.Input]
    /// Shape `[F, stride]`.
    private let features: UnsafeMutablePointer<Float>
    private let scores: UnsafeMutablePointer<Float>
    private let shares: UnsafeMutablePointer<Float>
    private let candidates: UnsafeMutableBufferPointer<UInt32>
    private var count = 0
    /// By ordinal, whether it was in a block of this request; cleared by `seen`.
    private let isSeen: UnsafeMutableBufferPointer<Bool>
    private let seen: UnsafeMutablePointer<UInt32>
    private var seenCount = 0
    /// About how long a block takes, in nanoseconds.
    let cost: Double

    init(_ trees: TreeRanker, _ columns: CandidateColumns, _ trending: [UInt32]) {
        self.trees = trees
        self.columns = columns
        self.trending = trending
        inputs = trees.features.map(columns.input)
        let featureCount = trees.features.count
        // One block for both, aligned as vectors want it.
        let floats = (featureCount + 1) * TreeRanker.stride
        scores = UnsafeMutableRawPointer.allocate(
            byteCount: floats * MemoryLayout<Float>.stride, alignment: 64
        ).bindMemory(to: Float.self, capacity: floats)
        scores.initialize(repeating: 0, count: floats)
        features = scores + TreeRanker.stride
        shares = .allocate(capacity: max(1, featureCount))
        shares.initialize(repeating: 0, count: max(1, featureCount))
        candidates = .allocate(capacity: TreeRanker.stride)
        candidates.initialize(repeating: 0)
        isSeen = .allocate(capacity: columns.itemCount)
        isSeen.initialize(repeating: false)
        seen = .allocate(capacity: columns.itemCount)
        seen.initialize(repeating: 0, count: columns.itemCount)
        cost = CostModel.trees(nodes: trees.nodeCount, features: featureCount)
    }

    deinit {
        scores.deallocate()
        shares.deallocate()
        candidates.deallocate()
        isSeen.deallocate()
        seen.deallocate()
    }

    var hasRoom: Bool { count < TreeRanker.stride }

    /// The candidates at hand; valid until they change.
    var block: UnsafeBufferPointer<UInt32> {
        UnsafeBufferPointer(rebasing: candidates[..<count])
    }

    /// Starts a request with the shares of habits and trends in the first block.
    func begin(_ rules: Rules) {
        let (isSeen, seen) = (isSeen, seen)
        for place in 0..<seenCount { isSeen[Int(seen[place])] = false }
        seenCount = 0
        removeAll()
        if let habits = columns.habits {
            for item in habits.items {
                guard count < Self.habitual else { break }
                let ordinal = UInt32(bitPattern: item)
                if rules.allows(ordinal) { appendNew(ordinal) }
            }
        }
        let end = count + Self.trendingMax
        for ordinal in trending {
            guard count < end else { break }
            if rules.allows(ordinal) { appendNew(ordinal) }
        }
    }

    func removeAll() { count = 0 }

    func append(_ ordinal: UInt32) {
        candidates[count] = ordinal
        count += 1
    }

    /// Appends a candidate unless it was in a block of this request.
    func appendNew(_ ordinal: UInt32) {
        if Int(ordinal) < isSeen.count {
            guard !isSeen[Int(ordinal)] else { return }
            isSeen[Int(ordinal)] = true
            seen[seenCount] = ordinal
            seenCount += 1
        }
        append(ordinal)
    }

    /// The scores of the block, in its order; valid until the next call.
    func run() -> UnsafePointer<Float> {
        fill()
        trees.score(count, inputs: features, into: scores)
        return UnsafePointer(scores)
    }

    /// A feature of the block's candidates, as the last ``run()`` saw it.
    func feature(_ place: Int) -> UnsafeBufferPointer<Float> {
        UnsafeBufferPointer(start: features + place * TreeRanker.stride, count: count)
    }

    private func fill() {
        let block = block
        for place in inputs.indices {
            columns.fill(inputs[place], block, into: features + place * TreeRanker.stride)
        }
    }

    /// How the shopper bought an item before; nil where she never did.
    func habit(of ordinal: UInt32) -> Reason.Habit? { columns.habits?.habit(ordinal) }

    /// What an item's score is made of: what goes with basket and history, what she bought before,
    /// and what sells.
    func parts(of ordinal: UInt32) -> (taste: Float, habit: Float, popular: Float) {
        removeAll()
        append(ordinal)
        fill()
        trees.explain(0, inputs: features, into: shares)
        var parts: (taste: Float, habit: Float, popular: Float) = (0, 0, 0)
        for (place, feature) in trees.features.enumerated() {
            if feature.isHabit {
                parts.habit += shares[place]
            } else if feature.isSales {
                parts.popular += shares[place]
            } else {
                parts.taste += shares[place]
            }
        }
        removeAll()
        return parts
    }
}
