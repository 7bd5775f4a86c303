import Interactions
import ModelParts
import Models
import Testing

@Suite struct LambdaMARTTests {
    /// The relevant candidate is the one whose two features agree the most, which no sum of one
    /// threshold each can tell.
    private func makeGroups(_ count: Int, size: Int = 12, seed: UInt64) -> RankingGroups {
        var random = SeededGenerator(seed: seed)
        var groups = RankingGroups(features: 3)
        for _ in 0..<count {
            let rows = (0..<size).map { _ in
                (0..<3).map { _ in Float.random(in: -1...1, using: &random) }
            }
            let best = rows.indices.max { rows[$0][0] * rows[$0][1] < rows[$1][0] * rows[$1][1] }!
            groups.relevant.append(groups.rows + best)
            for feature in 0..<3 { groups.columns[feature] += rows.map { $0[feature] } }
            groups.offsets.append(groups.rows + size)
        }
        return groups
    }

    private let features: [RankerFeature] = [.product, .itemWeights, .popularity]

    @Test("Trees put the relevant candidate of groups that they never saw first")
    func learns() {
        let groups = makeGroups(600, seed: 1)
        let held = Set(500..<600)
        var model = LambdaMART()
        (model.leafRowsMin, model.treesMax) = (20, 80)
        let outcome = model.fit(groups, features: features, held: held, threads: 2)
        let gain = outcome.places.reduce(0) { $0 + LambdaMART.gain($1.place) } / 100
        // By chance it is about .26.
        #expect(gain > 0.75)
        #expect(outcome.places.map(\.group) == held.sorted())
    }

    @Test("The same groups give the same trees at one and two threads")
    func threads() {
        let groups = makeGroups(200, seed: 2)
        var model = LambdaMART()
        (model.leafRowsMin, model.treesMax) = (10, 20)
        let one = model.fit(groups, features: features, held: [], threads: 1).trees
        #expect(one == model.fit(groups, features: features, held: [], threads: 2).trees)
        #expect(one.count == 20)
    }

    @Test(
        "The kernel walks as the trees say, and the parts of a score add up to it",
        arguments: [1, 16, 17, 333])
    func kernel(count: Int) {
        let groups = makeGroups(200, seed: 3)
        var model = LambdaMART()
        (model.leafRowsMin, model.leavesMax, model.treesMax) = (5, 16, 30)
        let trees = model.fit(groups, features: features, held: [], threads: 1).trees
        let ranker = TreeRanker(trees)
        let floats = (2 * features.count + 1) * TreeRanker.stride
        let memory = UnsafeMutableRawPointer.allocate(byteCount: floats * 4, alignment: 64)
            .bindMemory(to: Float.self, capacity: floats)
        memory.initialize(repeating: 0, count: floats)
        defer { memory.deallocate() }
        let inputs = memory + TreeRanker.stride
        for feature in features.indices {
            for row in 0..<count {
                inputs[feature * TreeRanker.stride + row] = groups.columns[feature][row]
            }
        }
        ranker.score(count, inputs: inputs, into: memory)
        let parts = inputs + features.count * TreeRanker.stride
        ranker.explain(count, inputs: inputs, into: parts)
        for row in 0..<count {
            var sum: Float = 0
            for tree in 0..<trees.count {
                let nodes = trees.nodes[trees.starts[tree]..<trees.starts[tree + 1]]
                var node = nodes.first!
                while !node.isLeaf {
                    let isAbove = groups.columns[Int(node.feature)][row] > node.threshold
                    node = nodes[nodes.startIndex + Int(isAbove ? node.right : node.left)]
                }
                sum += node.value
            }
            #expect(abs(memory[row] - sum) < 1e-5)
            let split = features.indices.reduce(ranker.base) {
                $0 + parts[$1 * TreeRanker.stride + row]
            }
            #expect(abs(split - sum) < 1e-4)
        }
    }

    @Test("A split's value is the mean of its leaves' by the rows that came through")
    func means() throws {
        // One feature that tells two kinds of rows apart, three of one and one of the other.
        var groups = RankingGroups(features: 1)
        groups.columns = [[0, 0, 0, 1, 0, 0, 0, 1]]
        groups.offsets = [0, 4, 8]
        groups.relevant = [3, 7]
        var model = LambdaMART()
        (model.leafRowsMin, model.treesMax) = (1, 1)
        let trees = model.fit(groups, features: [.product], held: [], threads: 1).trees
        let root = try #require(trees.nodes.first)
        let (low, high) = (trees.nodes[Int(root.left)], trees.nodes[Int(root.right)])
        #expect(root.threshold == 0.5)
        #expect(low.value < 0 && high.value > 0)
        #expect(abs(root.value - (0.75 * low.value + 0.25 * high.value)) < 1e-6)
    }
}
