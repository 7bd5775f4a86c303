/// What dated baskets tell of each item, and of what each shopper keeps buying.
///
/// All of it is as of the newest basket. Ages and intervals are in days.
package struct Profiles: Sendable, Equatable {
    /// By item, the sum over the baskets that hold it of .5^(age / ``monthDays``), and of
    /// .5^(age / ``weekDays``).
    package var monthSales: [Float]
    package var weekSales: [Float]
    /// By item, the share of its buyers who bought it in more than one basket, pulled towards
    /// ``usualRepeatRate`` where few did; 0 to 1.
    package var repeatRates: [Float]
    /// By item, the usual days from one purchase to the next of those who buy it again: the median of
    /// their averages, and half of what lies between the quartiles; 0 where fewer than
    /// ``repeatersMin`` do.
    package var repeatIntervals: [Float]
    package var repeatSpreads: [Float]
    package var habits: Habits

    package static let monthDays = 28.0
    package static let weekDays = 7.0
    package static let usualRepeatRate: Float = 0.1
    /// How many buyers the usual rate counts as.
    package static let repeatPrior: Float = 2
    /// How many shoppers make an interval usual.
    package static let repeatersMin = 3

    package init(
        monthSales: [Float], weekSales: [Float], repeatRates: [Float], repeatIntervals: [Float],
        repeatSpreads: [Float], habits: Habits
    ) {
        self.monthSales = monthSales
        self.weekSales = weekSales
        self.repeatRates = repeatRates
        self.repeatIntervals = repeatIntervals
        self.repeatSpreads = repeatSpreads
        self.habits = habits
    }
}

/// What each user bought in how many baskets, and when.
///
/// Invariant: `offsets` has one element a user and one more; all columns but `basketCounts` have
/// `offsets.last` elements; no item occurs twice for a user.
package struct Habits: Sendable, Equatable {
    package var offsets: [Int] = [0]
    /// By user, her items, by ``recently``, largest first.
    package var items: [Int32] = []
    /// In how many of her baskets each is.
    package var counts: [Float] = []
    /// The same, with her newest basket counting 1 and each older one .5^(1 / ``basketsHalved``) of
    /// the next.
    package var lately: [Float] = []
    /// The same, with a basket counting .5^(age / ``daysHalved``).
    package var recently: [Float] = []
    /// Days since she bought it last.
    package var ages: [Float] = []
    /// Days from one purchase to the next, on average; 0 for what she bought once.
    package var intervals: [Float] = []
    /// By user, how many baskets she has.
    package var basketCounts: [Float] = []

    package static let basketsHalved = 8.0
    package static let daysHalved = 45.0

    package init() {}

    package var users: Int { offsets.count - 1 }

    /// The days until a habit's item is usually bought again, by its shopper where she bought it three
    /// times or more, else by most; 0 where that is not known.
    package static func usualInterval(times: Float, own: Float, ofItem usual: Float) -> Float {
        times >= 3 || usual == 0 ? own : usual
    }

    /// The positions of a user's items in the columns.
    package func range(of user: Int) -> Range<Int> { offsets[user]..<offsets[user + 1] }
}

extension Profiles {
    /// By habit, its age as a share of the days until the item is usually bought again: by the shopper
    /// herself where she bought it three times or more, else by most; ``RankerFeature/neverBought`` where
    /// that is not known.
    package var dues: [Float] {
        habits.items.indices.map { place in
            let usual = repeatIntervals[Int(habits.items[place])]
            let interval = Habits.usualInterval(
                times: habits.counts[place], own: habits.intervals[place], ofItem: usual)
            return interval > 0
                ? min(habits.ages[place] / interval, RankerFeature.neverBought)
                : RankerFeature.neverBought
        }
    }

    /// Each item that is bought again leads to itself, by its repeat rate; lifts and confidences are
    /// 0.
    package var rebuys: NeighborLists {
        var lists = NeighborLists(offsets: [0], items: [], scores: [], lifts: [], confidences: [])
        for item in repeatRates.indices {
            if repeatIntervals[item] > 0 {
                lists.items.append(Int32(item))
                lists.scores.append(repeatRates[item])
                lists.lifts.append(0)
                lists.confidences.append(0)
            }
            lists.offsets.append(lists.items.count)
        }
        return lists
    }
}
