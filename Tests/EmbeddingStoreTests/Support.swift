import EmbeddingStore
import Interactions
import Testing

extension SeededGenerator {
    /// Near enough to normal: the sum of four uniforms.
    mutating func normal() -> Float {
        (0..<4).reduce(0) { sum, _ in sum + Float.random(in: -1...1, using: &self) }
    }

    mutating func vector(_ dimensions: Int, scale: Float = 1) -> [Float] {
        (0..<dimensions).map { _ in normal() * scale }
    }
}

func makeStore(
    dimensions: Int, format: VectorFormat = .single, shards: Int = 4, bytesMax: Int = 1 << 30,
    readersMax: Int = 8,
    firstFreeOrdinal: UInt32 = 0, ordinalsMax: Int = 1 << 20
) throws(StoreError) -> EmbeddingStore {
    try EmbeddingStore(
        .init(
            dimensions: dimensions, format: format, shards: shards, bytesMax: bytesMax,
            readersMax: readersMax,
            firstFreeOrdinal: firstFreeOrdinal, ordinalsMax: ordinalsMax))
}

extension EmbeddingStore {
    @discardableResult
    func put(
        _ id: String, _ vector: [Float], ordinal: UInt32? = nil
    ) throws -> Outcome {
        try put(bytes: Array(id.utf8), vector, ordinal: ordinal)
    }

    @discardableResult
    func put(
        bytes: [UInt8], _ vector: [Float], ordinal: UInt32? = nil
    ) throws -> Outcome {
        try bytes.withUnsafeBytes { id in
            try vector.withUnsafeBufferPointer { vector in
                try put(id, vector: vector, ordinal: ordinal)
            }
        }
    }

    @discardableResult
    func put(
        batch: [(id: String, vector: [Float])], ordinals: [UInt32?] = []
    ) throws -> BatchOutcome {
        let ids = batch.map { Array($0.id.utf8) }
        let idBytes = ids.flatMap { $0 }
        let values = batch.flatMap { $0.vector }
        return try idBytes.withUnsafeBytes { bytes in
            try values.withUnsafeBufferPointer { values in
                var entries: [Entry] = []
                var idStart = 0
                var valueStart = 0
                for (index, row) in batch.enumerated() {
                    let id = bytes[idStart..<idStart + ids[index].count]
                    let vector = values[valueStart..<valueStart + row.vector.count]
                    entries.append(
                        Entry(
                            id: .init(rebasing: id), vector: .init(rebasing: vector),
                            ordinal: ordinals.isEmpty ? nil : ordinals[index]))
                    idStart += id.count
                    valueStart += vector.count
                }
                return try put(entries)
            }
        }
    }

    @discardableResult
    func delete(_ id: String) -> Bool {
        Array(id.utf8).withUnsafeBytes { delete($0) }
    }
}

extension StoreReader {
    func find(_ id: String) -> StoreRow? { Array(id.utf8).withUnsafeBytes { find($0) } }

    func vector(_ id: String) -> [Float]? {
        find(id).map { Array(padded($0).prefix(store.dimensions)) }
    }

    /// A row's elements and the zeros after them.
    func padded(_ row: StoreRow) -> [Float] {
        Array(unsafeUninitializedCapacity: paddedDimensions) { buffer, count in
            read(row, into: buffer.baseAddress!)
            count = paddedDimensions
        }
    }

    func nearest(
        _ query: [Float], k: Int, where accept: (UInt32) -> Bool = { _ in true }
    ) throws -> [Ranked] {
        var results = NearestResults(capacity: k)
        try query.withUnsafeBufferPointer { query in
            try nearest(to: query, k: k, into: &results, where: accept)
        }
        var ranked: [Ranked] = []
        for rank in 0..<results.count {
            ranked.append(Ranked(id: results[rank].row.idString, score: results[rank].score))
        }
        return ranked
    }

    func score(_ query: [Float], _ ids: [String]) -> [Float] {
        let bytes = ids.map { Array($0.utf8) }
        let flat = bytes.flatMap { $0 }
        var scores = Array(repeating: Float(0), count: ids.count)
        flat.withUnsafeBytes { flat in
            var start = 0
            let views = bytes.map { id in
                defer { start += id.count }
                return UnsafeRawBufferPointer(rebasing: flat[start..<start + id.count])
            }
            query.withUnsafeBufferPointer { query in
                views.withUnsafeBufferPointer { views in
                    scores.withUnsafeMutableBufferPointer {
                        score(query, ids: views, into: $0)
                    }
                }
            }
        }
        return scores
    }
}

extension StoreReader {
    func score(_ query: [Float], ordinals: [UInt32]) -> [Float] {
        var scores = Array(repeating: Float(0), count: ordinals.count)
        query.withUnsafeBufferPointer { query in
            ordinals.withUnsafeBufferPointer { ordinals in
                scores.withUnsafeMutableBufferPointer {
                    score(query, ordinals: ordinals, into: $0)
                }
            }
        }
        return scores
    }

    func rows(ordinals: [UInt32]) -> [StoreRow?] {
        var rows = Array(repeating: StoreRow?.none, count: ordinals.count)
        ordinals.withUnsafeBufferPointer { ordinals in
            rows.withUnsafeMutableBufferPointer { self.rows(ordinals: ordinals, into: $0) }
        }
        return rows
    }
}

extension StoreRow {
    var idString: String { String(decoding: id, as: UTF8.self) }
}

struct Ranked: Equatable { var id: String, score: Float }
