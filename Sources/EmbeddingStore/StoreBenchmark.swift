internal import CKernels

/// Measures lookups and searches on rows of normal random numbers, beside the least such a scan can
/// cost.
package struct StoreBenchmark {
    /// Nanoseconds; the median of the repetitions.
    package struct Figures: Sendable {
        package var rows = 0
        package var dimensions = 0
        /// One put, while the store grows from empty.
        package var put = 0.0
        /// The longest of all puts.
        package var putMax = 0.0
        /// One `find` of a random id of 12 bytes.
        package var find = 0.0
        /// One `score` of 100 random ids of 12 bytes, and of the same 100 again and again.
        package var score100 = 0.0
        package var score100Cached = 0.0
        /// One search for the 10 nearest, and where norms are skewed as popularity is.
        package var nearest10 = 0.0
        package var nearest10Skewed = 0.0
        /// A plain scan of as many 8-bit rows in one array.
        package var plainScan = 0.0
    }

    package var rows: Int
    package var dimensions: Int
    package var repetitions: Int
    package var shards: Int

    package init(rows: Int, dimensions: Int = 64, repetitions: Int = 21, shards: Int = 8) {
        self.rows = rows
        self.dimensions = dimensions
        self.repetitions = repetitions
        self.shards = shards
    }

    package func run(seed: UInt64) throws(StoreError) -> Figures {
        var random = Generator(state: seed)
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
                    skewed ? 1 / (Float(random.below(rows)) + 10).squareRoot() : 1
                for i in query.indices { query[i] = random.normal() * scale }
                let start = ContinuousClock.now
                try store.put(id(row), vector: UnsafeBufferPointer(query), ordinal: UInt32(row))
                figures.putMax = max(figures.putMax, Self.nanoseconds(since: start))
            }
            if !skewed {
                figures.put = Self.nanoseconds(since: began) / Double(rows)
                try measureLookups(reader, &random, id, &figures)
            }
            var results = NearestResults(capacity: 10)
            var samples: [Double] = []
            for _ in 0..<repetitions {
                for i in query.indices { query[i] = random.normal() }
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
        _ reader: StoreReader, _ random: inout Generator,
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
        var find: [Double] = []
        var score: [Double] = []
        var cached: [Double] = []
        var ordinals: UInt32 = 0
        for _ in 0..<repetitions * 50 {
            for i in 0..<batch { ids.initializeElement(at: i, to: id(random.below(rows))) }
            var start = ContinuousClock.now
            for i in 0..<batch { ordinals &+= reader.find(ids[i])?.ordinal ?? 0 }
            find.append(Self.nanoseconds(since: start) / Double(batch))

            for i in 0..<batch { ids[i] = id(random.below(rows)) }
            start = ContinuousClock.now
            reader.score(UnsafeBufferPointer(query), ids: UnsafeBufferPointer(ids), into: scores)
            score.append(Self.nanoseconds(since: start))

            start = ContinuousClock.now
            reader.score(UnsafeBufferPointer(query), ids: UnsafeBufferPointer(ids), into: scores)
            cached.append(Self.nanoseconds(since: start))
            reader.quiesce()
        }
        precondition(ordinals > 0 || rows < 2, "no row was found")
        figures.find = find.sorted()[find.count / 2]
        figures.score100 = score.sorted()[score.count / 2]
        figures.score100Cached = cached.sorted()[cached.count / 2]
    }

    private func plainScan(_ random: inout Generator) -> Double {
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
        var scan = sc_scan_query()
        scan.codes = UnsafePointer(query)
        scan.quads = quads
        scan.scale = 1
        var samples: [Double] = []
        var largest: Float = 0
        for _ in 0..<repetitions {
            let start = ContinuousClock.now
            largest = max(
                largest,
                sc_scan_plain(
                    &scan, codes.baseAddress!.assumingMemoryBound(to: UInt8.self), scales, blocks))
            samples.append(Self.nanoseconds(since: start))
        }
        precondition(largest.isFinite)
        return samples.sorted()[repetitions / 2]
    }

    private static func nanoseconds(since start: ContinuousClock.Instant) -> Double {
        (ContinuousClock.now - start) / .nanoseconds(1)
    }

    /// SplitMix64, as in `IDHash`.
    private struct Generator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9e37_79b9_7f4a_7c15
            var z = state
            z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
            z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
            return z ^ (z >> 31)
        }

        mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }

        /// Near enough to normal: the sum of four uniforms of 16 bits.
        mutating func normal() -> Float {
            let bits = next()
            return (0..<4).reduce(Float(-2)) { sum, part in
                sum + Float(bits >> UInt64(16 * part) & 0xffff) / 65536
            }
        }
    }
}
