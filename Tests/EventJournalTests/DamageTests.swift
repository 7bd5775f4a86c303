import EventJournal
import Foundation
import Interactions
import TestFolders
import Testing

@Suite struct DamageTests {
    private func fill(_ journal: Journal, events: Int = 20_000) throws {
        try journal.recordNow(
            (0..<events).map { TestEvent(id: "e\($0)", user: "u\($0 % 100)", item: "i\($0 % 50)") })
    }

    private func failure(_ files: TestJournal) -> JournalError? {
        do {
            _ = try files.open()
            return nil
        } catch {
            return error as? JournalError
        }
    }

    @Test func aDamagedPageIsFoundWhenTheJournalIsOpened() throws {
        let files = TestJournal()
        do {
            let journal = try files.open()
            try fill(journal)
            #expect(try journal.emptyLog())
        }
        let handle = try #require(FileHandle(forUpdatingAtPath: files.path))
        try handle.seek(toOffset: 20 * 4096)
        try handle.write(contentsOf: Data(repeating: 0xa5, count: 4096))
        try handle.close()
        let error = try #require(failure(files))
        #expect(error.code == .damaged)
        #expect(error.message.contains(files.path))
        #expect(error.message.contains(".recover"))
    }

    @Test func anotherFileIsNoJournal() throws {
        let files = TestJournal()
        try Data("not a database, but long enough to be taken for one".utf8).write(
            to: URL(filePath: files.path))
        #expect(failure(files)?.code == .foreign)
        #expect(try String(contentsOfFile: files.path, encoding: .utf8).hasPrefix("not a"))
    }

    @Test func aNewerJournalIsRefused() throws {
        let files = TestJournal()
        _ = try files.open()
        // The version is in bytes 60 to 63 of the header.
        let handle = try #require(FileHandle(forUpdatingAtPath: files.path))
        try handle.seek(toOffset: 60)
        try handle.write(contentsOf: Data([0, 0, 0, 9]))
        try handle.close()
        let error = try #require(failure(files))
        #expect(error.code == .newer)
        #expect(error.message.contains("version 9"))
    }

    @Test func aSecondServerCannotOpenIt() throws {
        let files = TestJournal()
        let journal = try files.open()
        #expect(failure(files)?.code == .inUse)
        withExtendedLifetime(journal) {}
    }

    @Test func aFullJournalTakesNothingAndTakesTheNextOnceThereIsRoom() throws {
        let files = TestJournal()
        var options = Journal.Options()
        options.bytesMax = 400_000
        do {
            let journal = try files.open(options)
            try journal.recordNow([TestEvent(id: "first", user: "u")])
            do throws(JournalError) {
                try journal.begin()
                _ = try journal.record(
                    EventBatch((0..<50_000).map { TestEvent(id: "big\($0)", user: "u\($0)") }))
                try journal.commit()
                Issue.record("a journal of 400 kB took 50,000 events")
            } catch {
                #expect(error.code == .full)
                journal.rollBack()
            }
            #expect(journal.watermark == 1)
            #expect(try journal.recordNow([TestEvent(id: "second", user: "u")]).recorded == 1)
            #expect(try journal.history("u")?.map(\.id) == ["second", "first"])
        }
        #expect(try files.open().recordNow([TestEvent(id: "big0", user: "u0")]).recorded == 1)
    }

    @Test func aFolderThatIsNotThereIsNamed() throws {
        let files = TestJournal()
        do throws(JournalError) {
            _ = try Journal(files.folder.path + "/none/events.db")
            Issue.record("a journal was made in no folder")
        } catch {
            #expect(error.code == .readOnly)
            #expect(error.message.contains("none"))
        }
    }
}
