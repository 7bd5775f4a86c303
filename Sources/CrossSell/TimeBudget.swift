internal import ModelParts

/// How much time a request has, on the clock that the engine was given.
struct TimeBudget {
    let clock: () -> Int64
    /// In nanoseconds of that clock; `.max` for no limit.
    let deadline: Int64

    /// Whether a step that takes about so many nanoseconds is over in time.
    func allows(_ nanoseconds: Double) -> Bool {
        deadline == .max || Double(deadline - clock()) > nanoseconds
    }
}

/// About how long the steps of a request take, in nanoseconds: for choosing what there is time for
/// and where to do it, not for judging a machine.
///
/// Measured on one core with AVX2 and rounded up; the orders of growth are exact.
struct CostModel {
    let items: Int
    let dimensions: Int
    let hasFoldIn: Bool

    /// Reading and replying, whatever is asked.
    static let base = 5_000.0

    /// Summing edges of lists.
    static func edges(_ count: Int) -> Double { 2 * Double(count) }

    /// Solving for a list of items: O(H D^2 + D^3).
    func foldIn(_ count: Int) -> Double {
        guard dimensions > 0, count > 0 else { return 0 }
        let d = Double(dimensions)
        guard hasFoldIn else { return 0.5 * d * Double(count) }
        return 0.03 * d * d * Double(count) + 0.03 * d * d * d + 50 * d
    }

    /// One exact search of the model's items: O(I D).
    var scan: Double { scan(rows: items) }

    func scan(rows: Int) -> Double { 0.05 * Double(rows) * Double(max(dimensions, 32)) }

    /// Naming the items behind `k` inner products of a context of so many items: O(k (D^2 + H D)).
    func explain(_ k: Int, _ count: Int) -> Double {
        guard hasFoldIn else { return 0 }
        let d = Double(dimensions)
        return Double(k) * (0.6 * d * d + 0.15 * d * Double(min(count, Taste.explainedMax)))
    }

    /// A block of candidates through the second stage: their features, and the trees' nodes.
    static func secondStage(nodes: Int, features: Int) -> Double {
        Double(TreeRanker.stride) * (Double(features) + 0.1 * Double(nodes))
    }

    /// Sending a slate.
    static func slate(_ k: Int) -> Double { 100 * Double(k) }
}
