import CPlainScan
import EmbeddingStore
import Interactions

/// Measures lookups and searches on rows of normal random numbers, beside the least such a scan can
/// cost.
struct StoreBenchmark {
    /// Nanoseconds; the median of the repetitions.
    struct Figures: Sendable {
        var rows = 0
        var dimensions = 0
        /// One put, while the store grows from empty.
        var put = 0.0
        /// The longest of all puts.
        var putMax = 0.0
        /// One `find` of a random id of 12 bytes.
        var find = 0.0
        /// One `score` of 100 random ids of 12 bytes, and of the same 100 again and again.
        var score100 = 0.0
        var score100Cached = 0.0
        /// The same of 100 random ordinals.
        var ordinals100 = 0.0
        var ordinals100Cached = 0.0
        /// One search for the 10 nearest, and where norms are skewed as popularity is.
        var nearest10 = 0.0
        var nearest10Skewed = 0.0
        /// A plain scan of as many 8-bit rows in one array.
        var plainScan = 0.0
    }

    var rows: Int
    var dimensions: Int
    var repetitions: Int
    var shards: Int

    init(rows: Int, dimensions: Int = 64, repetitions: Int = 21, shards: Int = 8) {
        self.rows = rows
        self.dimensions = dimensions
        self.repetitions = repetitions
        self.shards = shards
    }

    func run(seed: UInt64) throws(StoreError) -> Figures {
        var random = SeededGenerator(seed: seed)
        var figures = Figures(rows: rows, dimensions: dimensions)
        let ids = UnsafeMutableRawPointer.allocate(byteCount: rows * 12, alignment: 64)
        defer { ids.deallocate() }
        for row in 0..<rows {
            let digits = String(row)
            let text = "i" + String(repeating: "0", count: 11 - digits.utf8.count) + digits
            Array(text.utf8).withUnsafeBytes {
                (ids + row * 12).copyMemory(from: $0.baseAddress!, byteCount: 12)
            }
        }
        func id(_ row: Int) -> UnsafeRawBufferPointer {
            UnsafeRawBufferPointer(start: ids + row * 12, count: 12)
        }
        let query = UnsafeMutableBufferPointer<Float>.allocate(capacity: dimensions)
        defer { query.deallocate() }
        for skewed in [false, true] {
            let store = try EmbeddingStore(
                .init(dimensions: dimensions, shards: shards, bytesMax: .max / 2))
            let reader = try store.makeReader()
            let began = ContinuousClock.now
            for row in 0..<rows {
                // Popularity that falls with a random rank, like Zipf's law with exponent 1/2.
                let scale: Float =
                    skewed
                    ? 1 / (Float(Int.random(in: 0..<rows, using: &random)) + 10).squareRoot() : 1
                for i in query.indices { query[i] = Float(random.nextNormal()) * scale }
                let start = ContinuousClock.now
                try store.put(id(row), vector: UnsafeBufferPointer(query))
                figures.putMax = max(figures.putMax, Self.nanoseconds(since: start))
            }
            if !skewed {
                figures.put = Self.nanoseconds(since: began) / Double(rows)
                try measureLookups(reader, &random, id, &figures)
            }
            var results = NearestResults(capacity: 10)
            var samples: [Double] = []
            for _ in 0..<repetitions {
                for i in query.indices { query[i] = Float(random.nextNormal()) }
                let start = ContinuousClock.now
                try reader.nearest(to: UnsafeBufferPointer(query), k: 10, into: &results)
                samples.append(Self.nanoseconds(since: start))
            }
            let median = samples.sorted()[repetitions / 2]
            if skewed { figures.nearest10Skewed = median } else { figures.nearest10 = median }
        }
        figures.plainScan = plainScan(&random)
        return figures
    }

