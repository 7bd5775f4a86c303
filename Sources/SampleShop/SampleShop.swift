package import Interactions

/// How large a sample shop is, and which.
package struct SampleShopOptions: Sendable {
    /// Spread evenly over the families of products; at least one each.
    package var items = 600
    package var shoppers = 4000
    /// Over one year.
    package var baskets = 60_000
    package var seed: UInt64 = 1

    package init(items: Int = 600, shoppers: Int = 4000, baskets: Int = 60_000, seed: UInt64 = 1) {
        self.items = items
        self.shoppers = shoppers
        self.baskets = baskets
        self.seed = seed
    }
}

/// Items that shoppers of the sample shop buy together: what training should find.
package struct ComplementGroup: Sendable, Equatable {
    /// Such as `Tea time`; several groups of different items may share one.
    package let name: String
    /// Item numbers of the dataset. The first draws the others most strongly.
    package let items: [Int32]
}

/// An invented shop with a year of orders, the same for the same options on every platform.
///
/// Its items come in departments and families of variants. A few of each family are popular and the
/// rest a long tail. Shoppers have favorite departments, buy consumables again, and mostly the
/// ones they bought before; durable goods they buy once. Some families sell best in their season.
/// Items of a complement group go into one basket far more often than chance has it; nothing else
/// does but by sharing a department.
package struct SampleShop: Sendable {
    /// Items `tea-0042`, users `shopper-00017`, baskets `order-000123`; purchases and a few returns
    /// in the order of time; the catalog is complete.
    package let dataset: Dataset
    package let groups: [ComplementGroup]

    /// - Precondition: all sizes are above 0.
    package init(_ options: SampleShopOptions = SampleShopOptions()) {
        precondition(
            options.items > 0 && options.shoppers > 0 && options.baskets > 0,
            "a shop of \(options.items) items, \(options.shoppers) shoppers, "
                + "\(options.baskets) baskets")
        var random = SeededGenerator(seed: options.seed)
        let shelves = Shelves(itemCount: options.items, &random)
        var dataset = Dataset()
        shelves.fill(&dataset, &random)
        var year = Year(options, shelves)
        year.run(into: &dataset, &random)
        self.dataset = dataset
        groups = shelves.groups
    }
}

/// The number with zeros before it, as in `0042`.
func padded(_ number: Int, _ width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
}
