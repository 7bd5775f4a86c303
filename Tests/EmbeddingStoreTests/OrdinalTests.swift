import EmbeddingStore
import Interactions
import Testing

@Suite struct OrdinalTests {
    @Test func `an ordinal leads to its row until the id is deleted`() throws {
        let store = try makeStore(dimensions: 2, firstFreeOrdinal: 5000)
        let reader = try store.makeReader()
        // Ordinals of several segments of the directory, and both sides of their borders.
        let given: [UInt32] = [0, 1, 511, 512, 513, 1023, 1024, 2047, 2048, 4095, 4096, 4999]
        for ordinal in given {
            try store.put("i\(ordinal)", [Float(ordinal), 1], ordinal: ordinal)
        }
        try store.put("own", [7, 1])
        for ordinal in given {
            #expect(reader.row(ordinal: ordinal)?.idString == "i\(ordinal)")
            #expect(reader.row(ordinal: ordinal)?.ordinal == ordinal)
        }
        #expect(reader.row(ordinal: 5000)?.idString == "own")
        #expect([2, 510, 1025, 5001, 70_000, .max].allSatisfy { reader.row(ordinal: $0) == nil })
        try store.put("i512", [9, 9])
        #expect(reader.row(ordinal: 512).map { reader.padded($0)[0] } == 9)
        store.delete("i512")
        #expect(reader.row(ordinal: 512) == nil && reader.row(ordinal: 511) != nil)
    }

    @Test func `scores by ordinal are those by id, and NaN without a row`() throws {
        var random = SeededGenerator(seed: 4)
        let store = try makeStore(dimensions: 20)
        let reader = try store.makeReader()
        for index in 0..<1000 { try store.put("i\(index)", random.vector(20)) }
        for index in stride(from: 0, to: 1000, by: 7) { store.delete("i\(index)") }
        let query = random.vector(20)
        for count in [0, 1, 63, 64, 65, 300] {
            let ordinals = (0..<count).map { _ in UInt32.random(in: 0..<1100, using: &random) }
            let scores = reader.score(query, ordinals: ordinals)
            let expected = reader.score(query, ordinals.map { "i\($0)" })
            #expect(zip(scores, expected).allSatisfy { $0 == $1 || ($0.isNaN && $1.isNaN) })
            let rows = reader.rows(ordinals: ordinals)
            for (ordinal, row) in zip(ordinals, rows) {
                #expect(row?.ordinal == (ordinal < 1000 && ordinal % 7 != 0 ? ordinal : nil))
            }
        }
    }

