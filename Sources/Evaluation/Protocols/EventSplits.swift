package import Interactions
package import Models

/// Protocols that hold out some of a shop's events.
///
/// An event counts where it is of a kind that `options` weighs, with a value above 0: a purchase,
/// or a rating where there are no purchases, if nothing else is said.
package struct EventSplits: Sendable {
    package var dataset: Dataset
    package var options: TrainingDataOptions
    package var seed: UInt64
    private let isTaken: @Sendable (Int) -> Bool

    package init(
        dataset: Dataset, options: TrainingDataOptions = .init(), seed: UInt64 = 1
    ) {
        self.dataset = dataset
        self.options = options.resolved(for: dataset)
        self.seed = seed
        isTaken = self.options.takings(of: dataset.events)
    }

    /// Holds out the newest events, a share of all that have a user and a time.
    ///
    /// For each user of both periods, all items are ranked but those she took before; those she
    /// took later are relevant, where anyone took them before.
    package func makeTemporalPlan(
        testShare: Double = 0.2, at lengths: [Int] = [5, 10, 20]
    ) throws(EvaluationError) -> EvaluationPlan {
        let (split, held) = try temporalSplit(testShare: testShare)
        return EvaluationPlan(
            title: "temporal split",
            summary:
                "The newest \(held) of events are held out. All items are ranked but those "
                + "that the user took before.",
            splits: [split],
            leading: Measure(.ndcg, at: lengths.contains(10) ? 10 : lengths.last!),
            lengths: lengths)
    }

    /// Deals each user's distinct items into `folds` parts by lot, and holds out each part in turn.
    package func makeFoldPlan(folds: Int, at lengths: [Int] = [5, 10, 20]) throws(EvaluationError)
        -> EvaluationPlan
    {
        guard folds >= 2 else { throw EvaluationError("\(folds) folds; it takes 2 or more") }
        let parts = deal(folds: folds)
        var splits: [EvaluationSplit] = []
        var leftOut: [(fold: Int, why: EvaluationError)] = []
        for fold in 0..<folds {
            do throws(EvaluationError) {
                splits.append(try foldSplit(fold, of: parts))
            } catch {
                leftOut.append((fold + 1, error))
            }
        }
        if splits.isEmpty, let why = leftOut.first?.why { throw why }
        return EvaluationPlan(
            title: "\(folds)-fold cross-validation",
            summary:
                "Each user's items are dealt into \(folds) parts, and each part is held out in turn. All "
                + "items are ranked but those that she took in training."
                + leftOut.map { " Fold \($0.fold) is left out: \($0.why)." }.joined(),
            splits: splits, leading: Measure(.ndcg, at: lengths.contains(10) ? 10 : lengths.last!),
            lengths: lengths)
    }

    /// Whether an event says that somebody took the item.
    func counts(_ event: Int) -> Bool { isTaken(event) }

    func trainingData(_ dataset: Dataset) throws(EvaluationError) -> TrainingData {
        do {
            return try TrainingData(dataset: dataset, options: options)
        } catch { throw EvaluationError("the training part: \(error)") }
    }

    /// - Returns: the split, and how many events it holds out, for people.
    private func temporalSplit(testShare: Double) throws(EvaluationError) -> (
        split: EvaluationSplit, held: String
    ) {
        let events = dataset.events
        let dated = (0..<events.count).filter {
            counts($0) && events.users[$0] != EventTable.none
                && events.times[$0] != EventTable.noTime
        }
        let times = dated.map { events.times[$0] }.sorted()
        guard let first = times.first, let last = times.last, first < last else {
            throw EvaluationError("a temporal split takes events of known users at different times")
        }
        let cut = times[min(times.count - 1, Int(Double(times.count) * (1 - testShare)))]
        let past = dataset.keepingEvents {
            events.times[$0] == EventTable.noTime || events.times[$0] < cut
        }
        let held = dated.filter { events.times[$0] >= cut }
        let share = Double(held.count) / Double(dated.count)
        let sizes = "\(held.count) of \(dated.count) (\(percent(share)))"
        // Many events of one time, as after an import, go to one side together.
        guard share <= 0.8 else {
            throw EvaluationError(
                "the newest events by time are \(sizes), since so many share one time; that leaves "
                    + "too few to learn from, and --protocol k-fold takes no times")
        }
        let made = try split(past: past, held: held, of: "before the cut") {
            () throws(EvaluationError) in
            try EventSplits(dataset: past, options: options, seed: seed)
                .temporalSplit(testShare: testShare).split
        }
        return (made, sizes)
    }

    private func foldSplit(_ fold: Int, of parts: [Int32]) throws(EvaluationError)
        -> EvaluationSplit
    {
        let past = dataset.keepingEvents { parts[$0] != Int32(fold) }
        let held = (0..<dataset.events.count).filter { parts[$0] == Int32(fold) }
        if options.countsRatingsAlone, differs(where: { _ in true }),
            !differs(where: { parts[$0] != Int32(fold) })
        {
            throw EvaluationError("all ratings outside it are alike")
        }
        return try split(past: past, held: held, of: "outside fold \(fold + 1)") {
            () throws(EvaluationError) in
            let inner = EventSplits(dataset: past, options: options, seed: seed &+ 1)
            return try inner.foldSplit(0, of: inner.deal(folds: 5))
        }
    }

    /// The part of each event that counts and has a user; else -1. All of a user's events of an
    /// item are in one.
    ///
    /// Where ratings differ they are dealt anew until they do outside each part too, since nothing
    /// is learnt from ratings that are all alike; chance may make them so where they are few.
    private func deal(folds: Int) -> [Int32] {
        var generator = SeededGenerator(seed: seed)
        var parts = deal(folds: folds, &generator)
        guard options.countsRatingsAlone, differs(where: { _ in true }) else { return parts }
        for _ in 0..<Self.dealsMax {
            if (0..<Int32(folds)).allSatisfy({ fold in differs(where: { parts[$0] != fold }) }) {
                break
            }
            parts = deal(folds: folds, &generator)
        }
        return parts
    }

    private static let dealsMax = 100

    /// Whether two of the events that count and satisfy the condition have different values.
    private func differs(where isIncluded: (Int) -> Bool) -> Bool {
        let events = dataset.events
        var first: Float?
        for event in 0..<events.count
        where events.users[event] != EventTable.none && counts(event) && isIncluded(event) {
            if let first, first != events.values[event] { return true }
            first = events.values[event]
        }
        return false
    }

    private func deal(folds: Int, _ generator: inout SeededGenerator) -> [Int32] {
        let events = dataset.events
        var parts = Array(repeating: Int32(-1), count: events.count)
        var byUser = Array(repeating: [Int](), count: dataset.users.count)
        for event in 0..<events.count where events.users[event] != EventTable.none && counts(event)
        {
            byUser[Int(events.users[event])].append(event)
        }
        for own in byUser where !own.isEmpty {
            let items = Set(own.map { events.items[$0] }).sorted().shuffled(using: &generator)
            // A user with few items would otherwise have them all in the first parts.
            let first = Int.random(in: 0..<folds, using: &generator)
            var part: [Int32: Int32] = [:]
            for (position, item) in items.enumerated() {
                part[item] = items.count < 2 ? -1 : Int32((first + position) % folds)
            }
            for event in own { parts[event] = part[events.items[event]]! }
        }
        return parts
    }

    private func split(
        past: Dataset, held: [Int], of what: String,
        validation: @escaping @Sendable () throws(EvaluationError) -> EvaluationSplit
    ) throws(EvaluationError) -> EvaluationSplit {
        let training = try trainingData(past)
        let isKnown = training.hasRatings ? training.ratedCounts : training.itemCounts
        let events = dataset.events
        let counted = options.countsRatingsAlone ? events.newestOfPairs(held) : held
        let heldOut = SparseMatrix(
            rows: dataset.users.count, columnCount: dataset.items.count,
            entries: counted.lazy
                .filter { isKnown[Int(events.items[$0])] > 0 }
                .map {
                    let weight = options.weights?[events.kinds[$0]] ?? 0
                    return (
                        row: events.users[$0], column: events.items[$0],
                        value: weight * events.values[$0]
                    )
                })
        // Only those who have a history can be told from one another.
        var rows = RowBuilder(columnCount: dataset.items.count)
        for user in 0..<dataset.users.count {
            let isKnown = !training.interactions.row(user).isEmpty
            let entries = isKnown ? heldOut.row(user) : 0..<0
            rows.append(heldOut.columns[entries], values: Array(heldOut.values[entries]))
        }
        let split = EvaluationSplit(
            training: training, heldOut: rows.matrix, validation: validation)
        guard split.tasks[0].count > 0 else {
            throw EvaluationError(
                "nobody with a history \(what) took a known item that was new to her after it")
        }
        return split
    }
}

func percent(_ share: Double) -> String { "\(Int((share * 100).rounded())) %" }

extension TrainingData {
    /// By item, in how many users' rows or baskets it is, whichever are more.
    var itemCounts: [Int] {
        var counted = self
        // Whatever weighs little for its age is known all the same.
        counted.countedPopularity = nil
        return counted.popularity.map { Int($0) }
    }

    /// By item, how many users rated it, high or low.
    fileprivate var ratedCounts: [Int] {
        var counts = Array(repeating: 0, count: interactions.columnCount)
        for item in interactions.columns { counts[Int(item)] += 1 }
        return counts
    }
}

extension Dataset {
    /// The same tables and catalog with only the events that satisfy the condition, which takes
    /// their place.
    package func keepingEvents(where isIncluded: (Int) -> Bool) -> Dataset {
        var result = self
        result.events = EventTable()
        for i in 0..<events.count where isIncluded(i) {
            result.events.append(
                user: events.users[i], item: events.items[i], kind: events.kinds[i],
                value: events.values[i], time: events.times[i], basket: events.baskets[i])
        }
        return result
    }
}
