package import ModelParts

/// What a generation knows of an item.
package struct ItemProfile {
    package var ordinal: UInt32
    /// Pieces at hand, or -1.
    package var stock: Int32 = -1
    /// How often it was taken, its share of all that was, and its place among all items, from 1 on; 0
    /// for items put while serving.
    package var taken: Float = 0
    package var share: Float = 0
    package var rank = 0
    /// How often it is taken a day, by the last week or so and by the last month or so.
    package var weekRate: Float = 0
    package var monthRate: Float = 0
    /// The share of its buyers who bought it again, and the usual days until then with half of what
    /// lies between the quartiles; 0 where not known.
    package var repeatRate: Float = 0
    package var repeatInterval: Float = 0
    package var repeatSpread: Float = 0
    /// How many items it is related to.
    package var relations: [(relation: Relation, items: Int)] = []
}

extension Engine {
    /// What is known of an item; nil where neither catalog nor store knows the id.
    package func profile(ofItem id: IDView) -> ItemProfile? {
        guard let ordinal = lookUp.ordinal(of: id) else { return nil }
        var profile = ItemProfile(ordinal: ordinal)
        let item = Int(ordinal)
        let items = generation.items
        guard item < items.knownCount else { return profile }
        profile.stock = items.live.stock(item)
        guard item < items.trainedCount else { return profile }
        profile.taken = items.taken[item]
        profile.share = items.share(of: ordinal)
        profile.rank = Int(items.salesRank[item]) + 1
        if let profiles = generation.profiles {
            // A steady rate r a day, halved every n days, sums up to r n / ln 2.
            func rate(_ sum: Float, _ days: Double) -> Float {
                sum * logarithm(Float(2)) / Float(days)
            }
            profile.weekRate = rate(profiles.weekSales[item], Profiles.weekDays)
            profile.monthRate = rate(profiles.monthSales[item], Profiles.monthDays)
            profile.repeatInterval = profiles.repeatIntervals[item]
            profile.repeatSpread = profiles.repeatSpreads[item]
            if profile.repeatInterval > 0 { profile.repeatRate = profiles.repeatRates[item] }
        }
        for relation in Relation.allCases {
            if let lists = generation.relations[relation] {
                profile.relations.append((relation, lists.range(of: item).count))
            }
        }
        return profile
    }
}
