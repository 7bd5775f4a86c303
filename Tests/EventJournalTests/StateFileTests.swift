import EventJournal
import Foundation
import Interactions
import TestFolders
import Testing

/// The file beside a journal with what was derived of its events: it is read whole, or not at all.
@Suite struct StateFileTests {
    private static let seed: UInt64 = 99
    private static let portions: [[UInt64]] = [[1, 2, 3], Array(0..<5_000), [.max]]

    private func keep(_ journal: Journal, _ portions: [[UInt64]] = StateFileTests.portions) throws {
        try journal.keepState(seed: Self.seed) { append in portions.forEach(append) }
    }

    /// What is read, and up to which event; nil where nothing is.
    private func read(
        _ journal: Journal, seed: UInt64 = StateFileTests.seed
    ) throws -> (portions: [[UInt64]], sequence: Int64)? {
        var portions: [[UInt64]] = []
        let sequence = try journal.readState(seed: seed) {
            portions.append(Array($0))
            return true
        }
        return sequence.map { (portions, $0) }
    }

    /// A journal of some events with a state.
    private func filled() throws -> TestJournal {
        let files = TestJournal()
        let journal = try files.open()
        try journal.recordNow((0..<300).map { TestEvent(user: "u\($0 % 20)", item: "i\($0 % 7)") })
        try keep(journal)
        return files
    }

    @Test func aStartReadsWhatWasKept() throws {
        let files = TestJournal()
        #expect(Journal.stateSeed(files.path) == nil)
        do {
            let journal = try files.open()
            #expect(journal.keptSequence == nil)
            #expect(try read(journal) == nil)
            try journal.recordNow([TestEvent(), TestEvent()])
            try keep(journal, [[7]])
            try keep(journal)
        }
        #expect(Journal.stateSeed(files.path) == Self.seed)
        let journal = try files.open()
        #expect(journal.keptSequence == 2)
        // Newer events are the reader's to replay.
        try journal.recordNow([TestEvent()])
        let state = try #require(try read(journal))
        #expect(state.portions == Self.portions && state.sequence == 2)
        #expect(try read(journal, seed: 1) == nil)
        var seen = 0
        let refused = try journal.readState(seed: Self.seed) { _ in
            seen += 1
            return false
        }
        #expect(refused == nil && seen == 1)
        try keep(journal, [[5]])
        #expect(try read(journal)?.portions == [[5]])
        #expect(journal.keptSequence == 3)
    }

    @Test func afterEventsWereRemovedItHoldsNoMore() throws {
        let files = try filled()
        do {
            let journal = try files.open()
            #expect(try read(journal) != nil)
            #expect(try journal.forgetNow("nobody").events == 0)
            #expect(try read(journal) != nil)
            #expect(try journal.forgetNow("u3").events == 15)
            #expect(try read(journal) == nil)
        }
        let journal = try files.open()
        #expect(try read(journal) == nil)
        // Hashes go on with the same seed.
        #expect(Journal.stateSeed(files.path) == Self.seed)
        try keep(journal)
        #expect(try read(journal) != nil)
        var retention = Retention()
        retention.seconds[.purchase] = 60
        try journal.begin()
        #expect(try journal.removeOld(retention, after: 0, now: 1_700_000_030).removed == 0)
        try journal.commit()
        #expect(try read(journal) != nil)
        try journal.begin()
        #expect(try journal.removeOld(retention, after: 0, now: 1_800_000_000).removed > 0)
        try journal.commit()
        #expect(try read(journal) == nil)
    }

    @Test func thatOfAnotherJournalIsNotRead() throws {
        let (files, other) = (try filled(), TestJournal())
        do {
            let journal = try other.open()
            try journal.recordNow(
                (0..<300).map { TestEvent(user: "u\($0 % 20)", item: "i\($0 % 5)") })
        }
        try? FileManager.default.removeItem(atPath: other.path + ".live")
        try FileManager.default.copyItem(atPath: files.path + ".live", toPath: other.path + ".live")
        #expect(try read(other.open()) == nil)
        // A journal that was put back from an earlier copy lacks events.
        let early = TestJournal()
        _ = try early.open()
        try? FileManager.default.removeItem(atPath: early.path + ".live")
        try FileManager.default.copyItem(atPath: files.path + ".live", toPath: early.path + ".live")
        #expect(try read(early.open()) == nil)
    }

    @Test(arguments: [UInt64.random(in: 0 ... .max)])
    func whateverHappensToItItIsReadWholeOrNotAtAll(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let files = try filled()
        let path = files.path + ".live"
        let whole = try Data(contentsOf: URL(filePath: path))
        for round in 0..<60 {
            var bytes = whole
            switch Int.random(in: 0..<4, using: &random) {
            case 0: bytes[Int.random(in: 0..<bytes.count, using: &random)] ^= 1 << 3
            case 1: bytes.removeLast(Int.random(in: 1...bytes.count, using: &random))
            case 2:
                let start = Int.random(in: 0..<bytes.count, using: &random)
                for place in start..<min(start + 4_096, bytes.count) { bytes[place] = 0 }
            // What follows the end is nobody's.
            default: bytes.append(Data(repeating: 0xa5, count: 100))
            }
            try bytes.write(to: URL(filePath: path))
            let state = try read(files.open())
            let isWhole = bytes.prefix(whole.count) == whole
            #expect((state != nil) == isWhole, "seed \(seed), round \(round)")
            if let state { #expect(state.portions == Self.portions, "seed \(seed)") }
        }
    }

    @Test func aPlaceWhereItCannotBeIsNoHarm() throws {
        let files = TestJournal()
        do { _ = try files.open() }
        try FileManager.default.removeItem(atPath: files.path + ".live")
        let target = files.folder["elsewhere"]
        try Data("mine".utf8).write(to: URL(filePath: target))
        try FileManager.default.createSymbolicLink(
            atPath: files.path + ".live", withDestinationPath: target)
        let journal = try files.open()
        try journal.recordNow([TestEvent()])
        try keep(journal)
        #expect(try read(journal) == nil)
        #expect(try String(contentsOfFile: target, encoding: .utf8) == "mine")
    }
}
