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

    /// What is hidden of a basket that is asked about.
    package enum Hiding: String, CaseIterable, Sendable {
        /// One item, drawn by the seed.
        case one
        /// Each of its items in turn, so that more is asked of the same baskets.
        case each
    }

    /// nil for ``Split/time`` where most baskets have times that differ, else ``Split/random``.
    package var split: Split?
    /// The share of baskets that is held out, above 0 and below 1.
    package var testShare: Double
    /// An item is hidden only where at least so many training baskets hold it.
    package var itemBasketsMin: Int
    package var hiding: Hiding
    /// At most so many baskets are asked about, evenly spread over those that can be; nil for all.
    package var queriesMax: Int?

    package init(
        split: Split? = nil, testShare: Double = 0.2, itemBasketsMin: Int = 5,
        hiding: Hiding = .one, queriesMax: Int? = 4_000
    ) {
        precondition(testShare > 0 && testShare < 1, "a share of \(testShare)")
        precondition(queriesMax.map { $0 > 0 } ?? true, "\(queriesMax!) queries")
        self.split = split
        self.testShare = testShare
        self.itemBasketsMin = itemBasketsMin
        self.hiding = hiding
        self.queriesMax = queriesMax
    }
}

extension EventSplits {
    /// Hides one item of each held-out basket, or each in turn, and ranks all items given the rest.
    ///
    /// Baskets are the orders that events name. Of each held-out one with two or more items, one
    /// that enough training baskets hold is drawn by the seed and hidden, or each such item is hidden once
    /// and the basket's figures are the means. Its other items that the
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
        let all = completions(of: held, training: training, completion)
        guard all.count > 0 else {
            throw EvaluationError(
                "of \(held.baskets.count) held-out baskets (of \(held.total)) none has two items and "
                    + "among them one that at least \(completion.itemBasketsMin) training baskets hold"
            )
        }
        let task = all.thinned(to: completion.queriesMax ?? all.judgedCount)
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
        let hidden =
            switch completion.hiding {
            case .one:
                "one item that at least \(completion.itemBasketsMin) training baskets hold is hidden"
            case .each:
                "each item that at least \(completion.itemBasketsMin) training baskets hold is hidden in turn"
            }
        let means =
            completion.hiding == .each
            ? " By \(task.count) hidden items; a basket's figures are the means over its own." : ""
        let summary =
            "\(held.summary) In each, \(hidden), and all items of the training part are ranked given the "
            + "rest of the basket. \(task.judgedCount) of the \(all.judgedCount) baskets that can be asked "
            + "about are judged.\(means)"
        return (split, summary)
    }

    private func completions(
        of held: HeldOutBaskets, training: TrainingData,
        _ completion: BasketCompletion
    ) -> RankingTask {
        var holders = Array(repeating: 0, count: dataset.items.count)
        for item in training.baskets?.columns ?? [] { holders[Int(item)] += 1 }
        let counts = training.itemCounts
        var generator = SeededGenerator(seed: seed)
        var task = RankingTaskBuilder(itemCount: dataset.items.count)
        var groups: [Int32] = []
        for basket in held.baskets {
            let items = held.contents[basket].sorted()
            let frequent = items.filter { holders[Int($0)] >= max(1, completion.itemBasketsMin) }
            guard items.count >= 2, let drawn = frequent.randomElement(using: &generator) else {
                continue
            }
            let user = held.users[basket]
            let isKnown = user >= 0 && !training.interactions.row(Int(user)).isEmpty
            let group = (groups.last ?? -1) + 1
            for hidden in completion.hiding == .one ? [drawn] : frequent {
                task.append(
                    user: isKnown ? user : -1,
                    context: items.filter { $0 != hidden && counts[Int($0)] > 0 },
                    relevant: [hidden])
                groups.append(group)
            }
        }
        var result = task.make(context: .basket, excludesContext: true)
        if completion.hiding == .each { result.groups = groups }
        result.unrankable = counts.indices.filter { counts[$0] == 0 }.map { Int32($0) }
        return result
    }
}
