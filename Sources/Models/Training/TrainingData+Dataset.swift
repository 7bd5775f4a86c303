package import Interactions
internal import ModelParts

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
    /// After how many days an event counts half, and after twice as many a quarter; 0: all count
    /// alike.
    package var halfLifeDays = 0.0

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

    /// Which events of a dataset say that somebody took an item: those of a kind that weighs more
    /// than 0, with a value above 0. Where nothing but ratings counts, a rating of any value does.
    ///
    /// - Precondition: the options are resolved.
    package func takings(of events: EventTable) -> @Sendable (Int) -> Bool {
        let isWeighed = EventKind.allCases.map { (weights?[$0] ?? 0) > 0 }
        let (kinds, values, takesAll) = (events.kinds, events.values, countsRatingsAlone)
        return { isWeighed[Int(kinds[$0].rawValue)] && (takesAll || values[$0] > 0) }
    }

    /// The least rating that says that an item was liked: the middle of the scale in use. A lower one
    /// is no demand. Minus infinity where values are no ratings.
    package func likedMin(of events: EventTable) -> Float {
        guard countsRatingsAlone else { return -.infinity }
        var (least, most) = (Float.infinity, -Float.infinity)
        for (kind, value) in zip(events.kinds, events.values) where kind == .rating {
            (least, most) = (min(least, value), max(most, value))
        }
        return least < most ? (least + most) / 2 : -.infinity
    }
}

extension TrainingData {
    /// Sums a shop's events by user and item, and gathers its baskets.
    ///
    /// An event is positive where its kind weighs more than 0 and its value is more than 0; of
    /// ratings alone, where it is at or above the middle of their scale. A positive event of a user adds its weighted value to her row. It belongs to the basket it
    /// names, else to its user's session where its time is known, else to none. Rows of
    /// `interactions` are the dataset's users; baskets without a positive event have no row.
    ///
    /// Ratings are not summed where nothing else counts: the newest one of a user and item stands,
    /// high or low, and models that do not predict ratings learn from ``demand``.
    /// What the catalog says becomes the items' features.
    ///
    /// - Throws: ``TrainingError`` where the options are out of range or no event is positive.
    /// - Complexity: O(events x log events).
    package init(dataset: Dataset, options: TrainingDataOptions = .init()) throws(TrainingError) {
        try options.validate()
        let options = options.resolved(for: dataset)
        // Columns are taken out once: each use through the table would cost a call.
        let events = dataset.events
        let (users, items, kinds, values) = (
            events.users, events.items, events.kinds, events.values
        )
        let weights = EventKind.allCases.map { options.weights?[$0] ?? 0 }
        let isTaken = options.takings(of: events)
        let taken = (0..<events.count).filter(isTaken)
        let likedMin = options.likedMin(of: events)
        let positive =
            options.countsRatingsAlone ? taken.filter { values[$0] >= likedMin } : taken
        guard !positive.isEmpty else {
            let kinds = EventKind.allCases.filter { weights[Int($0.rawValue)] > 0 }
            throw TrainingError(
                "no event to learn from: of \(events.count) events none is a "
                    + kinds.map(\.name).joined(separator: " or ") + " with a value above 0")
        }
        let itemCount = dataset.items.count
        let owned = taken.filter { users[$0] != EventTable.none }
        guard options.rows != .users || !owned.isEmpty else {
            throw TrainingError(
                "--rows users: none of the \(positive.count) events that count has a user; --rows "
                    + "baskets learns from baskets")
        }
        let counted = options.countsRatingsAlone ? events.newestOfPairs(owned) : owned
        let (basketOf, basketCount) = Self.assignBaskets(
            positive, of: events, named: dataset.baskets.count, gap: options.sessionGapSeconds)
        let grouped = positive.indices.filter { basketOf[$0] != EventTable.none }
        let allBaskets = SparseMatrix(
            rows: basketCount, columnCount: itemCount, rowOf: grouped.map { basketOf[$0] },
            columnOf: grouped.map { items[positive[$0]] },
            values: Array(repeating: 1, count: grouped.count))
        let log = BasketLog(
            events: events, positive: positive, baskets: basketOf, count: basketCount,
            userCount: dataset.users.count
        ).keeping((0..<basketCount).filter { !allBaskets.row($0).isEmpty })
        let baskets = allBaskets.filteringRows { !$0.isEmpty }
        let ageing = Ageing(
            halfLifeDays: options.halfLifeDays, times: positive.lazy.map { events.times[$0] })
        // A rating stays what it is.
        let fading = options.countsRatingsAlone ? nil : ageing
        let times = events.times
        self.init(
            interactions: SparseMatrix(
                rows: dataset.users.count, columnCount: itemCount,
                rowOf: counted.map { users[$0] }, columnOf: counted.map { items[$0] },
                values: counted.map {
                    weights[Int(kinds[$0].rawValue)] * values[$0]
                        * (fading?.weight(times[$0]) ?? 1)
                }),
            baskets: baskets.rows > 0 ? baskets : nil,
            orders: OrderHistories(
                events: events, positive: positive, baskets: basketOf,
                users: dataset.users.count, items: itemCount, ageing: ageing),
            catalog: dataset.catalog)
        if let ageing {
            basketWeights = self.baskets.map { _ in log.times.map(ageing.weight) }
            let liked = positive.filter { users[$0] != EventTable.none }
            countedPopularity = Self.agedPopularity(
                ageing, events, pairs: events.newestOfPairs(liked), items: itemCount,
                baskets: self.baskets, basketWeights: basketWeights)
        }
        self.log = baskets.rows > 0 && log.hasTimes ? log : nil
        hasRatings = options.countsRatingsAlone
        self.likedMin = likedMin
        rows = options.rows
        basketRowWeight = options.basketRowWeight
        let features = CatalogTerms().vectors(of: dataset.catalog, items: itemCount)
        itemFeatures = features.nonZeroCount > 0 ? features : nil
    }

