import Bundles
import CrossSell
import EmbeddingStore
import Interactions
import ModelParts
import Testing

/// Items' vectors that follow who takes them while a model serves.
@Suite struct ItemFactorTests {
    private typealias Plain = OnlineLearningTests.Plain

    private static func serve(_ bundle: ModelBundle) throws -> (
        generation: Generation, learning: OnlineLearning, counts: LiveCounts
    ) {
        let generation = try Generation(
            bundle, storeBytesMax: 64 << 20, readersMax: 2, roomForNew: 4)
        let learning = try OnlineLearning(bytesMax: 1 << 20)
        let counts = learning.begin(generation)
        #expect(learning.advance(counts, count: 1))
        return (generation, learning, counts)
    }

    private static func settle(_ learning: OnlineLearning) {
        while learning.advanceItems(count: 3) {}
    }

    private static func vectors(_ generation: Generation) throws -> [[Float]] {
        let reader = try generation.itemStore.makeReader()
        defer { reader.quiesce() }
        return (0..<44).map { item in
            guard let row = reader.row(ordinal: UInt32(item)) else { return [] }
            var vector = Array(repeating: Float(0), count: reader.paddedDimensions)
            reader.read(row, into: &vector)
            return Array(vector.prefix(12))
        }
    }

    /// Solves a symmetric positive definite system by Gauss elimination.
    private static func solve(_ matrix: [[Double]], _ right: [Double]) -> [Double] {
        var (a, b) = (matrix, right)
        for pivot in b.indices {
            for row in b.indices where row > pivot {
                let factor = a[row][pivot] / a[pivot][pivot]
                for column in pivot..<b.count { a[row][column] -= factor * a[pivot][column] }
                b[row] -= factor * b[pivot]
            }
        }
        for row in b.indices.reversed() {
            for column in (row + 1)..<max(row + 1, b.count) { b[row] -= a[row][column] * b[column] }
            b[row] /= a[row][row]
        }
        return b
    }

    @Test(
        "An item's vector is the best for those who took it since training, begun where training ended",
        arguments: 1...8 as ClosedRange<UInt64>)
    func solved(seed: UInt64) throws {
        let bundle = RandomShop(seed: seed).makeBundle()
        let embeddings = try #require(bundle.parts.embeddings)
        let users = try #require(embeddings.users)
        let foldIn = try #require(embeddings.foldIn)
        let histories = try #require(bundle.histories)
        let (generation, learning, counts) = try Self.serve(bundle)
        defer { withExtendedLifetime(counts) {} }
        let before = try Self.vectors(generation)
        func row(_ matrix: Matrix, _ row: Int) -> [Double] {
            matrix.values[row * 12..<(row + 1) * 12].map { Double($0) }
        }
        let item = Int(seed) % 40
        let old = (0..<8).filter { user in
            histories.row(user).contains {
                histories.columns[$0] == Int32(item) && histories.values[$0] > 0
            }
        }
        let new = [1, 4, 6].filter { !old.contains($0) }
        // Who is not known, and who took it before, change nothing; nor does taking it twice.
        for user in new + new + old + [99] {
            Plain(user: "u\(user)", item: "i\(item)", time: 1_000 + Int64(user)).record(
                in: learning)
        }
        learning.publish()
        Self.settle(learning)
        let after = try Self.vectors(generation)
        for other in 0..<40 where other != item { #expect(after[other] == before[other]) }
        var system = (0..<12).map { a in
            (0..<12).map { b in
                (0..<8).reduce(0.0) { sum, user in
                    let x = row(users, user)
                    let isTaker = old.contains(user) || new.contains(user)
                    return sum + x[a] * x[b]
                        * (Double(foldIn.unobservedWeight) + (isTaker ? 1 : 0))
                }
            }
        }
        let count = Double(old.count + new.count)
        for d in 0..<12 {
            system[d][d] +=
                Double(foldIn.regularization) * (count + Double(foldIn.unobservedWeight) * 8)
        }
        let trained = row(embeddings.items, item)
        var right = Array(repeating: 0.0, count: 12)
        for user in new {
            let x = row(users, user)
            let rest = 1 - zip(x, trained).reduce(0) { $0 + $1.0 * $1.1 }
            for d in 0..<12 { right[d] += rest * x[d] }
        }
        let change = Self.solve(system, right)
        for d in 0..<12 {
            let expected = trained[d] + change[d]
            #expect(
                abs(Double(after[item][d]) - expected) < 2e-3 * max(1, abs(expected)),
                "seed \(seed), \(old), \(new)")
        }
        #expect(new.isEmpty || after[item] != before[item])
    }

    @Test(
        "Vectors are a function of the events that are left, and without any those of training",
        arguments: 1...6 as ClosedRange<UInt64>)
    func function(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let bundle = RandomShop(seed: seed).makeBundle()
        let (generation, learning, counts) = try Self.serve(bundle)
        defer { withExtendedLifetime(counts) {} }
        let trained = try Self.vectors(generation)
        var description = ItemDescription()
        description.title = "something else"
        #expect(generation.add([("i40", description)]) == ["i40"])
        learning.learn(added: ["i40"])
        // The new item is like no other, so that its vector comes of who takes it.
        let bought =
            OnlineLearningTests.random(300, from: 1_000_000, &random)
            .filter { $0.kind == .purchase } + [Plain(user: "u2", item: "i40", time: 1_900_000)]
        for (place, event) in bought.enumerated() {
            event.record(in: learning)
            guard place % 11 == 0 else { continue }
            learning.publish()
            _ = learning.advanceItems(count: 2)
        }
        for user in ["u1", "u5"] { OnlineLearningTests.forget(user, learning) }
        Self.settle(learning)
        let lived = try Self.vectors(generation)
        let isChanged = lived != trained
        #expect(isChanged)
        #expect(lived[40].count == 12)
        let (other, again, recounted) = try Self.serve(bundle)
        defer { withExtendedLifetime(recounted) {} }
        _ = other.add([("i40", description)])
        again.learn(added: ["i40"])
        for event in bought where event.user != "u1" && event.user != "u5" {
            event.record(in: again)
        }
        again.publish()
        Self.settle(again)
        let isSame = try Self.vectors(other) == lived
        #expect(isSame, "seed \(seed)")
        for user in 0..<12 { OnlineLearningTests.forget("u\(user)", learning) }
        Self.settle(learning)
        let isAsBefore = try Self.vectors(generation) == trained
        #expect(isAsBefore, "seed \(seed)")
    }
}
