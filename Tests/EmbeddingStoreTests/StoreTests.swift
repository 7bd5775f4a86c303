import CKernels
import EmbeddingStore
import Interactions
import Testing

@Suite struct StoreTests {
    @Test(arguments: [1, 2, 3, 4, 5, 6] as [UInt64], [VectorFormat.single, .half])
    func `the store does what a dictionary does`(seed: UInt64, format: VectorFormat) throws {
        var random = SeededGenerator(seed: seed)
        let dimensions = [1, 3, 16, 20, 64, 100][Int(seed) - 1]
        // Every other id's ordinal is given, the rest are the store's to give.
        let store = try makeStore(
            dimensions: dimensions, format: format, shards: 1 << (Int(seed) % 3),
            firstFreeOrdinal: 3000)
        let reader = try store.makeReader()
        var reference: [String: (vector: [Float], ordinal: UInt32)] = [:]
        var holders: [UInt32: String] = [:]
        // Ids of every length class: inline, just inline, just not, the longest.
        let ids = (0..<3000).map { index in
            let id = "item-\(index)"
            return switch index % 5 {
            case 0: String(repeating: "é", count: 10) + id
            case 1: String((id + String(repeating: "x", count: 38)).prefix(38))
            case 2: String((id + String(repeating: "y", count: 39)).prefix(39))
            case 3: String((id + String(repeating: "z", count: 256)).prefix(256))
            default: id
            }
        }
        for step in 0..<20_000 {
            // Waves of growth and decline, so that tables and chunks come and go.
            let puts = step / 5000 % 2 == 0 ? 8 : 2
            let index = Int.random(in: ids.indices, using: &random)
            let id = ids[index]
            if Int.random(in: 0..<10, using: &random) < puts {
                let vector = random.vector(dimensions)
                let given = index % 2 == 0 ? UInt32(index) : nil
                let outcome = try store.put(id, vector, ordinal: given)
                #expect(outcome == (reference[id] == nil ? .added : .replaced))
                let ordinal = try #require(reader.find(id)).ordinal
                #expect(ordinal == given ?? reference[id]?.ordinal ?? ordinal)
                #expect(given != nil || ordinal >= 3000)
                #expect(holders[ordinal, default: id] == id, "seed \(seed), step \(step)")
                holders[ordinal] = id
                reference[id] = (format == .half ? rounded(vector) : vector, ordinal)
            } else {
                let old = reference.removeValue(forKey: id)
                #expect(store.delete(id) == (old != nil), "seed \(seed), step \(step)")
                if let old {
                    holders[old.ordinal] = nil
                    #expect(reader.row(ordinal: old.ordinal) == nil)
                }
            }
            if step % 7 == 0 { reader.quiesce() }
            let asked = ids.randomElement(using: &random)!
            let row = reader.find(asked)
            #expect((row == nil) == (reference[asked] == nil), "seed \(seed), step \(step)")
            if let row, let expected = reference[asked] {
                #expect(row.idString == asked && row.ordinal == expected.ordinal)
                #expect(reader.vector(asked) == expected.vector)
                #expect(reader.row(ordinal: row.ordinal)?.idString == asked)
            }
            #expect(store.count == reference.count)
        }
        for id in ids { #expect(reader.vector(id) == reference[id]?.vector) }
        // Ordinals of deleted ids are given again, so they stay about as many as the ids.
        #expect(holders.keys.max()! < 3000 + 1500 + 3 * 2 * 64)
        let query = random.vector(dimensions)
        let found = try reader.nearest(query, k: reference.count + 5)
        #expect(Set(found.map(\.id)) == Set(reference.keys))
    }

    @Test func `a row has its norm, and zeros after its elements`() throws {
        let store = try makeStore(dimensions: 3)
        let reader = try store.makeReader()
        try store.put("a", [3, 0, 4])
        let row = try #require(reader.find("a"))
        #expect(row.norm == 5 && row.ordinal == 0)
        let padded = reader.padded(row)
        #expect(padded.count == 16 && padded.dropFirst(3).allSatisfy { $0 == 0 })
    }

    /// What a store of halves keeps of a vector.
    private func rounded(_ vector: [Float]) -> [Float] {
        let halves = vector.map { value in
            var half = UInt16(0)
            sc_half_narrow([value], 1, &half)
            return half
        }
        var values = vector
        sc_half_widen(halves, halves.count, &values)
        return values
    }

    @Test func `a store of halves keeps what halves can hold, and refuses larger numbers`() throws {
        let store = try makeStore(dimensions: 3, format: .half)
        let reader = try store.makeReader()
        try store.put("a", [65_504, -0x1p-24, 1 + 0x1p-11])
        #expect(reader.vector("a") == [65_504, -0x1p-24, 1])
        #expect(reader.find("a")?.norm == 65_504)
        #expect(reader.padded(try #require(reader.find("a"))).count == 32)
        #expect(reader.score([1, 0, 2], ["a"]) == [65_506])
        let error = #expect(throws: StoreError.self) { try store.put("a", [0, 65_505, 0]) }
        #expect(error?.code == .invalidArgument)
        #expect(error?.description.contains("element 1 of the vector is 65505.0") == true)
        #expect(reader.vector("a") == [65_504, -0x1p-24, 1])
    }

    @Test func `the format is that of the fewest bytes that lose nothing`() {
        #expect(VectorFormat.lossless(for: []) == .half)
        #expect(VectorFormat.lossless(for: [1, -0.5, 65_504, 0x1p-24, -0.0]) == .half)
        #expect(VectorFormat.lossless(for: [1, 0.1]) == .single)
        #expect(VectorFormat.lossless(for: [65_520]) == .single)
        #expect(VectorFormat.lossless(for: [0x1p-25]) == .single)
    }

    @Test func `bad input is refused with its position and changes nothing`() throws {
        let store = try makeStore(dimensions: 2)
        let reader = try store.makeReader()
        try store.put("a", [1, 2])
        let bytes = store.bytes
        let long = String(repeating: "x", count: 257)
        let faults: [(String, [Float], String)] = [
            ("", [1, 2], "the id is empty"),
            (long, [1, 2], "257 bytes, more than 256"),
            ("a\0b", [1, 2], "NUL at byte 1"),
            ("b", [1], "1 elements, not 2"),
            ("b", [1, 2, 3], "3 elements, not 2"),
            ("b", [1, .nan], "element 1 of the vector is nan"),
            ("b", [.infinity, 1], "element 0 of the vector is inf"),
            ("b", [1e19, 1], "norm"),
        ]
        for (id, vector, message) in faults {
            let error = #expect(throws: StoreError.self) {
                try store.put(batch: [("a", [5, 5]), (id, vector), ("c", [1, 1])])
            }
            #expect(error?.code == .invalidArgument && error?.position == 1)
            #expect(error?.description.contains(message) == true, "\(message)")
            #expect(throws: StoreError.self) { try store.put(id, vector) }
        }
        let notText = #expect(throws: StoreError.self) {
            try store.put(bytes: [0x61, 0xff], [1, 2])
        }
        #expect(notText?.description.contains("not UTF-8") == true)
        #expect(store.count == 1 && store.bytes == bytes)
        #expect(reader.vector("a") == [1, 2])
        #expect(reader.find("") == nil && reader.find(long) == nil)
    }

    @Test func `a batch adds and replaces, and the last of equal ids stands`() throws {
        let store = try makeStore(dimensions: 1)
        let reader = try store.makeReader()
        try store.put("a", [1])
        let outcome = try store.put(
            batch: [("a", [2]), ("b", [3]), ("b", [4]), ("c", [5])])
        #expect(outcome.added == 2 && outcome.replaced == 2)
        #expect(["a", "b", "c"].map { reader.vector($0) } == [[2], [4], [5]])
        #expect(try store.put(batch: []).added == 0)
    }

    @Test func `scores are inner products, and NaN without a row`() throws {
        let store = try makeStore(dimensions: 2)
        let reader = try store.makeReader()
        for index in 0..<300 { try store.put("i\(index)", [Float(index), 1]) }
        let long = String(repeating: "x", count: 300)
        let ids = (0..<300).flatMap { ["i\($0)", $0 % 3 == 0 ? "none\($0)" : "", long] }
        let scores = reader.score([2, 10], ids)
        for index in 0..<300 {
            #expect(scores[3 * index] == Float(2 * index + 10))
            #expect(scores[3 * index + 1].isNaN && scores[3 * index + 2].isNaN)
        }
        #expect(reader.score([2, 10], []).isEmpty)
    }

    @Test func `configurations out of range are refused`() {
        let good = EmbeddingStore.Configuration(dimensions: 4, bytesMax: 1 << 20)
        #expect(throws: Never.self) { try EmbeddingStore(good) }
        let bad: [(inout EmbeddingStore.Configuration) -> Void] = [
            { $0.dimensions = 0 }, { $0.dimensions = 4097 }, { $0.shards = 3 },
            { $0.shards = 0 }, { $0.shards = 2048 }, { $0.bytesMax = 0 }, { $0.bytesMax = 100 },
            { $0.readersMax = 0 }, { $0.ordinalsMax = 0 }, { $0.ordinalsMax = 1 << 32 },
            { ($0.firstFreeOrdinal, $0.ordinalsMax) = (11, 10) },
        ]
        for change in bad {
            var configuration = good
            change(&configuration)
            let error = #expect(throws: StoreError.self) { try EmbeddingStore(configuration) }
            #expect(error?.code == .invalidArgument)
        }
    }

    @Test func `readers are bounded, and a place comes back`() throws {
        let store = try makeStore(dimensions: 1, readersMax: 2)
        let first = try store.makeReader()
        do {
            let second = try store.makeReader()
            let error = #expect(throws: StoreError.self) { _ = try store.makeReader() }
            #expect(error?.code == .resourceExhausted)
            withExtendedLifetime(second) {}
        }
        #expect(throws: Never.self) { _ = try store.makeReader() }
        withExtendedLifetime(first) {}
    }
}
