import EmbeddingStore
import Interactions
import Testing

@Suite struct MemoryTests {
    @Test func `all bytes come back after deletes`() throws {
        let store = try makeStore(dimensions: 20)
        let empty = store.bytes
        let reader = try store.makeReader()
        let ids = (0..<20_000).map { index in
            index % 10 == 0 ? "\(index)" + String(repeating: "l", count: 60) : "id\(index)"
        }
        for id in ids { try store.put(id, Array(repeating: 1, count: 20)) }
        let full = store.bytes
        #expect(full > empty + 20_000 * (64 + 20 * 4))
        for id in ids { #expect(store.delete(id)) }
        #expect(store.count == 0)
        #expect(store.bytes < full / 2)
        store.trim()
        #expect(store.bytes == empty)
        #expect(reader.find("id1") == nil)
    }

    @Test func `what is kept in large pages is read, changed and freed as before`() throws {
        let store = try makeStore(dimensions: 64)
        let empty = store.bytes
        let reader = try store.makeReader()
        for index in 0..<20_000 {
            try store.put("\(index)", (0..<64).map { Float(index + $0) })
        }
        let full = store.bytes
        store.gatherPages()
        #expect(store.bytes == full)
        for index in 0..<20_000 {
            let row = try #require(reader.find("\(index)"))
            #expect(reader.padded(row).prefix(2) == [Float(index), Float(index + 1)])
        }
        reader.quiesce()
        for index in 0..<20_000 where index % 2 == 0 { #expect(store.delete("\(index)")) }
        try store.put("0", Array(repeating: 5, count: 64))
        #expect(reader.padded(try #require(reader.find("0"))).prefix(2) == [5, 5])
        #expect(reader.find("2") == nil)
        reader.quiesce()
        for index in 0..<20_000 { store.delete("\(index)") }
        store.trim()
        #expect(store.bytes == empty)
    }

    @Test func `a row outlives its deletion until the reader lets go`() throws {
        let store = try makeStore(dimensions: 2, shards: 1)
        let empty = store.bytes
        let reader = try store.makeReader()
        let other = try store.makeReader()
        try store.put("kept" + String(repeating: "-", count: 60), [7, 8])
        let row = try #require(reader.find("kept" + String(repeating: "-", count: 60)))
        #expect(store.delete("kept" + String(repeating: "-", count: 60)))
        for index in 0..<2000 { try store.put("\(index % 700)", [0, Float(index)]) }
        for index in 0..<700 { store.delete("\(index)") }
        store.trim()
        #expect(store.bytes > empty)
        #expect(row.idString.hasPrefix("kept-") && reader.padded(row).prefix(2) == [7, 8])
        // A reader that came later does not hold it, nor one that sleeps.
        _ = other.find("x")
        reader.quiesce()
        store.trim()
        other.quiesce()
        store.trim()
        #expect(store.bytes == empty)
    }

    @Test func `the cap refuses a batch whole and changes nothing`() throws {
        let store = try makeStore(dimensions: 64, bytesMax: 2 << 20)
        let reader = try store.makeReader()
        let vector = Array(repeating: Float(1), count: 64)
        var added = 0
        var refusal: StoreError?
        while refusal == nil {
            do {
                try store.put("first\(added)", vector)
                added += 1
            } catch {
                refusal = error as? StoreError
                try #require(refusal != nil)
            }
        }
        #expect(refusal?.code == .resourceExhausted)
        #expect(refusal?.description.contains("limit of 2 MiB") == true)
        #expect(added > 1000 && store.count == added && store.bytes <= 2 << 20)

        let bytes = store.bytes
        let batch = (0..<5000).map { (id: "second\($0)", vector: vector) }
        let error = #expect(throws: StoreError.self) { try store.put(batch: batch) }
        #expect(error?.code == .resourceExhausted && error?.position == nil)
        #expect(store.bytes == bytes && store.count == added)
        #expect(batch.allSatisfy { reader.find($0.id) == nil })
        #expect((0..<added).allSatisfy { reader.vector("first\($0)") == vector })

        // Room that deletes made is used again.
        reader.quiesce()
        for index in 0..<added { store.delete("first\(index)") }
        store.trim()
        try store.put(batch: Array(batch.prefix(1000)))
        #expect(store.count == 1000)
    }

    @Test func `replacing rows again and again takes no more memory`() throws {
        let store = try makeStore(dimensions: 8)
        let reader = try store.makeReader()
        for index in 0..<1000 { try store.put("\(index)", random(index)) }
        let bytes = store.bytes
        for index in 0..<100_000 {
            try store.put("\(index % 1000)", random(index))
            if index % 100 == 0 {
                _ = reader.find("1")
                reader.quiesce()
            }
        }
        #expect(store.bytes <= bytes + 4 * 512 << 10)
        #expect(store.count == 1000)
    }

    private func random(_ seed: Int) -> [Float] {
        var random = SeededGenerator(seed: UInt64(seed))
        return random.vector(8)
    }
}
