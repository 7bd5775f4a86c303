import Interactions
import ModelParts
import Models
import Testing

@Suite struct ProfilesTests {
    /// Ann buys milk three times in 28 days and tea once; somebody unknown buys tea.
    private func makeData() throws -> TrainingData {
        var dataset = Dataset()
        func add(_ user: String?, _ basket: String, _ day: Int64, _ items: [String]) {
            for item in items {
                dataset.events.append(
                    user: user.map { dataset.users.insert($0) } ?? EventTable.none,
                    item: dataset.items.insert(item), time: day * 86_400,
                    basket: dataset.baskets.insert(basket))
            }
        }
        add("ann", "a1", 0, ["milk"])
        add("ann", "a2", 14, ["milk", "tea"])
        add("bob", "b1", 21, ["tea"])
        add("ann", "a3", 28, ["milk"])
        add(nil, "x", 28, ["tea"])
        dataset.catalog.grow(to: dataset.items.count)
        return try TrainingData(dataset: dataset)
    }

    @Test("Habits count baskets, halve them by baskets and by days, and know interval and age")
    func habits() throws {
        let profiles = try #require(Profiles(makeData()))
        let habits = profiles.habits
        #expect(habits.basketCounts == [3, 1])
        // Milk first: she bought it the most lately.
        let ann = habits.range(of: 0)
        #expect(Array(habits.items[ann]) == [0, 1])
        #expect(Array(habits.counts[ann]) == [3, 1])
        #expect(Array(habits.ages[ann]) == [0, 14])
        #expect(Array(habits.intervals[ann]) == [14, 0])
        let step = Float(power(0.5, 1 / Habits.basketsHalved))
        #expect(abs(habits.lately[0] - (1 + step + step * step)) < 1e-6)
        #expect(abs(habits.lately[1] - step) < 1e-6)
        let days = { (age: Double) in Float(power(0.5, age / Habits.daysHalved)) }
        #expect(abs(habits.recently[0] - (1 + days(14) + days(28))) < 1e-6)
        #expect(Array(habits.items[habits.range(of: 1)]) == [1])
    }

    @Test("An item's sales are halved by age, and repeat rates are pulled towards the usual one")
    func items() throws {
        let profiles = try #require(Profiles(makeData()))
        let half = Float(0.5)
        #expect(abs(profiles.monthSales[0] - (1 + half.squareRoot() + half)) < 1e-6)
        #expect(abs(profiles.weekSales[0] - (1 + 0.25 + 0.0625)) < 1e-6)
        // One buyer of milk, who came back; two of tea, who did not.
        #expect(abs(profiles.repeatRates[0] - (1 + 0.2) / 3) < 1e-6)
        #expect(abs(profiles.repeatRates[1] - 0.2 / 4) < 1e-6)
    }

    @Test("An interval is usual where three shoppers have one: median, and half the quartiles' gap")
    func intervals() throws {
        var dataset = Dataset()
        // Four shoppers buy milk again after 2, 4, 6 and 20 days, one buys tea twice.
        for (user, days) in [2, 4, 6, 20, 9].enumerated() {
            for (visit, day) in [0, days].enumerated() {
                dataset.events.append(
                    user: dataset.users.insert("u\(user)"),
                    item: dataset.items.insert(user < 4 ? "milk" : "tea"),
                    time: Int64(day) * 86_400,
                    basket: dataset.baskets.insert("\(user) \(visit)"))
            }
        }
        dataset.catalog.grow(to: dataset.items.count)
        let profiles = try #require(Profiles(TrainingData(dataset: dataset)))
        #expect(profiles.repeatIntervals == [6, 0])
        #expect(profiles.repeatSpreads == [1, 0])
        #expect(profiles.rebuys.offsets == [0, 1, 1] && profiles.rebuys.items == [0])
        #expect(profiles.rebuys.scores == [profiles.repeatRates[0]])
    }

    @Test("Of a user with many items those stay that she buys the most lately")
    func cut() throws {
        let profiles = try #require(Profiles(makeData(), habitsMax: 1))
        #expect(profiles.habits.items == [0, 1])
        #expect(profiles.habits.offsets == [0, 1, 2])
    }

    @Test("Histories end with what was taken last")
    func histories() throws {
        let histories = try makeData().historiesByTime
        #expect(histories.columns == [1, 0, 1])
        #expect(histories.rowOffsets == [0, 2, 3])
    }

    @Test("Without times there are no profiles")
    func undated() {
        let baskets = makeMatrix([[0, 1], [1, 2]], columns: 3)
        #expect(Profiles(TrainingData(interactions: baskets, baskets: baskets)) == nil)
    }
}
