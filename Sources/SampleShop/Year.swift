internal import Interactions

/// A year of shopping: who comes when, and what goes into the baskets.
struct Year {
    private struct Shopper {
        /// How the departments draw this shopper.
        let taste: WeightedChoice
        /// The variant bought last, by shelf.
        var usual: [Int: Int] = [:]
    }

    private struct Line {
        let time: Int64
        let shopper: Int
        let item: Int
        let kind: EventKind
        let quantity: Int
        /// nil for returns, which come in the post.
        let order: Int?
    }

    /// 2025-01-01 00:00 UTC, a Wednesday.
    private static let start: Int64 = 1_735_689_600
    private static let daysOfMonth = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    private static let basketLinesMax = 24

    // The chance that an item brings another one of its group, by who brings whom.
    private static let firstBringsOther = 0.55
    private static let otherBringsOther = 0.4
    private static let otherBringsFirst = 0.12
    /// The chance to take the variant bought last time.
    private static let rebuy = 0.7
    /// The chance not to buy something that lasts a second time.
    private static let owned = 0.92
    /// Shelves that a shopper looks at before giving up on a department.
    private static let looks = 4
    private static let returned = 0.02

    private let options: SampleShopOptions
    private let shelves: Shelves
    private var shoppers: [Shopper] = []
    private var lines: [Line] = []
    private var orders = 0
    /// By month, 0 to 11, and department: which of its shelves is chosen.
    private let shelfChoices: [[WeightedChoice]]

    init(_ options: SampleShopOptions, _ shelves: Shelves) {
        self.options = options
        self.shelves = shelves
        shelfChoices = (1...12).map { month in
            shelves.shelvesOfDepartment.map { numbers in
                WeightedChoice(numbers.map { Self.demand(shelves.shelves[$0].family, month) })
            }
        }
    }

    /// How much a family sells in a month, relative to the others of its department.
    private static func demand(_ family: Family, _ month: Int) -> Double {
        let inSeason = family.season.map { $0.contains(month) ? 2.5 : 0.5 } ?? 1
        return inSeason * (family.isConsumable ? 2 : 1)
    }

    mutating func run(into dataset: inout Dataset, _ random: inout SeededGenerator) {
        shoppers = (0..<options.shoppers).map { _ in Self.makeShopper(&random) }
        // Few shoppers come every week, many come once a season.
        let frequency = WeightedChoice(
            (0..<options.shoppers).map { _ in 0.15 + 1 / (0.25 + 4 * random.unit()) })
        let days = Self.makeDays()
        var visits = (0..<options.baskets).map { _ in
            (
                time: Self.time(day: days.draw(&random), &random),
                shopper: frequency.draw(&random)
            )
        }
        visits.sort { ($0.time, $0.shopper) < ($1.time, $1.shopper) }
        for visit in visits { shop(visit.shopper, visit.time, &random) }
        record(into: &dataset)
    }

    private static func makeShopper(_ random: inout SeededGenerator) -> Shopper {
        let departments = Assortment.departments.count
        var weights = Array(repeating: 0.15, count: departments)
        for rank in 0..<2 + random.index(below: 3) {
            weights[random.index(below: departments)] += 4 / Double(rank + 1)
        }
        return Shopper(taste: WeightedChoice(weights))
    }

    /// More on weekends, and most before Christmas.
    private static func makeDays() -> WeightedChoice {
        var weights: [Double] = []
        for (month, days) in daysOfMonth.enumerated() {
            for day in 0..<days {
                let weekday = (weights.count + 2) % 7  // 0 is Monday
                let isBusy = month == 10 || (month == 11 && day < 23)
                weights.append((weekday >= 4 ? 1.4 : 1) * (isBusy ? 1.5 : 1))
            }
        }
        return WeightedChoice(weights)
    }

    /// Between 8 and 22 o'clock, in the sum of two uniforms most often in the afternoon.
    private static func time(day: Int, _ random: inout SeededGenerator) -> Int64 {
        let second = random.index(below: 7 * 3600) + random.index(below: 7 * 3600)
        return start + Int64(day * 86_400 + 8 * 3600 + second)
    }

