import EventJournal
import Foundation
import Interactions
import TestFolders
import Testing

@Suite struct ForgetTests {
    private let marker = "marker-of-somebody@example.org"

    @Test func forgettingLeavesNoByteOfTheUserInAnyFile() throws {
        let files = TestJournal()
        let journal = try files.open()
        var events: [TestEvent] = []
        for number in 0..<500 {
            var event = TestEvent(user: "other", time: Int64(number), basket: "b")
            if number % 3 == 0 {
                (event.id, event.user) = ("\(marker)-\(number)", marker)
                event.basket = "basket-of-\(marker)"
            }
            events.append(event)
        }
        try journal.recordNow(events)
        let receipt = try journal.forgetNow(marker)
        #expect(receipt.events == 167)
        #expect(receipt.oldest == 0)
        #expect(receipt.newest == 498)
        #expect(try journal.emptyLog())
        for name in try FileManager.default.contentsOfDirectory(atPath: files.folder.path) {
            let data = try Data(contentsOf: URL(filePath: files.folder.path + "/" + name))
            #expect(data.range(of: Data(marker.utf8)) == nil, "\(name)")
        }
        #expect(try journal.history(marker) == nil)
        #expect(try journal.history("other")?.count == 333)
        #expect(try journal.forgetNow(marker).events == 0)
        // She is somebody new from then on, and her ids too.
        #expect(try journal.recordNow([TestEvent(id: "\(marker)-0", user: marker)]).recorded == 1)
        #expect(try journal.history(marker)?.map(\.sequence) == [501])
    }

    @Test func sequencesAreNotGivenAgain() throws {
        let files = TestJournal()
        do {
            let journal = try files.open()
            try journal.recordNow([TestEvent(user: "a"), TestEvent(user: "b")])
            _ = try journal.forgetNow("b")
        }
        let journal = try files.open()
        #expect(try journal.recordNow([TestEvent(user: "c")]).watermark == 3)
        #expect(try journal.history("a")?.map(\.sequence) == [1])
        #expect(try journal.history("c")?.map(\.sequence) == [3])
    }

    @Test func aReaderOfTheLogIsTold() throws {
        let files = TestJournal()
        let journal = try files.open()
        try journal.recordNow([TestEvent(user: "a"), TestEvent(user: "b")])
        let reader = try JournalReader(files.path)
        _ = try journal.forgetNow("a")
        #expect(try !journal.emptyLog())
        var seen = 0
        try reader.replay { _ in seen += 1 }
        #expect(seen == 2)
        withExtendedLifetime(reader) {}
    }

    @Test func eventsAreKeptAsLongAsTheirKindSays() throws {
        let files = TestJournal()
        let now: Int64 = 1_700_000_000
        let journal = try files.open()
        let kinds: [EventKind] = [.view, .purchase, .click]
        for batch in 0..<10 {
            try journal.recordNow(
                (0..<1_000).map {
                    let number = batch * 1_000 + $0
                    return TestEvent(
                        id: "e\(number)", user: "u", item: "i", kind: kinds[number % 3],
                        time: now - Int64(number))
                })
        }
        var retention = Retention()
        retention.seconds = [.view: 3_000, .purchase: 6_000]
        var (after, removed, slices) = (Int64(0), 0, 0)
        while true {
            try journal.begin()
            let slice = try journal.removeOld(retention, after: after, now: now)
            try journal.commit()
            (removed, slices) = (removed + slice.removed, slices + 1)
            guard let next = slice.next else { break }
            after = next
        }
        #expect(slices == 3)
        let kept = try #require(try journal.history("u", count: 100_000))
        #expect(kept.count == 10_000 - removed)
        #expect(kept.count { $0.kind == .view } == 1_001)
        #expect(kept.count { $0.kind == .purchase } == 2_000)
        #expect(kept.count { $0.kind == .click } == 3_333)
        #expect(try journal.recordNow([TestEvent(id: "e9999", user: "u")]).recorded == 1)
    }
}
