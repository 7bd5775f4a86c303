import EmbeddingStore
import Foundation
import Interactions
import Testing

/// Readers on threads of their own beside writers.
@Suite struct ConcurrencyTests {
    private static let dimensions = 24
    private static let churnIDs = 4000

    /// Every row's elements all equal its version.
    @Test func `readers never see half a row, and see every id that stays`() throws {
        let store = try makeStore(dimensions: Self.dimensions, shards: 2)
        let empty = store.bytes
        let stays = (0..<200).map { "stays\($0)" + String(repeating: "s", count: $0 % 50) }
        for id in stays { try Self.put(store, id, version: 1) }

        let watch = Watch()
        watch.run(writers: 3, readers: 2) { thread in
            if thread < 3 {
                try Self.write(store, stays, thread)
            } else {
                try Self.read(store, stays, thread, watch)
            }
        }
        #expect(watch.faults == [])
        #expect(watch.rounds > 0)

        for id in stays { store.delete(id) }
        for thread in 0..<3 {
            for index in 0..<Self.churnIDs { store.delete("churn\(thread)-\(index)") }
        }
        store.trim()
        #expect(store.count == 0)
        #expect(store.bytes == empty)
    }

    /// Grows and shrinks the store, so that tables, chunks and directories change under the
    /// readers.
    private static func write(_ store: EmbeddingStore, _ stays: [String], _ thread: Int) throws {
        var random = SeededGenerator(seed: UInt64(thread))
        for version in 2..<15_002 {
            let churn = "churn\(thread)-\(Int.random(in: 0..<churnIDs, using: &random))"
            if version / 3000 % 2 == 0 {
                try put(store, churn, version: version)
            } else {
                store.delete(churn)
            }
            try put(store, stays[version * 3 % stays.count], version: version)
            if version % 1000 == 0 { store.trim() }
        }
    }

    private static func read(
        _ store: EmbeddingStore, _ stays: [String], _ thread: Int, _ watch: Watch
    ) throws {
        let reader = try store.makeReader()
        var random = SeededGenerator(seed: UInt64(thread))
        var results = NearestResults(capacity: 20_000)
        repeat {
            for _ in 0..<50 {
                let id = stays.randomElement(using: &random)!
                if let row = reader.find(id), row.idString == id {
                    expectWhole(row, reader, watch)
                    expectOrdinal(of: row, id, reader, mayBeGone: false, watch)
                } else {
                    watch.fault("\(id) is gone")
                }
                let churn = "churn0-\(Int.random(in: 0..<churnIDs, using: &random))"
                if let row = reader.find(churn) {
                    expectWhole(row, reader, watch)
                    expectOrdinal(of: row, churn, reader, mayBeGone: true, watch)
                }
            }
            try expectAllStay(reader, stays, &results, watch)
            reader.quiesce()
            watch.finishRound()
        } while !watch.areWritersDone
    }

    private static func put(_ store: EmbeddingStore, _ id: String, version: Int) throws {
        try store.put(id, Array(repeating: Float(version), count: dimensions))
    }

    /// Until the reader lets go, an ordinal it has seen leads to the same id, or nowhere.
    private static func expectOrdinal(
        of row: StoreRow, _ id: String, _ reader: StoreReader, mayBeGone: Bool, _ watch: Watch
    ) {
        guard let other = reader.row(ordinal: row.ordinal) else {
            if !mayBeGone { watch.fault("ordinal \(row.ordinal) of \(id) is gone") }
            return
        }
        expectWhole(other, reader, watch)
        if other.idString != id { watch.fault("ordinal \(row.ordinal) led from \(id) elsewhere") }
    }

    private static func expectWhole(_ row: StoreRow, _ reader: StoreReader, _ watch: Watch) {
        let vector = reader.padded(row).prefix(dimensions)
        let version = vector[0]
        guard vector.allSatisfy({ $0 == version }) else {
            return watch.fault("a row of version \(version) is torn")
        }
    }

    /// A search for everything finds each id that stays exactly once, whole, though it is replaced
    /// meanwhile.
    private static func expectAllStay(
        _ reader: StoreReader, _ stays: [String], _ results: inout NearestResults, _ watch: Watch
    ) throws {
        let query = Array(repeating: Float(1), count: dimensions)
        try query.withUnsafeBufferPointer {
            try reader.nearest(to: $0, k: results.capacity, into: &results)
        }
        var seen: [String: Int] = [:]
        for rank in 0..<results.count {
            let row = results[rank].row
            expectWhole(row, reader, watch)
            if results[rank].score != Float(dimensions) * reader.padded(row)[0] {
                watch.fault("a score is not its row's")
            }
            seen[row.idString, default: 0] += 1
        }
        if seen.values.contains(where: { $0 != 1 }) { watch.fault("an id was found twice") }
        if stays.contains(where: { seen[$0] == nil }) { watch.fault("an id was not found") }
    }
}

/// Threads, and what they have to report once all have ended.
private final class Watch: @unchecked Sendable {
    // Everything is used under `lock`, whose order the thread sanitizer sees.
    private let lock = NSLock()
    private var faultsSeen: [String] = []
    private var roundsDone = 0
    private var writersLeft = 0

    var faults: [String] { lock.withLock { faultsSeen } }
    var rounds: Int { lock.withLock { roundsDone } }
    var areWritersDone: Bool { lock.withLock { writersLeft == 0 } }

    func fault(_ text: String) {
        lock.withLock { if faultsSeen.count < 10 { faultsSeen.append(text) } }
    }

    func finishRound() { lock.withLock { roundsDone += 1 } }

    /// Runs the body on a thread each and waits for all.
    func run(writers: Int, readers: Int, _ body: @escaping @Sendable (Int) throws -> Void) {
        lock.withLock { writersLeft = writers }
        let group = DispatchGroup()
        for thread in 0..<writers + readers {
            group.enter()
            Thread.detachNewThread {
                do { try body(thread) } catch { self.fault("\(error)") }
                if thread < writers { self.lock.withLock { self.writersLeft -= 1 } }
                group.leave()
            }
        }
        group.wait()
    }
}