    @Test func `a refused put takes no ordinal`() throws {
        let store = try makeStore(
            dimensions: 64, bytesMax: 2 << 20, firstFreeOrdinal: 10, ordinalsMax: 1 << 20)
        let reader = try store.makeReader()
        let vector = Array(repeating: Float(1), count: 64)
        try store.put("first", vector)
        let large = (0..<20_000).map { (id: "large\($0)", vector: vector) }
        for _ in 0..<3 {
            let error = #expect(throws: StoreError.self) { try store.put(batch: large) }
            #expect(error?.code == .resourceExhausted)
            // Here the second entry's ordinal is refused after the first got one.
            #expect(throws: StoreError.self) {
                try store.put(batch: [("a", vector), ("b", vector)], ordinals: [nil, 10])
            }
            #expect(throws: StoreError.self) {
                try store.put(batch: [("a", vector), ("b", vector)], ordinals: [3, 3])
            }
        }
        try store.put("second", vector)
        try store.put("third", vector, ordinal: 3)
        #expect(["first", "second", "third"].map { reader.find($0)?.ordinal } == [10, 11, 3])
    }

    @Test func `ordinals that cannot be are refused with their cause`() throws {
        let store = try makeStore(dimensions: 1, firstFreeOrdinal: 10, ordinalsMax: 12)
        try store.put("a", [1], ordinal: 4)
        let faults: [(id: String, ordinal: UInt32, cause: String)] = [
            ("b", 4, "ordinal 4 belongs to another id"),
            ("a", 5, "the id has ordinal 4 and cannot be given 5"),
            ("b", 10, "one that the store gives, from 10 up"),
            ("b", .max, "one that the store gives"),
        ]
        for fault in faults {
            let error = #expect(throws: StoreError.self) {
                try store.put(batch: [("c", [1]), (fault.id, [1])], ordinals: [6, fault.ordinal])
            }
            #expect(error?.code == .invalidArgument && error?.position == 1)
            #expect(error?.description.contains(fault.cause) == true, "\(error as Any)")
        }
        try store.put("b", [1])
        try store.put("c", [1])
        let error = #expect(throws: StoreError.self) { try store.put("d", [1]) }
        #expect(error?.code == .resourceExhausted)
        #expect(error?.description == "all 2 ordinals from 10 up are taken")
        #expect(store.count == 3)
        // One that is deleted makes room for another, which no catalog ordinal does.
        store.delete("a")
        #expect(throws: StoreError.self) { try store.put("d", [1]) }
        store.delete("b")
        store.trim()
        try store.put("d", [1])
        #expect(try store.makeReader().find("d")?.ordinal == 10)
    }

    @Test func `equal ids of a batch share the first one's ordinal`() throws {
        let store = try makeStore(dimensions: 1, firstFreeOrdinal: 10)
        let reader = try store.makeReader()
        try store.put(
            batch: [("a", [1]), ("b", [2]), ("a", [3]), ("b", [4]), ("c", [5]), ("c", [6])],
            ordinals: [7, nil, 7, 3, nil, nil])
        #expect(["a", "b", "c"].map { reader.find($0)?.ordinal } == [7, 10, 11])
        // What the batch reserved and did not use is free.
        try store.put(batch: [("d", [1]), ("e", [1]), ("f", [1])], ordinals: [3, nil, nil])
        #expect(["d", "e", "f"].compactMap { reader.find($0)?.ordinal }.sorted() == [3, 12, 13])
    }

    @Test func `an ordinal is given again only once no reader can hold it`() throws {
        let store = try makeStore(dimensions: 1, shards: 1)
        let reader = try store.makeReader()
        try store.put("a", [1])
        let ordinal = try #require(reader.find("a")).ordinal
        store.delete("a")
        for index in 0..<500 {
            try store.put("x", [Float(index)])
            #expect(reader.row(ordinal: ordinal) == nil)
            store.delete("x")
        }
        reader.quiesce()
        store.trim()
        try store.put("b", [1])
        #expect(reader.find("b")?.ordinal == ordinal)
    }

    @Test func `putting and deleting new ids without end takes few ordinals`() throws {
        let store = try makeStore(dimensions: 1, firstFreeOrdinal: 100)
        let reader = try store.makeReader()
        var highest: UInt32 = 0
        for index in 0..<100_000 {
            try store.put("\(index)", [1])
            highest = max(highest, reader.find("\(index)")!.ordinal)
            if index >= 50 { store.delete("\(index - 50)") }
            reader.quiesce()
        }
        #expect(highest < 100 + 50 + 4 * 2 * 64 + 64)
    }

    @Test func `the directory's bytes count, and come back`() throws {
        let store = try makeStore(
            dimensions: 1, shards: 1, bytesMax: 64 << 20, firstFreeOrdinal: 1 << 31,
            ordinalsMax: 1 << 32 - 1)
        let empty = store.bytes
        // The segment of this ordinal would have 2^30 words.
        let error = #expect(throws: StoreError.self) { try store.put("a", [1], ordinal: 1 << 30) }
        #expect(error?.code == .resourceExhausted)
        #expect(store.bytes == empty)
        try store.put("a", [1], ordinal: 1 << 20)
        #expect(store.bytes > empty + 8 << 20)
        store.delete("a")
        store.trim()
        #expect(store.bytes == empty)
    }

    @Test func `stores with one budget share it, and give it back`() throws {
        let budget = MemoryBudget(bytesMax: 4 << 20)
        func make() throws -> EmbeddingStore {
            try EmbeddingStore(
                .init(dimensions: 64, shards: 1, bytesMax: 4 << 20, sharedBudget: budget))
        }
        do {
            let (one, other) = (try make(), try make())
            let vector = Array(repeating: Float(1), count: 64)
            var added = 0
            while (try? one.put("\(added)", vector)) != nil { added += 1 }
            #expect(one.bytes > 3 << 20 && budget.used == one.bytes + other.bytes)
            let error = #expect(throws: StoreError.self) { try other.put("a", vector) }
            #expect(error?.code == .resourceExhausted)
            #expect(error?.description.contains("limit of 4 MiB") == true)
            for index in 0..<added { one.delete("\(index)") }
            one.trim()
            try other.put("a", vector)
            #expect(throws: StoreError.self) { try budget.charge(4 << 20, for: "something else") }
        }
        #expect(budget.used == 0)
    }
}
