internal import Interactions
internal import Models

extension EventSplits {
    /// Hides one item of each later basket and ranks all items given the rest.
    ///
    /// Baskets are the orders that events name, by the time of their first event. The newest
    /// `testShare` of them are held out; of each, those items count that at least `itemBasketsMin`
    /// training baskets hold, and where there are two or more, one drawn by the seed is hidden. All
    /// items that frequent are ranked but the rest of the basket.
    ///
    /// - Throws: ``EvaluationError`` where no event names a basket, or baskets have no times.
    package func makeBasketPlan(
        testShare: Double = 0.2, itemBasketsMin: Int = 5, at lengths: [Int] = [5, 10, 20]
    ) throws(EvaluationError) -> EvaluationPlan {
        EvaluationPlan(
            title: "basket completion",
            summary:
                "One item of each of the newest \(percent(testShare)) of baskets is hidden, and all items of "
                + "at least \(itemBasketsMin) training baskets are ranked given the rest.",
            splits: [try basketSplit(testShare: testShare, itemBasketsMin: itemBasketsMin)],
            leading: Measure(.ndcg, at: lengths.contains(10) ? 10 : lengths.last!),
            lengths: lengths)
    }

    private func basketSplit(testShare: Double, itemBasketsMin: Int) throws(EvaluationError)
        -> EvaluationSplit
    {
        let events = dataset.events
        var start = Array(repeating: Int64.max, count: dataset.baskets.count)
        for event in 0..<events.count
        where events.baskets[event] != EventTable.none && counts(event) {
            guard events.times[event] != EventTable.noTime else { continue }
            let basket = Int(events.baskets[event])
            start[basket] = min(start[basket], events.times[event])
        }
        let dated = start.indices.filter { start[$0] < .max }.sorted {
            (start[$0], $0) < (start[$1], $1)
        }
        guard dated.count >= 2 else {
            throw EvaluationError(
                dataset.baskets.count == 0
                    ? "no baskets: basket completion takes events that name their order or session"
                    : "baskets without times: basket completion holds out the newest ones")
        }
        let trainedCount = min(dated.count - 1, Int(Double(dated.count) * (1 - testShare)))
        var isHeld = Array(repeating: false, count: dataset.baskets.count)
        for basket in dated[trainedCount...] { isHeld[basket] = true }
        let cut = start[dated[trainedCount]]
        // Events of no basket belong to the past by their own time.
        let past = dataset.keepingEvents {
            events.baskets[$0] == EventTable.none
                ? events.times[$0] < cut : !isHeld[Int(events.baskets[$0])]
        }
        let training = try trainingData(past)
        let task = completions(
            of: dated[trainedCount...], training: training, itemBasketsMin: itemBasketsMin)
        guard task.count > 0 else {
            throw EvaluationError(
                "no later basket has two items that \(itemBasketsMin) training baskets hold")
        }
        return EvaluationSplit(training: training, tasks: [task]) {
            () throws(EvaluationError) in
            try EventSplits(dataset: past, options: options, seed: seed &+ 1)
                .basketSplit(testShare: testShare, itemBasketsMin: itemBasketsMin)
        }
    }

    private func completions(
        of baskets: ArraySlice<Int>, training: TrainingData, itemBasketsMin: Int
    ) -> RankingTask {
        var holders = Array(repeating: 0, count: dataset.items.count)
        for item in training.baskets?.columns ?? [] { holders[Int(item)] += 1 }
        var contents: [Int: Set<Int32>] = [:]
        var buyer: [Int: Int32] = [:]
        for basket in baskets { contents[basket] = [] }
        let events = dataset.events
        for event in 0..<events.count
        where events.baskets[event] != EventTable.none && counts(event) {
            let (basket, item) = (Int(events.baskets[event]), events.items[event])
            guard contents[basket] != nil, holders[Int(item)] >= itemBasketsMin else { continue }
            contents[basket]!.insert(item)
            buyer[basket] = events.users[event]
        }
        var generator = SeededGenerator(seed: seed)
        var task = RankingTaskBuilder(itemCount: dataset.items.count)
        for basket in baskets {
            var items = contents[basket]!.sorted()
            guard items.count >= 2 else { continue }
            let hidden = items.remove(at: Int.random(in: items.indices, using: &generator))
            task.append(user: buyer[basket]!, context: items, relevant: [hidden])
        }
        var result = task.make(context: .basket, excludesContext: true)
        result.unrankable = holders.indices.filter { holders[$0] < itemBasketsMin }.map {
            Int32($0)
        }
        return result
    }
}
