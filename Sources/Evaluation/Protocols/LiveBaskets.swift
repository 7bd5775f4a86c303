package import Interactions
package import Models

/// A shop's newest baskets in the order in which they were closed, to be asked about and then recorded,
/// one after the other, as a server meets them.
package struct LiveBaskets: Sendable {
    package struct Basket: Sendable {
        /// Its events, by their numbers in the dataset.
        package var events: [Int]
        /// When it was closed, in seconds since 1970.
        package var time: Int64
        /// Its user, or `EventTable.none`.
        package var user: Int32
        /// What is asked about it, each question with another item hidden; empty where there is nothing to ask.
        package var questions: [Question] = []
    }

    package struct Question: Equatable, Sendable {
        /// The basket's items without the hidden one, each once.
        package var context: [Int32]
        package var hidden: Int32
        /// How many live baskets before this one hold the hidden item.
        package var hiddenBefore: Int
    }

    /// Oldest first.
    package let baskets: [Basket]
    /// When the newest basket before them was closed.
    package let cut: Int64
    /// The events before them, without the new items.
    package let past: Dataset
    /// Items that come up with the live baskets alone: nothing before them tells of these.
    package let newItems: Set<Int32>
    private let dataset: Dataset
    private let isLive: [Bool]

    /// - Parameters:
    ///   - share: of the dated baskets, the newest part; above 0, below 1.
    ///   - itemBasketsMin: an item is hidden only where so many earlier baskets hold it, live ones
    ///     too; so what came up meanwhile is asked for once it is no longer rare.
    ///   - hiding: one item of a basket, or each in turn.
    ///   - max: at most so many baskets are asked about, evenly spread; all are to be recorded.
    ///   - newItemShare: the share of the items with titles, drawn by chance, that are taken for new: those that
    ///     training is to know nothing of; 0 or more, below 1.
    ///   - seed: draws the hidden items, and the new ones.
    /// - Throws: ``EvaluationError`` where too few baskets have times, or none can be asked about.
    package init(
        of dataset: Dataset, options: TrainingDataOptions, share: Double = 0.2,
        itemBasketsMin: Int = 5, hiding: BasketCompletion.Hiding = .one, max: Int? = nil,
        newItemShare: Double = 0, seed: UInt64 = 1
    ) throws(EvaluationError) {
        let splits = EventSplits(dataset: dataset, options: options, seed: seed)
        let events = dataset.events
        var contents: [[Int]] = Array(repeating: [], count: dataset.baskets.count)
        for event in 0..<events.count
        where splits.counts(event) && events.baskets[event] != EventTable.none
            && events.times[event] != EventTable.noTime
        {
            contents[Int(events.baskets[event])].append(event)
        }
        let dated = contents.indices.filter { !contents[$0].isEmpty }
            .map { basket in
                (end: contents[basket].map { events.times[$0] }.max()!, basket: basket)
            }
            .sorted { ($0.end, dataset.baskets[$0.basket]) < ($1.end, dataset.baskets[$1.basket]) }
        let first = Int(Double(dated.count) * (1 - share))
        guard first > 0, first < dated.count, dated[first - 1].end < dated[dated.count - 1].end
        else {
            throw EvaluationError(
                "\(dated.count) baskets with times: online learning takes some that are newer than others"
            )
        }
        var holders = Array(repeating: 0, count: dataset.items.count)
        func items(_ basket: Int) -> [Int32] {
            Set(contents[basket].map { events.items[$0] }).sorted()
        }
        for (_, basket) in dated[..<first] { for item in items(basket) { holders[Int(item)] += 1 } }
        var generator = SeededGenerator(seed: seed)
        var isLive = Array(repeating: false, count: dataset.baskets.count)
        var before: [Int32: Int] = [:]
        var live: [Basket] = []
        for (end, basket) in dated[first...] {
            isLive[basket] = true
            let own = items(basket)
            let hideable = own.count > 1 ? own.filter { holders[Int($0)] >= itemBasketsMin } : []
            let hidden =
                switch hiding {
                case .one: hideable.randomElement(using: &generator).map { [$0] } ?? []
                case .each: hideable
                }
            var made = Basket(
                events: contents[basket], time: end, user: events.users[contents[basket][0]])
            made.questions = hidden.map { hidden in
                Question(
                    context: own.filter { $0 != hidden }, hidden: hidden,
                    hiddenBefore: before[hidden, default: 0])
            }
            live.append(made)
            for item in own {
                holders[Int(item)] += 1
                before[item, default: 0] += 1
            }
        }
        let asked = live.indices.filter { !live[$0].questions.isEmpty }
        guard !asked.isEmpty else {
            throw EvaluationError("none of \(live.count) live baskets can be asked about")
        }
        if let max, asked.count > max {
            let kept = Set((0..<max).map { asked[$0 * asked.count / max] })
            for basket in asked where !kept.contains(basket) { live[basket].questions = [] }
        }
        baskets = live
        cut = dated[first - 1].end
        (self.dataset, self.isLive) = (dataset, isLive)
        let earlier = dataset.keepingEvents { event in
            let basket = events.baskets[event]
            return basket == EventTable.none
                ? events.times[event] <= dated[first - 1].end : !isLive[Int(basket)]
        }
        guard newItemShare > 0 else {
            (past, newItems) = (earlier, [])
            return
        }
        // Of their own, so that the hidden items are the same with new ones and without.
        var draws = SeededGenerator(seed: seed &+ 1)
        let described = (0..<dataset.items.count).filter { !dataset.catalog.titles[$0].isEmpty }
        let drawn = described.shuffled(using: &draws)
            .prefix(Int(newItemShare * Double(described.count)))
        guard !drawn.isEmpty else {
            throw EvaluationError(
                "\(described.count) items with titles: some are needed to take for new")
        }
        newItems = Set(drawn.map { Int32($0) })
        past = earlier.without(items: newItems)
    }

    /// All events before the live basket at a place.
    package func events(before place: Int) -> Dataset {
        let events = dataset.events
        var isFuture = Array(repeating: false, count: dataset.baskets.count)
        for basket in baskets[place...] {
            for event in basket.events { isFuture[Int(events.baskets[event])] = true }
        }
        let end = baskets[place].time
        return dataset.keepingEvents { event in
            let basket = events.baskets[event]
            return basket == EventTable.none
                ? events.times[event] <= end : !isFuture[Int(basket)]
        }
    }
}
