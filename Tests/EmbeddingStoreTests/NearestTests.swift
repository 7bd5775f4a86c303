import CKernels
import EmbeddingStore
import Interactions
import Testing

/// The exact search against scoring everything with the same f32 inner product.
@Suite struct NearestTests {
    typealias Rows = [String: [Float]]

    enum Shape: CaseIterable {
        case normal, skewedNorms, hugeNorms, tinyNorms, subnormals, mixedNorms, zeros, duplicates
        case ties, oneHot, allNegative

        func vector(_ index: Int, _ dimensions: Int, _ random: inout SeededGenerator) -> [Float] {
            switch self {
            case .normal: return random.vector(dimensions)
            case .skewedNorms: return random.vector(dimensions, scale: 10 / Float(index + 1))
            case .hugeNorms: return random.vector(dimensions, scale: 1e16)
            case .tinyNorms: return random.vector(dimensions, scale: 1e-19)
            case .subnormals: return random.vector(dimensions, scale: 0x1p-138)
            case .mixedNorms:
                let scales: [Float] = [1e16, 1, 1e-10, 1e-30, 0x1p-140]
                return random.vector(dimensions, scale: scales[index % 5])
            case .zeros:
                return index % 3 == 0
                    ? random.vector(dimensions) : Array(repeating: 0, count: dimensions)
            case .duplicates:
                var same = SeededGenerator(seed: UInt64(index % 7))
                return same.vector(dimensions)
            case .ties:
                return (0..<dimensions).map { _ in
                    Float.random(in: -1...1, using: &random).rounded()
                }
            case .oneHot:
                return (0..<dimensions).map { $0 == index % dimensions ? Float(index % 5) : 0 }
            case .allNegative: return random.vector(dimensions).map { -abs($0) - 1 }
            }
        }
    }

    @Test(arguments: Shape.allCases, [1, 7, 16, 64, 100])
    func `the search equals brute force`(shape: Shape, dimensions: Int) throws {
        try expectBruteForce(shape, dimensions, .single)
    }

    @Test(
        arguments: [.normal, .skewedNorms, .zeros, .duplicates, .ties, .oneHot] as [Shape],
        [1, 7, 16, 64, 100])
    func `the search of halves equals brute force`(shape: Shape, dimensions: Int) throws {
        try expectBruteForce(shape, dimensions, .half)
    }

    private func expectBruteForce(
        _ shape: Shape, _ dimensions: Int, _ format: VectorFormat
    ) throws {
        let seed = UInt64(dimensions)
        var random = SeededGenerator(seed: seed)
        let store = try makeStore(dimensions: dimensions, format: format)
        let reader = try store.makeReader()
        var rows: Rows = [:]
        for index in 0..<1500 {
            let id = "id\(index)"
            let vector = shape.vector(index, dimensions, &random)
            try store.put(id, vector)
            rows[id] = vector
        }
        // Holes and rows moved to other slots.
        for index in 0..<700 {
            let id = "id\(Int.random(in: 0..<1500, using: &random))"
            if index % 2 == 0 {
                store.delete(id)
                rows[id] = nil
            } else {
                rows[id] = shape.vector(index, dimensions, &random)
                try store.put(id, rows[id]!)
            }
        }
        for scale: Float in [1, 1e-25, 1e15, 0] {
            let query =
                shape == .allNegative && scale == 1
                ? Array(repeating: 1, count: dimensions) : random.vector(dimensions, scale: scale)
            let expected = bruteForce(query, rows, format)
            for k in [1, 10, 100, rows.count + 10] {
                let found = try reader.nearest(query, k: k)
                #expect(
                    found == Array(expected.prefix(k)), "\(shape), seed \(seed), scale \(scale)")
            }
        }
    }

    @Test func `only accepted ordinals are returned`() throws {
        var random = SeededGenerator(seed: 9)
        let store = try makeStore(dimensions: 8)
        let reader = try store.makeReader()
        var rows: Rows = [:]
        for index in 0..<1000 {
            let vector = random.vector(8)
            try store.put("\(index)", vector)
            if index % 10 == 3 { rows["\(index)"] = vector }
        }
        let query = random.vector(8)
        let found = try reader.nearest(query, k: 20) { $0 % 10 == 3 }
        #expect(found == Array(bruteForce(query, rows).prefix(20)))
        #expect(try reader.nearest(query, k: 20) { _ in false }.isEmpty)
    }

    @Test func `an empty store has no neighbors, and a bad query is refused`() throws {
        let store = try makeStore(dimensions: 2)
        let reader = try store.makeReader()
        #expect(try reader.nearest([1, 2], k: 3).isEmpty)
        for query: [Float] in [[1], [1, .nan], [1, .infinity], [1e19, 0]] {
            #expect(throws: StoreError.self) { try reader.nearest(query, k: 3) }
        }
    }

    @Test func `results are reused by later searches`() throws {
        let store = try makeStore(dimensions: 1)
        let reader = try store.makeReader()
        for index in 0..<50 { try store.put("\(index)", [Float(index)]) }
        var results = NearestResults(capacity: 10)
        for k in [10, 3, 1] {
            let query: [Float] = [2]
            try query.withUnsafeBufferPointer { try reader.nearest(to: $0, k: k, into: &results) }
            #expect(results.count == k && results[0].score == 98)
        }
    }

    private func bruteForce(
        _ query: [Float], _ rows: Rows, _ format: VectorFormat = .single
    ) -> [Ranked] {
        let padded = (query.count + 31) / 32 * 32
        let zeros = Array(repeating: Float(0), count: padded - query.count)
        var ranked: [Ranked] = []
        for (id, vector) in rows {
            var score: Float = 0
            switch format {
            case .single:
                (vector + zeros).withUnsafeBufferPointer { row in
                    var pointer: UnsafePointer<Float>? = row.baseAddress
                    sc_dot_rows(query + zeros, &pointer, 1, (query.count + 15) / 16 * 16, &score)
                }
            case .half:
                var halves = Array(repeating: UInt16(0), count: padded)
                sc_half_narrow(vector + zeros, padded, &halves)
                halves.withUnsafeBufferPointer { row in
                    var pointer: UnsafePointer<UInt16>? = row.baseAddress
                    sc_dot_half_rows(query + zeros, &pointer, 1, padded, &score)
                }
            }
            ranked.append(Ranked(id: id, score: score))
        }
        return ranked.sorted { $0.score != $1.score ? $0.score > $1.score : $0.id < $1.id }
    }
}
