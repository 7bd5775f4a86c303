import EventJournal
import Interactions
import TestFolders
import Testing

@Suite struct ReaderTests {
    @Test func aReplaySeesEveryEventOnceInOrderFromAWatermarkOn() throws {
        let files = TestJournal()
        let journal = try files.open()
        for batch in 0..<5 {
            try journal.recordNow(
                (0..<100).map { TestEvent(user: "u\($0 % 7)", item: "i\(batch)", basket: "b") })
        }
        let reader = try JournalReader(files.path)
        try journal.recordNow([TestEvent(user: "late")])
        #expect(reader.watermark == 500)
        var seen: [Int64] = []
        try reader.replay(after: 250) { seen.append($0.sequence) }
        #expect(seen == Array(251...500))
    }

    @Test func trainingReadsTheJournalAsItWouldReadAFile() throws {
        let files = TestJournal()
        let journal = try files.open()
        try journal.recordNow([
            TestEvent(
                user: "a,\"b\"\nc", item: "i1", kind: .cart, value: 3, time: 100, basket: "b1"),
            TestEvent(item: "i2", kind: .rating, value: 4.5, time: 200, basket: "b2"),
        ])
        var entry = CatalogEntry()
        (entry.title, entry.category, entry.price, entry.stock) = (
            "Tea, green", "Kitchen > Tea", 2.5, 7
        )
        entry.attributes = "color=green"
        try journal.begin()
        _ = try Array("i3".utf8).withUnsafeBytes { try journal.put($0, entry) }
        try journal.commit()

        let source = try JournalReader(files.path)
        var reader = DatasetReader()
        try reader.readEvents(
            from: source.eventSource(), file: files.path, layout: JournalReader.eventLayout)
        try reader.readCatalog(
            from: source.catalogSource(), file: files.path, options: JournalReader.catalogLayout)
        let (dataset, _) = reader.finish()
        #expect((0..<dataset.items.count).map { dataset.items[$0] } == ["i1", "i2", "i3"])
        #expect(dataset.users[0] == "a,\"b\"\nc")
        #expect(dataset.events.users == [0, EventTable.none])
        #expect(dataset.events.kinds == [.cart, .rating])
        #expect(dataset.events.values == [3, 4.5])
        #expect(dataset.events.times == [100, 200])
        #expect(dataset.catalog.titles == ["", "", "Tea, green"])
        #expect(dataset.catalog.categories[2] == ["Kitchen", "Tea"])
        #expect(dataset.catalog.prices[2] == 2.5)
        #expect(dataset.catalog.stocks[2] == 7)
        #expect(dataset.catalog.attributes[2] == ["color=green"])
    }

    @Test func catalogEntriesKeepWhatIsNotGiven() throws {
        let files = TestJournal()
        let journal = try files.open()
        var entry = CatalogEntry()
        (entry.title, entry.price) = ("Tea", 2.5)
        var change = CatalogEntry()
        (change.price, change.isDiscontinued) = (3, true)
        try Array("i".utf8).withUnsafeBytes { id in
            try journal.begin()
            #expect(try !journal.put(id, entry))
            #expect(try journal.put(id, change))
            try journal.commit()
            let found = try #require(try journal.catalogEntry(id))
            #expect(found.title == "Tea")
            #expect(found.price == 3)
            #expect(found.isDiscontinued == true)
            #expect(found.stock == nil)
            try journal.begin()
            #expect(try journal.remove(id))
            #expect(try !journal.remove(id))
            try journal.commit()
            #expect(try journal.catalogEntry(id) == nil)
        }
    }
}
