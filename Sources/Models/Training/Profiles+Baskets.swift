internal import Interactions
package import ModelParts

extension Profiles {
    /// What the dated ones among the baskets tell; nil where none has a time.
    ///
    /// - Parameter habitsMax: the most items kept of a user, those bought last.
    /// - Complexity: O(entries of the baskets + n log n) for n baskets.
    package init?(_ data: TrainingData, habitsMax: Int = 1_000) {
        guard let baskets = data.baskets, let log = data.log, let newest = log.times.max(),
            log.hasTimes
        else { return nil }
        let items = baskets.columnCount
        let order = log.rowsByTime
        func age(_ row: Int) -> Double { Double(newest) - Double(log.times[row]) }
        func decay(_ row: Int, _ days: Double) -> Float {
            Float(power(0.5, age(row) / Self.secondsOfDay / days))
        }
        var (month, week) = (Array(repeating: Float(0), count: items), [Float]())
        week = month
        for row in order {
            let (slow, fast) = (decay(row, Self.monthDays), decay(row, Self.weekDays))
            for entry in baskets.row(row) {
                month[Int(baskets.columns[entry])] += slow
                week[Int(baskets.columns[entry])] += fast
            }
        }
        // By user, her baskets from the oldest on.
        let owned = order.filter { log.users[$0] != EventTable.none }
        let byUser = Groups(of: owned, by: { log.users[$0] })
        var habits = Habits()
        var buyers = Array(repeating: Float(0), count: items)
        var repeaters = buyers
        // By item, the place of it among the habits of the user at hand, + 1.
        var places = Array(repeating: 0, count: items)
        for user in 0..<log.userCount {
            let rows = user < byUser.count ? byUser[user] : []
            habits.basketCounts.append(Float(rows.count))
            let first = habits.items.count
            // The newest first, and turned round in the end.
            for (back, row) in rows.reversed().enumerated() {
                let lately = Float(power(0.5, Double(back) / Habits.basketsHalved))
                let recently = decay(row, Habits.daysHalved)
                for entry in baskets.row(row) {
                    let item = Int(baskets.columns[entry])
                    if places[item] == 0 {
                        habits.items.append(Int32(item))
                        habits.counts.append(0)
                        habits.lately.append(0)
                        habits.recently.append(0)
                        habits.ages.append(Float(age(row) / Self.secondsOfDay))
                        habits.intervals.append(0)
                        places[item] = habits.items.count
                    }
                    habits.counts[places[item] - 1] += 1
                    // The oldest purchase is the last one that is seen.
                    habits.intervals[places[item] - 1] =
                        (Float(age(row) / Self.secondsOfDay) - habits.ages[places[item] - 1])
                        / max(1, habits.counts[places[item] - 1] - 1)
                    habits.lately[places[item] - 1] += lately
                    habits.recently[places[item] - 1] += recently
                }
            }
            for place in first..<habits.items.count {
                let item = Int(habits.items[place])
                buyers[item] += 1
                repeaters[item] += habits.counts[place] > 1 ? 1 : 0
                places[item] = 0
            }
            habits.closeUser(from: first, max: habitsMax)
        }
        let rates = zip(repeaters, buyers).map {
            ($0 + Self.usualRepeatRate * Self.repeatPrior) / ($1 + Self.repeatPrior)
        }
        let (intervals, spreads) = habits.usualIntervals(items: items)
        self.init(
            monthSales: month, weekSales: week, repeatRates: rates, repeatIntervals: intervals,
            repeatSpreads: spreads, habits: habits)
    }

    private static let secondsOfDay = 86_400.0
}

extension Habits {
    /// By item, the median of the shoppers' intervals and half of what lies between the quartiles.
    fileprivate func usualIntervals(items count: Int) -> (medians: [Float], spreads: [Float]) {
        var medians = Array(repeating: Float(0), count: count)
        var spreads = medians
        // What is bought twice a day says nothing of when the next time is.
        let repeated = items.indices.filter { intervals[$0] > 0 }
        let byItem = Groups(of: repeated, by: { items[$0] })
        for item in 0..<min(count, byItem.count) {
            let sorted = byItem[item].map { intervals[$0] }.sorted()
            guard sorted.count >= Profiles.repeatersMin else { continue }
            func quantile(_ share: Double) -> Float {
                sorted[Int((Double(sorted.count - 1) * share).rounded())]
            }
            medians[item] = quantile(0.5)
            spreads[item] = (quantile(0.75) - quantile(0.25)) / 2
        }
        return (medians, spreads)
    }

    /// Ends a user's items: those from a place on, of which the `max` that she bought the most lately
    /// stay, in that order.
    fileprivate mutating func closeUser(from first: Int, max: Int) {
        let order = (first..<items.count).sorted {
            (recently[$1], items[$0]) < (recently[$0], items[$1])
        }.prefix(max)
        func close<T>(_ column: inout [T]) {
            let kept = order.map { column[$0] }
            column.removeSubrange(first...)
            column += kept
        }
        close(&items)
        close(&counts)
        close(&lately)
        close(&recently)
        close(&ages)
        close(&intervals)
        offsets.append(items.count)
    }
}
