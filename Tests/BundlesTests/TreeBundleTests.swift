import Bundles
import ModelParts
import TestFolders
import Testing

/// Trees and profiles on disk.
@Suite struct TreeBundleTests {
    /// The full bundle with trees instead of layers, and profiles.
    private func makeBundle(_ change: (inout ModelBundle) -> Void = { _ in }) -> ModelBundle {
        var bundle = fullBundle()
        var trees = TreeEnsemble(features: [.basketWeights, .boughtAge, .weekPopularity])
        var nodes = [TreeEnsemble.Node](repeating: .init(), count: 5)
        (nodes[0].feature, nodes[0].threshold, nodes[0].left, nodes[0].right) = (1, 0.25, 2, 1)
        (nodes[1].feature, nodes[1].threshold, nodes[1].left, nodes[1].right) = (2, -3, 3, 4)
        for place in nodes.indices { nodes[place].value = Float(place) - 1.5 }
        trees.append(nodes)
        trees.append([nodes[4]])
        var ranker = RankerParts(features: [.basketWeights], wide: [0.75])
        ranker.trees = trees
        ranker.linear = LinearStage(
            features: [.boughtShare, .basketWeights], weights: [2, -0.5], bias: -3)
        bundle.parts.ranker = ranker
        var habits = Habits()
        (habits.offsets, habits.items) = ([0, 2, 2, 3], [3, 0, 1])
        (habits.counts, habits.lately, habits.recently) = ([2, 1, 1], [1.5, 0.5, 1], [1, 0, 1])
        (habits.ages, habits.intervals) = ([3, 40, 0.5], [7.25, 0, 0])
        habits.basketCounts = [4, 0, 1]
        bundle.parts.profiles = Profiles(
            monthSales: [1, 0, 2.5, 3], weekSales: [0.5, 0, 1, 1], repeatRates: [0, 0.5, 1, 0.1],
            repeatIntervals: [0, 14, 30.5, 0], repeatSpreads: [0, 2, 0, 0], habits: habits)
        change(&bundle)
        return bundle
    }

    private func roundTrip(_ bundle: ModelBundle) throws -> ModelBundle {
        let folder = TemporaryFolder()
        try bundle.write(to: "\(folder.path)/b")
        return try ModelBundle.read(from: "\(folder.path)/b")
    }

    @Test func `Trees and profiles come back as they were`() throws {
        let bundle = makeBundle()
        let read = try roundTrip(bundle)
        #expect(read.parts.ranker == bundle.parts.ranker)
        #expect(read.parts.profiles == bundle.parts.profiles)
    }

    @Test(arguments: [
        // A child before its parent, past its tree, and one alone.
        (1, 1, 4, "ranker.trees.children"), (1, 3, 5, "ranker.trees.children"),
        (1, 0, 4, "ranker.trees.children"),
    ])
    func `Trees that lead nowhere are refused`(
        node: Int, left: Int32, right: Int32, tensor: String
    ) {
        let bundle = makeBundle {
            $0.parts.ranker!.trees!.nodes[node].left = left
            $0.parts.ranker!.trees!.nodes[node].right = right
        }
        #expect { try roundTrip(bundle) } throws: { "\($0)".contains(tensor) }
    }

    @Test func `Features and numbers that cannot be are refused by name`() {
        let changes: [(String, (inout ModelBundle) -> Void)] = [
            ("ranker.trees.splits", { $0.parts.ranker!.trees!.nodes[0].feature = 3 }),
            ("ranker.trees.thresholds", { $0.parts.ranker!.trees!.nodes[0].threshold = .nan }),
            ("ranker.trees.values", { $0.parts.ranker!.trees!.nodes[2].value = .infinity }),
            ("habits.items", { $0.parts.profiles = nil }),
            ("profiles.repeat_rates", { $0.parts.profiles!.repeatRates[1] = 1.5 }),
            ("habits.ages", { $0.parts.profiles!.habits.ages[0] = -1 }),
            ("habits.items", { $0.parts.profiles!.habits.items[0] = 4 }),
            ("item_weights", { $0.parts.itemWeights = nil }),
        ]
        for (name, change) in changes {
            #expect(Comment(rawValue: name)) {
                try roundTrip(makeBundle(change))
            } throws: { "\($0)".contains(name) }
        }
    }
}
