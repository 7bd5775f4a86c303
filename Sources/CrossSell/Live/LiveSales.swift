internal import ModelParts
internal import Synchronization

/// How each item sells with what was recorded since a model was trained: the facts of items that the model's
/// ranker asks, those of ``RankerFeature/isSales`` brought forward to the newest event. Of items that were
/// added they are what is to be expected, to begin with.
///
/// A sale at time t adds 1 to a feature that does not age, and else .5^((now - t) / its days); what training
/// counted fades likewise. `now` is taken in whole hours, so that one sale changes one item.
///
/// `@unchecked Sendable`: sums are the writer's alone; what engines read is atomic.
final class LiveSales: @unchecked Sendable {
    private struct Column {
        let feature: RankerFeature
        /// Whether sales count.
        let isSales: Bool
        /// In how many days a sale counts half; nil for always the same.
        let days: Double?
        /// What training counted, and what was recorded since, both as of the model's newest event.
        var trained: [Float]
        var recorded: [Double]
        /// The feature's values, a `Float` each.
        let published: UnsafeMutablePointer<Atomic<UInt32>>
        /// What sums are multiplied by to bring them forward.
        var scale = 1.0
    }

    private var columns: [Column] = []
    private let itemCount: Int
    /// Hours from the model's newest event to the newest that was recorded.
    private var hour: Int64 = 0
    private let trendingItems: UnsafeMutablePointer<Atomic<UInt32>>
    private let trendingLength: Int
    private let trendingUsed: Atomic<Int>

    init(_ generation: Generation) {
        itemCount = generation.items.count
        trendingLength = generation.trending.isEmpty ? 0 : Generation.trendingMax
        trendingItems = .allocate(capacity: max(1, trendingLength))
        for place in 0..<trendingLength {
            let known = place < generation.trending.count ? generation.trending[place] : 0
            (trendingItems + place).initialize(to: Atomic(known))
        }
        trendingUsed = Atomic(generation.trending.count)
        for (feature, values) in generation.itemFacts {
            let days: Double? =
                switch feature {
                case .monthPopularity: Profiles.monthDays
                case .weekPopularity: Profiles.weekDays
                default: nil
                }
            let published = UnsafeMutablePointer<Atomic<UInt32>>.allocate(
                capacity: max(1, itemCount))
            let all =
                values
                + (values.count..<itemCount).map { generation.expected(values, of: $0) }
            for (item, value) in all.enumerated() {
                (published + item).initialize(to: Atomic(value.bitPattern))
            }
            columns.append(
                Column(
                    feature: feature, isSales: feature.isSales, days: days,
                    trained: feature.isSales ? all.map { exponential($0) - 1 } : [],
                    recorded: Array(repeating: 0, count: feature.isSales ? itemCount : 0),
                    published: published))
        }
    }

    deinit {
        for column in columns { column.published.deallocate() }
        trendingItems.deallocate()
    }

    /// A feature's values by item, each the bits of a `Float`; nil for one that is no fact of items. Valid
    /// while this object lives.
    func values(of feature: RankerFeature) -> UnsafePointer<Atomic<UInt32>>? {
        columns.first { $0.feature == feature }.map { UnsafePointer($0.published) }
    }

    /// How many items trend, and each, those that sold best in the last weeks first.
    var trendingCount: Int { trendingUsed.load(ordering: .acquiring) }
    func trending(_ place: Int) -> UInt32 { trendingItems[place].load(ordering: .relaxed) }

    /// Memory, in bytes.
    static func bytes(of generation: Generation) -> Int {
        generation.items.count * 16 * generation.itemFacts.count
    }

    // MARK: Counting, on one thread

    /// Sets what is to be expected of an item that was added.
    func expect(_ item: Int, of generation: Generation) {
        for place in columns.indices {
            let values = generation.itemFacts[place].values
            guard item >= values.count else { continue }
            let value = generation.expected(values, of: item)
            if columns[place].isSales {
                columns[place].trained[item] = exponential(value) - 1
                publish(item, in: columns[place])
            } else {
                columns[place].published[item].store(value.bitPattern, ordering: .relaxed)
            }
        }
    }

    /// Counts a sale, or takes it back.
    ///
    /// - Parameters:
    ///   - sign: 1 or -1.
    ///   - age: days from the model's newest event to the sale; 0 or more.
    func count(_ sign: Double, of item: Int, age: Double) {
        for place in columns.indices where columns[place].isSales {
            let weight = columns[place].days.map { power(2, age / $0) } ?? 1
            columns[place].recorded[item] += sign * weight
            publish(item, in: columns[place])
        }
    }

    /// Brings everything forward to a number of hours after the model's newest event.
    ///
    /// - Complexity: O(1) within an hour, else O(I log I).
    func advance(toHour hour: Int64) {
        guard hour > self.hour else { return }
        self.hour = hour
        for place in columns.indices {
            guard let days = columns[place].days else { continue }
            columns[place].scale = power(0.5, Double(hour) / 24 / days)
            for item in 0..<itemCount { publish(item, in: columns[place]) }
        }
        findTrending()
    }

    private func publish(_ item: Int, in column: Column) {
        let sum = (Double(column.trained[item]) + column.recorded[item]) * column.scale
        let value = RankerFeature.popularity(Float(max(0, sum)))
        column.published[item].store(value.bitPattern, ordering: .relaxed)
    }

    private func findTrending() {
        guard trendingLength > 0,
            let month = columns.first(where: { $0.feature == .monthPopularity })
        else { return }
        func sum(_ item: Int) -> Double { Double(month.trained[item]) + month.recorded[item] }
        let sold = (0..<itemCount).filter { sum($0) > 0 }
        let best = sold.map { (sum($0), $0) }.sorted { ($1.0, $0.1) < ($0.0, $1.1) }
            .prefix(trendingLength)
        for (place, entry) in best.enumerated() {
            trendingItems[place].store(UInt32(entry.1), ordering: .relaxed)
        }
        trendingUsed.store(best.count, ordering: .releasing)
    }
}