    private func measureLookups(
        _ reader: StoreReader, _ random: inout SeededGenerator,
        _ id: (Int) -> UnsafeRawBufferPointer, _ figures: inout Figures
    ) throws(StoreError) {
        let batch = 100
        let query = UnsafeMutableBufferPointer<Float>.allocate(capacity: dimensions)
        query.initialize(repeating: 1)
        let ids = UnsafeMutableBufferPointer<UnsafeRawBufferPointer>.allocate(capacity: batch)
        let scores = UnsafeMutableBufferPointer<Float>.allocate(capacity: batch)
        scores.initialize(repeating: 0)
        defer {
            query.deallocate()
            ids.deallocate()
            scores.deallocate()
        }
        let numbers = UnsafeMutableBufferPointer<UInt32>.allocate(capacity: batch)
        numbers.initialize(repeating: 0)
        defer { numbers.deallocate() }
        var byOrdinal: [[Double]] = [[], []]
        var find: [Double] = []
        var score: [Double] = []
        var cached: [Double] = []
        var ordinals: UInt32 = 0
        for _ in 0..<repetitions * 50 {
            for i in 0..<batch {
                ids.initializeElement(at: i, to: id(Int.random(in: 0..<rows, using: &random)))
            }
            var start = ContinuousClock.now
            for i in 0..<batch { ordinals &+= reader.find(ids[i])?.ordinal ?? 0 }
            find.append(Self.nanoseconds(since: start) / Double(batch))

            for i in 0..<batch { ids[i] = id(Int.random(in: 0..<rows, using: &random)) }
            start = ContinuousClock.now
            reader.score(UnsafeBufferPointer(query), ids: UnsafeBufferPointer(ids), into: scores)
            score.append(Self.nanoseconds(since: start))

            start = ContinuousClock.now
            reader.score(UnsafeBufferPointer(query), ids: UnsafeBufferPointer(ids), into: scores)
            cached.append(Self.nanoseconds(since: start))

            for i in 0..<batch { numbers[i] = UInt32.random(in: 0..<UInt32(rows), using: &random) }
            for repeated in [false, true] {
                start = ContinuousClock.now
                reader.score(
                    UnsafeBufferPointer(query), ordinals: UnsafeBufferPointer(numbers),
                    into: scores)
                byOrdinal[repeated ? 1 : 0].append(Self.nanoseconds(since: start))
            }
            reader.quiesce()
        }
        precondition(ordinals > 0 || rows < 2, "no row was found")
        figures.find = find.sorted()[find.count / 2]
        figures.score100 = score.sorted()[score.count / 2]
        figures.score100Cached = cached.sorted()[cached.count / 2]
        figures.ordinals100 = byOrdinal[0].sorted()[byOrdinal[0].count / 2]
        figures.ordinals100Cached = byOrdinal[1].sorted()[byOrdinal[1].count / 2]
    }

    private func plainScan(_ random: inout SeededGenerator) -> Double {
        let blocks = (rows + 15) / 16
        let quads = (dimensions + 3) / 4
        let codes = UnsafeMutableRawBufferPointer.allocate(
            byteCount: blocks * quads * 64, alignment: 64)
        let scales = UnsafeMutablePointer<Float>.allocate(capacity: blocks * 16)
        scales.initialize(repeating: 1, count: blocks * 16)
        let query = UnsafeMutablePointer<Int8>.allocate(capacity: quads * 4)
        query.initialize(repeating: 3, count: quads * 4)
        defer {
            codes.deallocate()
            scales.deallocate()
            query.deallocate()
        }
        for i in codes.indices { codes[i] = UInt8(truncatingIfNeeded: random.next()) }
        var samples: [Double] = []
        var largest: Float = 0
        for _ in 0..<repetitions {
            let start = ContinuousClock.now
            largest = max(
                largest,
                sc_plain_scan(
                    query, quads, 0, codes.baseAddress!.assumingMemoryBound(to: UInt8.self), scales,
                    blocks))
            samples.append(Self.nanoseconds(since: start))
        }
        precondition(largest.isFinite)
        return samples.sorted()[repetitions / 2]
    }

    private static func nanoseconds(since start: ContinuousClock.Instant) -> Double {
        (ContinuousClock.now - start) / .nanoseconds(1)
    }
}
