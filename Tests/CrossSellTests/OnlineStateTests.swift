import CrossSell
import Interactions
import Testing

/// What a server keeps of recorded events for its next start.
@Suite struct OnlineStateTests {
    private typealias Events = OnlineLearningTests

    /// A server's learning with its one model.
    private final class Life {
        let learning: OnlineLearning
        let counts: LiveCounts
        private let generation: Generation

        init(_ shop: UInt64, newest: Int? = nil, bytesMax: Int = 256_000, seed: UInt64 = 7) throws {
            learning = try OnlineLearning(bytesMax: bytesMax, seed: seed)
            generation = try Events.generation(shop, newest: newest)
            counts = learning.begin(generation)
            #expect(learning.advance(counts, count: 1))
        }

        var counted: Events.Counted { Events.Counted(counts, items: 40) }

        /// The events in memory, without their positions, and the items by their ids.
        var events: [(LiveEvents.Event, String)] {
            var all: [(LiveEvents.Event, String)] = []
            learning.forEachEvent { event, item in
                var event = event
                (event.position, event.item) = (0, 0)
                all.append((event, item))
            }
            return all
        }

        var state: [[UInt64]] {
            var portions: [[UInt64]] = []
            learning.forEachStatePortion { portions.append($0) }
            return portions
        }

        func takeIn(
            _ portions: [[UInt64]], except isOver: (LiveEvents.Event) -> Bool = { _ in false }
        ) -> Bool {
            learning.beginReplay()
            defer { learning.publish() }
            return portions.allSatisfy { learning.takeIn($0[...], except: isOver) }
        }
    }

    @Test(
        "A start that takes the state in goes on as the server before it",
        arguments: 1...12 as ClosedRange<UInt64>)
    func goesOn(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let first = try Life(seed)
        let events = Events.random(900, from: 1_000_000, &random)
        for event in events[..<600] {
            event.record(in: first.learning)
            if Int.random(in: 0..<60, using: &random) == 0 {
                Events.forget("u\(Int.random(in: 0..<12, using: &random))", first.learning)
            }
        }
        first.learning.publish()
        let second = try Life(seed)
        #expect(second.takeIn(first.state), "seed \(seed)")
        func expectSame() {
            #expect(second.counted == first.counted, "seed \(seed)")
            let (a, b) = (first.events, second.events)
            #expect(a.count == b.count && zip(a, b).allSatisfy { $0 == $1 }, "seed \(seed)")
            #expect(second.learning.expired == first.learning.expired)
            #expect(second.learning.itemCount == first.learning.itemCount)
        }
        expectSame()
        // Returns find what they take back, and sessions go on.
        for event in events[600...] {
            event.record(in: first.learning)
            event.record(in: second.learning)
        }
        Events.forget("u3", first.learning)
        Events.forget("u3", second.learning)
        first.learning.publish()
        second.learning.publish()
        expectSame()
    }

    @Test(
        "Lists that are made at the end of a replay are those that are kept up to date throughout")
    func deferredLists() throws {
        var random = SeededGenerator(seed: 3)
        let (atOnce, deferred) = (try Life(3), try Life(3))
        deferred.learning.beginReplay()
        for event in Events.random(900, from: 1_000_000, &random) {
            event.record(in: atOnce.learning)
            event.record(in: deferred.learning)
        }
        atOnce.learning.publish()
        deferred.learning.publish()
        #expect(deferred.counted == atOnce.counted)
        #expect(!deferred.counted.pairs.isEmpty)
    }

    @Test("Into less memory the newest events are taken in, and what is too old is left out")
    func lessMemory() throws {
        var random = SeededGenerator(seed: 9)
        let first = try Life(9)
        for event in Events.random(900, from: 1_000_000, &random) where event.kind != .return {
            event.record(in: first.learning)
        }
        let all = first.events
        let small = try Life(9, bytesMax: 16_000)
        #expect(small.takeIn(first.state))
        #expect(small.learning.expired == all.count - small.events.count)
        #expect(zip(small.events.reversed(), all.reversed()).allSatisfy { $0 == $1 })
        #expect(!small.events.isEmpty)

        let middle = all[all.count / 2].0.time
        let newer = try Life(9)
        #expect(newer.takeIn(first.state) { $0.time < middle })
        let expected = all.filter { $0.0.time >= middle }
        #expect(zip(newer.events, expected).allSatisfy { $0 == $1 })
        #expect(newer.events.count == expected.count)
    }

    @Test("A state is of no use where it may lack events")
    func refused() throws {
        var random = SeededGenerator(seed: 4)
        let events = Events.random(300, from: 1_000_000, &random)
        let first = try Life(4, newest: 1_000_000)
        for event in events { event.record(in: first.learning) }
        let state = first.state
        #expect(try Life(4, newest: 1_000_000).takeIn(state))
        // Trained up to another time, so that it wants other events.
        #expect(try !Life(4, newest: 900_000).takeIn(state))
        // Events that went for want of memory would have stayed in more.
        let small = try Life(4, bytesMax: 16_000)
        for event in events { event.record(in: small.learning) }
        #expect(try !Life(4).takeIn(small.state))
        #expect(try Life(4, bytesMax: 16_000).takeIn(small.state))
        // Some are there already.
        let begun = try Life(4, newest: 1_000_000)
        events[0].record(in: begun.learning)
        #expect(!begun.takeIn(state))
        let none = try Life(4)
        #expect(!none.takeIn([[9]]) && !none.takeIn([[]]) && none.events.isEmpty)
    }
}
