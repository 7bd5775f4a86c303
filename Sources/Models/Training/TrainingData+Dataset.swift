package import Interactions

/// Which events count as taking an item, and what makes a basket where none is named.
package struct TrainingDataOptions: Sendable {
    /// Multiplies the value of each kind of event; kinds that are absent, or weigh 0, are left out.
    ///
    /// A return is never positive, so `.return` may not be here. Nil: purchases alone, each as it
    /// is, or ratings alone where there are no purchases.
    package var weights: [EventKind: Float]?
    /// Events of a user without a basket make one as long as each follows the last within this many
    /// seconds.
    ///
    /// Half an hour is the usual end of a web session. Times that are whole days put a day into one
    /// basket.
    package var sessionGapSeconds: Int64 = 1_800

    /// What models learn from; nil leaves it to the data.
    package var rows: TrainingRows?
    /// What a basket's row counts against a user's where both are learned from; positive.
    package var basketRowWeight: Float = 1

    package init() {}

    /// The same options with `weights` that are not nil.
    package func resolved(for dataset: Dataset) -> TrainingDataOptions {
        guard weights == nil else { return self }
        let kinds = dataset.events.kinds
        let isRated = !kinds.contains(.purchase) && kinds.contains(.rating)
        var options = self
        options.weights = [isRated ? .rating : .purchase: 1]
        return options
    }

    /// Whether nothing but ratings counts, so that values are ratings.
    package var countsRatingsAlone: Bool {
        (weights ?? [:]).filter { $0.value > 0 }.map(\.key) == [.rating]
    }
}

extension TrainingData {
    /// Sums a shop's events by user and item, and gathers its baskets.
    ///
    /// An event is positive where its kind weighs more than 0 and its value is more than 0. A
    /// positive event of a user adds its weighted value to her row. It belongs to the basket it
    /// names, else to its user's session where its time is known, else to none. Rows of
    /// `interactions` are the dataset's users; baskets without a positive event have no row.
    ///
    /// Ratings are not summed where nothing else counts: the newest one of a user and item stands.
    /// What the catalog says becomes the items' features.
    ///
    /// - Throws: ``TrainingError`` where the options are out of range or no event is positive.
    /// - Complexity: O(events x log events).
    package init(dataset: Dataset, options: TrainingDataOptions = .init()) throws(TrainingError) {
        try options.validate()
        let options = options.resolved(for: dataset)
        let events = dataset.events
        let weights = EventKind.allCases.map { options.weights?[$0] ?? 0 }
        let positive = (0..<events.count).filter {
            weights[Int(events.kinds[$0].rawValue)] > 0 && events.values[$0] > 0
        }
        guard !positive.isEmpty else {
            let kinds = EventKind.allCases.filter { weights[Int($0.rawValue)] > 0 }
            throw TrainingError(
                "no event to learn from: of \(events.count) events none is a "
                    + kinds.map(\.name).joined(separator: " or ") + " with a value above 0")
        }
        let items = dataset.items.count
        let owned = positive.filter { events.users[$0] != EventTable.none }
        guard options.rows != .users || !owned.isEmpty else {
            throw TrainingError(
                "--rows users: none of the \(positive.count) events that count has a user; --rows "
                    + "baskets learns from baskets")
        }
        let counted = options.countsRatingsAlone ? events.newestOfPairs(owned) : owned
        let pairs = counted.lazy.map {
            (
                row: events.users[$0], column: events.items[$0],
                value: weights[Int(events.kinds[$0].rawValue)] * events.values[$0]
            )
        }
        let (basketOf, basketCount) = Self.assignBaskets(
            positive, of: events, named: dataset.baskets.count, gap: options.sessionGapSeconds)
        let contents = zip(positive, basketOf).lazy.filter { $1 != EventTable.none }.map {
            (row: $1, column: events.items[$0], value: Float(1))
        }
        let baskets = SparseMatrix(rows: basketCount, columnCount: items, entries: contents)
            .filteringRows { !$0.isEmpty }
        self.init(
            interactions: SparseMatrix(
                rows: dataset.users.count, columnCount: items, entries: pairs),
            baskets: baskets.rows > 0 ? baskets : nil,
            orders: OrderHistories(
                events: events, positive: positive, baskets: basketOf,
                users: dataset.users.count, items: items),
            catalog: dataset.catalog)
        hasRatings = options.countsRatingsAlone
        rows = options.rows
        basketRowWeight = options.basketRowWeight
        let features = CatalogTerms().vectors(of: dataset.catalog, items: items)
        itemFeatures = features.nonZeroCount > 0 ? features : nil
    }

    /// The basket of each positive event, or `EventTable.none`, and how many there are; sessions
    /// come after the named baskets.
    private static func assignBaskets(
        _ positive: [Int], of events: EventTable, named: Int, gap: Int64
    ) -> (baskets: [Int32], count: Int) {
        var baskets = positive.map { events.baskets[$0] }
        var count = named
        let loose = positive.indices.filter {
            baskets[$0] == EventTable.none && events.users[positive[$0]] != EventTable.none
                && events.times[positive[$0]] != EventTable.noTime
        }
        let byUser = loose.map { position in
            (
                user: events.users[positive[position]], time: events.times[positive[position]],
                position: position
            )
        }.sorted { ($0.user, $0.time, $0.position) < ($1.user, $1.time, $1.position) }
        for (k, event) in byUser.enumerated() {
            let continues =
                k > 0 && byUser[k - 1].user == event.user
                // Times are any Int64: the difference of two may pass its range, and then the
                // session is over.
                && !event.time.subtractingReportingOverflow(byUser[k - 1].time).overflow
                && event.time - byUser[k - 1].time <= gap
            if !continues { count += 1 }
            baskets[event.position] = Int32(count - 1)
        }
        return (baskets, count)
    }
}

extension TrainingDataOptions {
    fileprivate func validate() throws(TrainingError) {
        guard let weights else { return try validateGap() }
        for kind in EventKind.allCases {
            guard let weight = weights[kind] else { continue }
            guard weight >= 0, weight.isFinite else {
                throw TrainingError("the weight of \(kind.name) must be 0 or more, not \(weight)")
            }
            guard kind != .return || weight == 0 else {
                throw TrainingError("a return is never positive; leave it out of the weights")
            }
        }
        guard weights.values.contains(where: { $0 > 0 }) else {
            throw TrainingError("no kind of event has a weight above 0")
        }
        try validateGap()
    }

    private func validateGap() throws(TrainingError) {
        guard sessionGapSeconds >= 0 else {
            throw TrainingError("the session gap must be 0 s or more, not \(sessionGapSeconds)")
        }
        guard basketRowWeight > 0, basketRowWeight.isFinite else {
            throw TrainingError(
                "the weight of a basket's row must be positive, not \(basketRowWeight)")
        }
    }
}

extension EventTable {
    /// Of these events, the newest of each user and item, or the last of equally new ones; in the
    /// order given.
    package func newestOfPairs(_ positions: [Int]) -> [Int] {
        struct Pair: Hashable {
            var user: Int32
            var item: Int32
        }
        var newest: [Pair: Int] = [:]
        for position in positions {
            let pair = Pair(user: users[position], item: items[position])
            guard let other = newest[pair], times[other] > times[position] else {
                newest[pair] = position
                continue
            }
        }
        return positions.filter { newest[Pair(user: users[$0], item: items[$0])] == $0 }
    }
}
