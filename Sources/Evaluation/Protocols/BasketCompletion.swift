internal import Interactions
internal import Models

/// Which baskets basket completion holds out, and what it asks about them.
package struct BasketCompletion: Sendable {
    /// Which baskets are held out.
    package enum Split: String, CaseIterable, Sendable {
        /// The newest ones, by the time of their last event.
        case time
        /// Some drawn by the seed, for files without times.
        case random
    }

    /// nil for ``Split/time`` where most baskets have times that differ, else ``Split/random``.
    package var split: Split?
    /// The share of baskets that is held out, above 0 and below 1.
    package var testShare: Double
    /// An item is hidden only where at least so many training baskets hold it.
    package var itemBasketsMin: Int
    /// At most so many baskets are asked about, evenly spread over those that can be; nil for all.
    package var queriesMax: Int?

    package init(
        split: Split? = nil, testShare: Double = 0.2, itemBasketsMin: Int = 5,
        queriesMax: Int? = 4_000
    ) {
        precondition(testShare > 0 && testShare < 1, "a share of \(testShare)")
        precondition(queriesMax.map { $0 > 0 } ?? true, "\(queriesMax!) queries")
        self.split = split
        self.testShare = testShare
        self.itemBasketsMin = itemBasketsMin
        self.queriesMax = queriesMax
    }
}

extension EventSplits {
    /// Hides one item of each held-out basket and ranks all items given the rest.
    ///
    /// Baskets are the orders that events name. Of each held-out one with two or more items, one
    /// that enough training baskets hold is drawn by the seed and hidden. Its other items that the
    /// training part knows, frequent or not, are the context; all items of the training part but
    /// these are ranked, those that the user took before too. A user whom the training part does
    /// not know is nobody: -1.
    ///
    /// - Throws: ``EvaluationError`` where no event names a basket, baskets cannot be split as
    ///   asked, or none of those held out can be asked about.
    package func makeBasketPlan(
        _ completion: BasketCompletion = BasketCompletion(), at lengths: [Int] = [5, 10, 20]
    ) throws(EvaluationError) -> EvaluationPlan {
        let (split, summary) = try basketSplit(completion, HeldOutBaskets(of: self, completion))
        return EvaluationPlan(
            title: "basket completion", summary: summary, splits: [split],
            leading: Measure(.ndcg, at: lengths.contains(10) ? 10 : lengths.last!),
            lengths: lengths)
    }

    private func basketSplit(
        _ completion: BasketCompletion, _ held: HeldOutBaskets
    ) throws(EvaluationError) -> (split: EvaluationSplit, summary: String) {
        let past = dataset.keepingEvents(where: held.isPast)
        let training = try trainingData(past)
        let all = completions(of: held, training: training, completion.itemBasketsMin)
        guard all.count > 0 else {
            throw EvaluationError(
                "of \(held.baskets.count) held-out baskets (of \(held.total)) none has two items and "
                    + "among them one that at least \(completion.itemBasketsMin) training baskets hold"
            )
        }
        let task = all.thinned(to: completion.queriesMax ?? all.count)
        // The choice of hyperparameters splits the training part in the same way.
        var inner = completion
        inner.split = held.split
        let innerCompletion = inner
        let split = EvaluationSplit(training: training, tasks: [task]) {
            () throws(EvaluationError) in
            let splits = EventSplits(dataset: past, options: options, seed: seed &+ 1)
            return try splits.basketSplit(
                innerCompletion, HeldOutBaskets(of: splits, innerCompletion)
            ).split
        }
        let summary =
            "\(held.summary) In each, one item that at least \(completion.itemBasketsMin) training "
            + "baskets hold is hidden, and all items of the training part are ranked given the rest of "
            + "the basket. \(task.count) of the \(all.count) baskets that can be asked about are judged."
        return (split, summary)
    }

    private func completions(
        of held: HeldOutBaskets, training: TrainingData, _ itemBasketsMin: Int
    ) -> RankingTask {
        var holders = Array(repeating: 0, count: dataset.items.count)
        for item in training.baskets?.columns ?? [] { holders[Int(item)] += 1 }
        let counts = training.itemCounts
        var generator = SeededGenerator(seed: seed)
        var task = RankingTaskBuilder(itemCount: dataset.items.count)
        for basket in held.baskets {
            let items = held.contents[basket].sorted()
            let frequent = items.filter { holders[Int($0)] >= max(1, itemBasketsMin) }
            guard items.count >= 2, let hidden = frequent.randomElement(using: &generator) else {
                continue
            }
            let user = held.users[basket]
            let isKnown = user >= 0 && !training.interactions.row(Int(user)).isEmpty
            task.append(
                user: isKnown ? user : -1,
                context: items.filter { $0 != hidden && counts[Int($0)] > 0 }, relevant: [hidden])
        }
        var result = task.make(context: .basket, excludesContext: true)
        result.unrankable = counts.indices.filter { counts[$0] == 0 }.map { Int32($0) }
        return result
    }
}
