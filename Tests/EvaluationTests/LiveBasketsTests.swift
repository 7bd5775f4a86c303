import Evaluation
import Interactions
import Models
import Testing

/// The newest baskets of a shop, as servers meet them one by one.
@Suite struct LiveBasketsTests {
    /// 200 baskets of three to six of 40 items, an hour apart.
    private static func dataset() -> Dataset {
        var dataset = Dataset()
        var random = SeededGenerator(seed: 11)
        for item in 0..<40 {
            let number = dataset.items.insert("i\(item)")
            dataset.catalog.update(
                item: Int(number), title: item % 10 == 9 ? "" : "item \(item)",
                category: ["shelf \(item % 4)"], price: Float(item + 1))
        }
        for basket in 0..<200 {
            let number = dataset.baskets.insert("b\(basket)")
            let user = dataset.users.insert("u\(basket % 23)")
            let size = Int.random(in: 3...6, using: &random)
            for item in Set((0..<size).map { _ in Int32.random(in: 0..<40, using: &random) })
                .sorted()
            {
                dataset.events.append(
                    user: user, item: item, time: Int64(basket) * 3_600, basket: number)
            }
        }
        return dataset
    }

    @Test("Items that are taken for new are unknown to the past, and nothing else changes")
    func newItems() throws {
        let dataset = Self.dataset()
        let options = TrainingDataOptions()
        let plain = try LiveBaskets(of: dataset, options: options, seed: 4)
        let live = try LiveBaskets(of: dataset, options: options, newItemShare: 0.25, seed: 4)
        #expect(plain.newItems.isEmpty && live.newItems.count == 9)
        #expect(live.newItems.allSatisfy { !dataset.catalog.titles[Int($0)].isEmpty })
        #expect(live.past.items.count == 31 && live.past.catalog.count == 31)
        let names = Set(live.newItems.map { dataset.items[Int($0)] })
        for item in 0..<live.past.items.count {
            let name = live.past.items[item]
            #expect(!names.contains(name))
            let before = Int(dataset.items.index(of: name)!)
            #expect(live.past.catalog.titles[item] == dataset.catalog.titles[before])
            #expect(live.past.catalog.prices[item] == dataset.catalog.prices[before])
        }
        func told(_ data: Dataset) -> [String] {
            (0..<data.events.count).map {
                let events = data.events
                return
                    "\(data.items[Int(events.items[$0])]) \(data.users[Int(events.users[$0])]) \(events.times[$0])"
            }
        }
        let kept = told(plain.past).filter { !names.contains(String($0.split(separator: " ")[0])) }
        #expect(told(live.past) == kept && kept.count < plain.past.events.count)
        #expect(plain.baskets.map(\.events) == live.baskets.map(\.events))
        #expect(plain.baskets.map(\.questions) == live.baskets.map(\.questions))
        // How many live baskets had the hidden item before.
        var before: [Int32: Int] = [:]
        for basket in live.baskets {
            for question in basket.questions {
                #expect(question.hiddenBefore == before[question.hidden, default: 0])
            }
            for event in basket.events { before[dataset.events.items[event], default: 0] += 1 }
        }
    }

    @Test("Each item is hidden in turn, or one of those")
    func hiding() throws {
        let dataset = Self.dataset()
        let options = TrainingDataOptions()
        let one = try LiveBaskets(of: dataset, options: options, seed: 4)
        let each = try LiveBaskets(of: dataset, options: options, hiding: .each, seed: 4)
        #expect(one.baskets.map(\.events) == each.baskets.map(\.events))
        for (one, each) in zip(one.baskets, each.baskets) {
            let items = Set(each.events.map { dataset.events.items[$0] })
            #expect(each.questions.count == Set(each.questions.map(\.hidden)).count)
            for question in each.questions {
                #expect(items == Set(question.context).union([question.hidden]))
                #expect(items.count == question.context.count + 1)
            }
            #expect(one.questions.count == min(1, each.questions.count))
            #expect(one.questions.allSatisfy { each.questions.contains($0) })
        }
        #expect(each.baskets.contains { $0.questions.count > 2 })
        let few = try LiveBaskets(of: dataset, options: options, hiding: .each, max: 7, seed: 4)
        #expect(few.baskets.count { !$0.questions.isEmpty } == 7)
    }
}