    /// The basket of each positive event, or `EventTable.none`, and how many there are; sessions
    /// come after the named baskets.
    private static func assignBaskets(
        _ positive: [Int], of events: EventTable, named: Int, gap: Int64
    ) -> (baskets: [Int32], count: Int) {
        let (users, times, names) = (events.users, events.times, events.baskets)
        var baskets = positive.map { names[$0] }
        var count = named
        let loose = positive.indices.filter {
            baskets[$0] == EventTable.none && users[positive[$0]] != EventTable.none
                && times[positive[$0]] != EventTable.noTime
        }
        let byUser = Groups(of: loose, by: { users[positive[$0]] })
        for user in 0..<byUser.count {
            var last: Int64?
            for position in byUser.sorted(user, by: { times[positive[$0]] }) {
                let time = times[positive[position]]
                // Times are any Int64: the difference of two may pass its range, and then the
                // session is over.
                let continues = last.map {
                    let (pause, overflow) = time.subtractingReportingOverflow($0)
                    return !overflow && pause <= gap
                }
                if continues != true { count += 1 }
                baskets[position] = Int32(count - 1)
                last = time
            }
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
        guard halfLifeDays >= 0, halfLifeDays.isFinite else {
            throw TrainingError("the half-life must be 0 days or more, not \(halfLifeDays)")
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
    ///
    /// - Complexity: O(events + users + items).
    package func newestOfPairs(_ positions: [Int]) -> [Int] {
        let (users, items, times) = (users, items, times)
        let byUser = Groups(of: Array(positions.indices), by: { users[positions[$0]] })
        let itemCount = positions.reduce(0) { Swift.max($0, Int(items[$1]) + 1) }
        // By item, the newest place of the user at hand, or of one before her.
        var newest = Array(repeating: -1, count: itemCount)
        var isKept = Array(repeating: false, count: positions.count)
        for user in 0..<byUser.count {
            for place in byUser[user] { newest[Int(items[positions[place]])] = -1 }
            for place in byUser[user] {
                let item = Int(items[positions[place]])
                let other = newest[item]
                guard other < 0 || times[positions[other]] <= times[positions[place]] else {
                    continue
                }
                newest[item] = place
            }
            for place in byUser[user] {
                isKept[place] = newest[Int(items[positions[place]])] == place
            }
        }
        return positions.indices.filter { isKept[$0] }.map { positions[$0] }
    }
}
