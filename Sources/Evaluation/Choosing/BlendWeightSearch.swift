internal import Foundation
internal import ModelParts
internal import Models

/// Chooses the weights of a blend on validation data: coordinate search over multiples that make
/// the components' scores vary alike.
///
/// The components are trained once; only the rankings are made anew for each setting.
struct BlendWeightSearch {
    let leading: Measure
    let lengths: [Int]
    let threads: Int
    let makeRanker: QueryRankerMaker
    let isCancelled: @Sendable () -> Bool

    /// What a component may weigh against the first one, where 1 lets both vary as much.
    static let shares: [Double] = [0, 0.05, 0.1, 0.2, 0.35, 0.5, 0.7, 1, 1.4, 2, 3, 5, 10]
    /// The queries of a task that weights are chosen on; more say hardly more.
    static let queriesMax = 6_000

    /// - Parameters:
    ///   - parts: the components', trained on the split's data.
    ///   - fixed: weights that are not to be searched, by component.
    /// - Returns: the blend with its weights set, the first one's 1 unless it is fixed and others
    ///   above 0 only where that ranks better, and how many settings were tried.
    func run(
        _ blend: Blend, parts: [ModelParts], on split: EvaluationSplit, fixed: [String: Double]
    ) throws(EvaluationError) -> (blend: Blend, trials: Int) {
        let tasks = split.tasks.map { $0.thinned(to: Self.queriesMax) }
        var blend = blend
        var scales: [Double] = []
        for place in parts.indices {
            let name = blend.components[place].name
            let alone = try blended([(parts[place], 1)])
            let scorer = try BatchScorer(parts: alone, task: tasks[0], threads: threads)
            scales.append(scorer.scoreDeviation())
            blend.components[place].weight = fixed[name] ?? (place == 0 ? 1 : 0)
        }
        let free = blend.components.indices.dropFirst().filter {
            // What says nothing of anyone is left at 0.
            fixed[blend.components[$0].name] == nil && scales[$0] > 0
        }
        let reference = scales[0] > 0 ? scales[0] : 1
        guard !free.isEmpty else { return (blend, 0) }
        var best = try figure(blend, parts, split, tasks)
        var trials = 1
        // With two models one pass sees all there is; with more, each depends on the others.
        for _ in 0..<(free.count == 1 ? 1 : 2) {
            for place in free {
                var candidate = blend
                for share in Self.shares {
                    let weight = rounded(share * reference / scales[place])
                    guard weight != blend.components[place].weight else { continue }
                    candidate.components[place].weight = weight
                    trials += 1
                    guard !isCancelled() else {
                        throw EvaluationError("blend: the search for weights was cancelled")
                    }
                    let found = try figure(candidate, parts, split, tasks)
                    if found > best { (blend, best) = (candidate, found) }
                }
            }
        }
        return (blend, trials)
    }

    private func figure(
        _ blend: Blend, _ parts: [ModelParts], _ split: EvaluationSplit, _ tasks: [RankingTask]
    ) throws(EvaluationError) -> Double {
        let together = try blended(Array(zip(parts, blend.components.map { Float($0.weight) })))
        var judgement: Judgement?
        for task in tasks {
            let one = Judgement(
                of: try makeRanker(together, split, task, threads), at: lengths)
            judgement = judgement?.appending(one) ?? one
        }
        return judgement!.mean(leading)
    }

    private func blended(_ models: [(parts: ModelParts, weight: Float)]) throws(EvaluationError)
        -> ModelParts
    {
        do { return try .blend(models, threads: threads) } catch {
            throw EvaluationError(error.description)
        }
    }

    /// To three digits, so that a manifest shows what was used.
    private func rounded(_ weight: Double) -> Double { Double(String(format: "%.3g", weight))! }
}

extension BatchScorer {
    /// The standard deviation of the scores of all items, over some of the queries; what is silent
    /// counts as 0.
    func scoreDeviation() -> Double {
        let sample = Swift.min(256, task.count)
        let sums = UnsafeMutableBufferPointer<(Double, Double)>.allocate(capacity: task.count)
        sums.initialize(repeating: (0, 0))
        defer { sums.deallocate() }
        nonisolated(unsafe) let sum = sums
        let few = BatchScorer(self, task: task.thinned(to: sample))
        few.forEachQuery { _, query, scores in
            for score in scores where score > Self.excluded {
                sum[query].0 += Double(score)
                sum[query].1 += Double(score) * Double(score)
            }
        }
        let count = Double(few.task.count * task.itemCount)
        let mean = sums.reduce(0) { $0 + $1.0 } / count
        let square = sums.reduce(0) { $0 + $1.1 } / count
        return Swift.max(0, square - mean * mean).squareRoot()
    }
}
