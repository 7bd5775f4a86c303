import EventJournal
import Foundation
import Interactions
import TestFolders
import Testing

/// The file of ids beside a journal: with it, without it and with any damage to it a start knows the same.
@Suite struct EventIDLogTests {
    private func events(_ range: Range<Int>) -> [TestEvent] {
        range.map {
            TestEvent(
                // Every fifth has no id of its own, and every third a UUID.
                id: $0 % 5 == 0
                    ? ""
                    : $0 % 3 == 0
                        ? "0f8fad5b-d9cb-469f-a165-\(String(format: "%012d", $0))" : "e\($0)",
                user: "u\($0 % 100)", item: "i\($0 % 50)")
        }
    }

    /// Records events again: which of them were known.
    private func known(_ range: Range<Int>, _ journal: Journal) throws -> Set<Int> {
        let events = events(range).enumerated().filter { !$0.element.id.isEmpty }
        try journal.begin()
        defer { journal.rollBack() }
        let outcome = try journal.record(EventBatch(events.map(\.element)))
        return Set(outcome.duplicates.map { range.lowerBound + events[Int($0)].offset })
    }

    private func withID(_ range: Range<Int>) -> Set<Int> { Set(range.filter { $0 % 5 != 0 }) }

    @Test func aStartKnowsTheIDsFromTheLogOrFromTheEvents() throws {
        let files = TestJournal()
        do {
            let journal = try files.open()
            for start in stride(from: 0, to: 20_000, by: 1_000) {
                try journal.recordNow(events(start..<start + 1_000))
            }
        }
        for isThere in [true, false, true] {
            if !isThere { try FileManager.default.removeItem(atPath: files.path + ".ids") }
            #expect(try known(0..<21_000, files.open()) == withID(0..<20_000))
        }
        let words = try Data(contentsOf: URL(filePath: files.path + ".ids")).count / 8
        #expect(words == 8 + 20_000 + 20_000 / 4_096)
    }

    @Test(arguments: [UInt64.random(in: 0 ... .max)])
    func whateverHappensToItTheSameIDsAreKnown(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let files = TestJournal()
        var expected: Set<Int> = []
        var next = 0
        for round in 0..<12 {
            let journal = try files.open()
            let found = try known(0..<next + 100, journal)
            #expect(found == expected, "seed \(seed), round \(round)")
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let count = Int.random(in: 1...3_000, using: &random)
                try journal.recordNow(events(next..<next + count))
                expected.formUnion(withID(next..<next + count))
                next += count
                // What is taken back was never there.
                try journal.begin()
                _ = try journal.record(EventBatch(events(next..<next + 50)))
                journal.rollBack()
                let user = Int.random(in: 0..<100, using: &random)
                _ = try journal.forgetNow("u\(user)")
                expected = expected.filter { $0 % 100 != user }
            }
            try damage(files.path + ".ids", &random)
        }
    }

    private func damage(_ path: String, _ random: inout SeededGenerator) throws {
        let bytes = try #require(FileManager.default.contents(atPath: path)).count
        let file = try #require(FileHandle(forUpdatingAtPath: path))
        defer { try? file.close() }
        switch Int.random(in: 0..<4, using: &random) {
        case 0:
            try file.seek(toOffset: UInt64.random(in: 0..<UInt64(bytes), using: &random))
            try file.write(contentsOf: Data([0xa5, 0x5a, 0xa5]))
        case 1: try file.truncate(atOffset: UInt64.random(in: 0..<UInt64(bytes), using: &random))
        case 2:
            try file.seekToEnd()
            try file.write(contentsOf: Data(repeating: 7, count: 50_000))
        default: break
        }
    }

    @Test func theLogOfAnotherJournalIsNotBelieved() throws {
        let (files, others) = (TestJournal(), TestJournal())
        try files.open().recordNow(events(0..<9_000))
        try others.open().recordNow(events(10_000..<19_000))
        for (path, copy) in [(others.path, files.path)] {
            try FileManager.default.removeItem(atPath: copy + ".ids")
            try FileManager.default.copyItem(atPath: path + ".ids", toPath: copy + ".ids")
        }
        #expect(try known(0..<20_000, files.open()) == withID(0..<9_000))
    }

    @Test func aCopyOfAnEarlierDayThatIsPutBackKnowsItsOwnIDs() throws {
        let files = TestJournal()
        try files.open().recordNow(events(0..<9_000))
        let copy = files.path + ".copy"
        try FileManager.default.copyItem(atPath: files.path, toPath: copy)
        try files.open().recordNow(events(9_000..<18_000))
        for end in ["", "-wal", "-shm"] {
            try? FileManager.default.removeItem(atPath: files.path + end)
        }
        try FileManager.default.moveItem(atPath: copy, toPath: files.path)
        let journal = try files.open()
        #expect(try known(0..<18_000, journal) == withID(0..<9_000))
        try journal.recordNow(events(20_000..<29_000))
        #expect(try known(0..<29_000, journal) == withID(0..<9_000).union(withID(20_000..<29_000)))
    }

    @Test func aLargeFileIsCheckedLater() throws {
        let files = TestJournal()
        do {
            let journal = try files.open()
            #expect(journal.isChecked)
            try journal.recordNow(events(0..<20_000))
            #expect(try journal.emptyLog())
        }
        var options = Journal.Options()
        options.checkedAtOnceBytesMax = 1 << 16
        do {
            let journal = try files.open(options)
            #expect(!journal.isChecked)
            try Journal.check(files.path) { false }
        }
        let handle = try #require(FileHandle(forUpdatingAtPath: files.path))
        try handle.seek(toOffset: 20 * 4096)
        try handle.write(contentsOf: Data(repeating: 0xa5, count: 4096))
        try handle.close()
        do throws(JournalError) {
            try Journal.check(files.path) { false }
            Issue.record("a damaged page was not found")
        } catch { #expect(error.code == .damaged) }
        // A check that nobody waits for any more finds nothing.
        try Journal.check(files.path) { true }
    }
}