    private mutating func shop(_ shopper: Int, _ time: Int64, _ random: inout SeededGenerator) {
        var basket: [Int] = []
        let month = Self.month(time)
        for _ in 0..<random.geometric(more: 0.55, max: 6) {
            let department = shoppers[shopper].taste.draw(&random)
            for _ in 0..<random.geometric(more: 0.4, max: 4) {
                guard let item = pick(department, month, shopper, &random) else { continue }
                take(item, for: shopper, &basket, &random)
            }
        }
        guard !basket.isEmpty else { return }
        orders += 1
        for item in basket.prefix(Self.basketLinesMax) {
            let shelf = shelves.shelfOf[item]
            let isConsumable = shelves.shelves[shelf].family.isConsumable
            shoppers[shopper].usual[shelf] = item
            lines.append(
                Line(
                    time: time, shopper: shopper, item: item, kind: .purchase,
                    quantity: isConsumable ? random.geometric(more: 0.3, max: 6) : 1, order: orders)
            )
            if !isConsumable, random.chance(Self.returned) {
                let later = Int64(random.index(below: 14 * 86_400) + 2 * 86_400)
                lines.append(
                    Line(
                        time: time + later, shopper: shopper, item: item, kind: .return,
                        quantity: 1, order: nil))
            }
        }
    }

    /// A variant of something from the department, or nil where the shopper has what lasts of all
    /// that was looked at.
    private func pick(
        _ department: Int, _ month: Int, _ shopper: Int, _ random: inout SeededGenerator
    ) -> Int? {
        for _ in 0..<Self.looks {
            let choice = shelfChoices[month][department].draw(&random)
            let shelf = shelves.shelvesOfDepartment[department][choice]
            let content = shelves.shelves[shelf]
            if let usual = shoppers[shopper].usual[shelf] {
                if content.family.isConsumable, random.chance(Self.rebuy) { return usual }
                if !content.family.isConsumable, random.chance(Self.owned) { continue }
            }
            return content.items[content.popularity.draw(&random)]
        }
        return nil
    }

    /// Puts the item into the basket, and with it what its group brings along.
    private func take(
        _ item: Int, for shopper: Int, _ basket: inout [Int], _ random: inout SeededGenerator
    ) {
        guard !basket.contains(item) else { return }
        basket.append(item)
        guard let group = shelves.groupOf[item] else { return }
        let members = shelves.groups[group].items.map { Int($0) }
        for (rank, member) in members.enumerated() where member != item {
            let chance =
                item == members[0]
                ? Self.firstBringsOther
                : rank == 0 ? Self.otherBringsFirst : Self.otherBringsOther
            if random.chance(chance), !basket.contains(member), !owns(member, shopper) {
                basket.append(member)
            }
        }
    }

    /// Whether the shopper has something that lasts from the item's shelf.
    private func owns(_ item: Int, _ shopper: Int) -> Bool {
        let shelf = shelves.shelfOf[item]
        return !shelves.shelves[shelf].family.isConsumable && shoppers[shopper].usual[shelf] != nil
    }

    private static func month(_ time: Int64) -> Int {
        var day = Int((time - start) / 86_400)
        for (month, days) in daysOfMonth.enumerated() {
            if day < days { return month }
            day -= days
        }
        return 11
    }

    private mutating func record(into dataset: inout Dataset) {
        // Stable by hand: the position breaks ties.
        let order = lines.indices.sorted { (lines[$0].time, $0) < (lines[$1].time, $1) }
        dataset.events.reserveCapacity(lines.count)
        let shopperWidth = max(5, String(options.shoppers).count)
        let orderWidth = max(6, String(options.baskets).count)
        for index in order {
            let line = lines[index]
            let user = dataset.users.insert("shopper-\(padded(line.shopper + 1, shopperWidth))")
            let basket = line.order.map {
                dataset.baskets.insert("order-\(padded($0, orderWidth))")
            }
            dataset.events.append(
                user: user, item: Int32(line.item), kind: line.kind, value: Float(line.quantity),
                time: line.time, basket: basket ?? EventTable.none)
        }
    }
}
