internal import Interactions
internal import ModelParts

/// How much less an event counts for its age.
///
/// An event of age a weighs 2^(-a / half-life); ages are as of the newest event. An event without a
/// time is as old as the oldest one that has one.
struct Ageing {
    private let newest: Int64
    private let oldest: Int64
    private let halfLifeSeconds: Double

    /// - Parameter halfLifeDays: 0 for events that count alike whatever their age.
    /// - Returns: nil where nothing ages, since no time is known or the half-life is 0.
    init?(halfLifeDays: Double, times: some Collection<Int64>) {
        let known = times.lazy.filter { $0 != EventTable.noTime }
        guard halfLifeDays > 0, let newest = known.max(), let oldest = known.min() else {
            return nil
        }
        (self.newest, self.oldest) = (newest, oldest)
        halfLifeSeconds = halfLifeDays * 86_400
    }

    /// What an event or basket of a time weighs: above 0, and 1 for the newest.
    func weight(_ time: Int64) -> Float {
        let time = time == EventTable.noTime ? oldest : time
        // Far back a Float would come to 0, and what happened once would never have happened.
        return max(1e-6, Float(power(0.5, (Double(newest) - Double(time)) / halfLifeSeconds)))
    }
}

extension TrainingData {
    /// By item, the sum of the weights of its takers' newest events or of the baskets that hold it,
    /// whichever is larger, as ``popularity`` counts them.
    ///
    /// - Parameter pairs: of each user and item the newest event.
    static func agedPopularity(
        _ ageing: Ageing, _ events: EventTable, pairs: [Int], items: Int, baskets: SparseMatrix?,
        basketWeights: [Float]?
    ) -> [Float] {
        // Sums of many small numbers, in double precision so that none is lost.
        var users = Array(repeating: 0.0, count: items)
        for event in pairs {
            users[Int(events.items[event])] += Double(ageing.weight(events.times[event]))
        }
        var held = Array(repeating: 0.0, count: items)
        if let baskets, let basketWeights {
            for row in 0..<baskets.rows {
                for entry in baskets.row(row) {
                    held[Int(baskets.columns[entry])] += Double(basketWeights[row])
                }
            }
        }
        return zip(users, held).map { Float(max($0, $1)) }
    }
}
