import EventJournal
import Interactions
import TestFolders
import Testing

@Suite struct RecordTests {
    @Test func whatWasCommittedIsThereWhenTheJournalIsOpenedAgain() throws {
        let files = TestJournal()
        do {
            let journal = try files.open()
            let outcome = try journal.recordNow([
                TestEvent(
                    id: "e1", user: "u1", item: "i1", kind: .rating, value: 2.5, time: 5,
                    basket: "b1"), TestEvent(user: "u1", item: "i2", kind: .view),
            ])
            #expect(outcome == RecordOutcome(recorded: 2, watermark: 2))
        }
        let journal = try files.open()
        #expect(
            try journal.history("u1") == [
                JournalEvent(
                    sequence: 2, id: "server-2", item: "i2", kind: .view, value: 1,
                    time: 1_700_000_000, basket: ""),
                JournalEvent(
                    sequence: 1, id: "e1", item: "i1", kind: .rating, value: 2.5, time: 5,
                    basket: "b1"),
            ])
        #expect(try journal.history("u1", count: 1)?.count == 1)
        #expect(try journal.history("nobody") == nil)
        #expect(journal.watermark == 2)
    }

    @Test func anIdIsRecordedOnceWhereverAndWheneverItComesAgain() throws {
        let files = TestJournal()
        let uuid = "0f8fad5b-d9cb-469f-a165-70867728950e"
        func again(_ journal: Journal) throws {
            let before = journal.watermark
            let outcome = try journal.recordNow(
                ["a", "new-\(before)", uuid, "server-2", "new-\(before)"].map {
                    TestEvent(id: $0, user: "u")
                })
            #expect(
                outcome
                    == RecordOutcome(recorded: 1, duplicates: [0, 2, 3, 4], watermark: before + 1))
        }
        do {
            let journal = try files.open()
            try journal.recordNow([
                TestEvent(id: "a", user: "u"), TestEvent(user: "u"), TestEvent(id: uuid, user: "u"),
            ])
            try again(journal)
        }
        let journal = try files.open()
        try again(journal)
        #expect(
            try journal.history("u")?.map(\.id) == ["new-4", "new-3", uuid, "server-2", "a"])
    }

    @Test func idsThatAreNearlyUUIDsComeBackAsTheyWereSent() throws {
        let uuid = "0f8fad5b-d9cb-469f-a165-70867728950e"
        let ids =
            [uuid, uuid.uppercased()]
            + uuid.indices.flatMap { place in
                "g/:`@-a".filter { $0 != uuid[place] }.map { other in
                    String(uuid.indices.map { $0 == place ? other : uuid[$0] })
                }
            }
        let journal = try TestJournal().open()
        let outcome = try journal.recordNow(ids.map { TestEvent(id: $0, user: "u") })
        #expect(outcome.recorded == ids.count)
        #expect(try journal.history("u", count: 1_000)?.map(\.id) == ids.reversed())
        #expect(try journal.recordNow(ids.map { TestEvent(id: $0, user: "u") }).recorded == 0)
    }

    @Test func anIdOfTheServersMakingThatNamesNothingIsRefused() throws {
        let journal = try TestJournal().open()
        #expect(throws: JournalError.self) {
            try journal.check(EventBatch([TestEvent(id: "server-9")]))
        }
        #expect(throws: Never.self) { try journal.check(EventBatch([TestEvent(id: "server-")])) }
        #expect(try journal.recordNow([TestEvent(id: "server-x")]).recorded == 1)
    }

    @Test func aBatchThatIsRolledBackLeavesNothing() throws {
        let files = TestJournal()
        var generator = SeededGenerator(seed: 11)
        do {
            let journal = try files.open()
            var kept = 0
            for round in 0..<60 {
                let events = (0..<Int.random(in: 1...200, using: &generator)).map {
                    TestEvent(
                        id: "e\(round)-\($0)",
                        user: "u\(Int.random(in: 0..<500, using: &generator))",
                        item: "i\(Int.random(in: 0..<300, using: &generator))")
                }
                try journal.begin()
                #expect(try journal.record(EventBatch(events)).recorded == events.count)
                if Bool.random(using: &generator) {
                    try journal.commit()
                    kept += events.count
                    #expect(try journal.recordNow(events).recorded == 0)
                } else {
                    journal.rollBack()
                    #expect(journal.watermark == kept)
                }
            }
        }
        #expect(throws: Never.self) { try files.open() }
    }

    @Test func historiesAgreeWithAPlainListThroughTheIndexAndAReopening() throws {
        let files = TestJournal()
        var expected: [String: [Int64]] = [:]
        var generator = SeededGenerator(seed: 5)
        do {
            let journal = try files.open()
            // Past two portions of the index, the second one unfinished.
            while journal.watermark < 2_150_000 {
                let events = (0..<50_000).map { _ in
                    TestEvent(user: "u\(Int.random(in: 0..<2_000, using: &generator))", item: "i")
                }
                try journal.begin()
                _ = try journal.record(EventBatch(events))
                try journal.commit()
                for (place, event) in events.enumerated() {
                    expected[event.user, default: []].append(
                        journal.watermark - Int64(events.count - 1 - place))
                }
                if journal.watermark % 500_000 == 0 { try check(journal) }
            }
            try check(journal)
        }
        try check(files.open())

        func check(_ journal: Journal) throws {
            for user in ["u0", "u17", "u1999"] {
                let found = try journal.history(user, count: 100_000)?.map(\.sequence)
                #expect(found == expected[user]?.reversed())
                #expect(
                    try journal.history(user, count: 7)?.map(\.sequence)
                        == expected[user]?.suffix(7).reversed())
            }
        }
    }
}
