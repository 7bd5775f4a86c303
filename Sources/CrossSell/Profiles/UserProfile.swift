internal import ModelParts

/// What a generation knows of a shopper. Ages and intervals are in days, ages before the newest event
/// that it learned from.
package struct UserProfile {
    /// One of the shopper's items.
    package struct OwnItem {
        package var ordinal: UInt32
        /// In how many of her baskets; 1 where baskets had no times.
        package var times: Float = 1
        package var intervalDays: Float = 0
        package var ageDays: Float = 0
        package var isDue = false
    }

    /// By how much lately; without times the newest first.
    package var items: [OwnItem] = []
    /// 0 where baskets had no times.
    package var baskets: Float = 0

    /// Different items in a basket, on average; 0 where not known.
    package var basketItems: Float { baskets > 0 ? purchases / baskets : 0 }

    /// Days since the last basket; 0 where not known.
    package var ageDays: Float { items.map(\.ageDays).min() ?? 0 }

    /// Days from one basket to the next, on average; 0 where there is one.
    package var intervalDays: Float {
        guard baskets > 1 else { return 0 }
        let first = items.reduce(0) { max($0, $1.ageDays + $1.intervalDays * ($1.times - 1)) }
        return (first - ageDays) / (baskets - 1)
    }

    /// What was bought, an item once a basket.
    package var purchases: Float { items.reduce(0) { $0 + $1.times } }

    /// What it cost at the catalog's prices.
    package func spend(_ table: ItemTable) -> Float {
        items.reduce(0) { $0 + $1.times * table.shown($1.ordinal).price }
    }

    /// The price below which a share of what she bought lies, of what has a price; 0 where nothing
    /// has.
    package func priceQuantile(_ share: Float, _ table: ItemTable) -> Float {
        let priced = items.map { (price: table.shown($0.ordinal).price, times: $0.times) }
            .filter { $0.price > 0 }.sorted { $0.price < $1.price }
        var left = share * priced.reduce(0) { $0 + $1.times }
        for (price, times) in priced {
            left -= times
            if left <= 0 { return price }
        }
        return priced.last?.price ?? 0
    }

    /// The share of what she bought by category, largest first; items without one are left out.
    package func categories(_ table: ItemTable) -> [(path: IDView, share: Float)] {
        var counts: [Int: Float] = [:]
        for item in items {
            let category = table.category(of: item.ordinal)
            if category >= 0 { counts[category, default: 0] += item.times }
        }
        let whole = purchases
        return counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
            .map { (table.categoryPaths.texts[$0.key], $0.value / whole) }
    }
}

extension Engine {
    /// What is known of a user, with what was recorded of her; nil where nobody has the id.
    ///
    /// - Complexity: O(her items).
    package func profile(ofUser id: IDView) -> UserProfile? {
        let row = generation.userOrdinals.index(of: id.assumingMemoryBound(to: UInt8.self))
            .map { Int($0) }
        context.readLive(id)
        guard row != nil || context.hasLiveEvents else { return nil }
        var profile = UserProfile()
        if let habits, let known = generation.profiles?.habits, row ?? 0 < known.users {
            habits.read(user: row)
            profile.baskets = habits.basketCount
            for item in habits.items {
                let ordinal = UInt32(bitPattern: item)
                guard let habit = habits.habit(ordinal) else { continue }
                profile.items.append(
                    UserProfile.OwnItem(
                        ordinal: ordinal, times: habit.times, intervalDays: habit.intervalDays,
                        ageDays: habit.ageDays, isDue: habits.isDue(ordinal)))
            }
            return profile
        }
        var items = context.liveItems
        if let row, let histories = generation.histories {
            items += histories.row(row).reversed().map { UInt32(bitPattern: histories.columns[$0]) }
        }
        var seen: Set<UInt32> = []
        profile.items = items.filter { seen.insert($0).inserted }
            .map { UserProfile.OwnItem(ordinal: $0) }
        return profile
    }
}
