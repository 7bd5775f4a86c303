internal import CKernels
internal import ModelParts

/// Splits scores exactly: into features, and those that are sums over basket and history into their
/// items.
///
/// A weighted sum is split as it stands. Of trees, ``TreeRanker/explain(_:inputs:into:)`` tells what
/// each feature gives, of a network ``CandidateRanker/splitDeepPart(of:vector:into:)``. These are not
/// linear in a feature, so its part is shared out by how much each item adds to the feature's value, among
/// those that push it to its side of 0. An inner product with a folded-in vector is split by
/// ``Taste/forEachShare(of:dot:_:)``.
///
/// Scratch of one engine, whose variables are never used by two accesses at once; that is not checked as
/// the program runs.
final class ScoreSplitter {
    private let generation: Generation
    private let ranker: CandidateRanker
    @exclusivity(unchecked) private(set) var parts: [ScorePart] = []
    @exclusivity(unchecked) private(set) var shares: [ItemShare] = []

    /// What an item of the context adds to a feature of an item that is split.
    private struct Term {
        var slot: Int
        var feature: RankerFeature
        var item: UInt32
        var value: Float
    }
    @exclusivity(unchecked) private var terms: [Term] = []
    /// By ordinal, the place among the items at hand, + 1; 0 for all others, and between calls.
    @exclusivity(unchecked) private var slots: [UInt16]
    /// What the ranker's second stage gives each feature, in its order.
    private let deep: UnsafeMutablePointer<Float>

    /// Items that are named of a part at most; the others have one share together.
    static let named = 8

    init(_ generation: Generation, _ ranker: CandidateRanker) {
        self.generation = generation
        self.ranker = ranker
        slots = Array(repeating: 0, count: generation.items.count)
        deep = .allocate(capacity: RankerFeature.allCases.count + 1)
    }

    deinit { deep.deallocate() }

    func removeAll() {
        parts.removeAll(keepingCapacity: true)
        shares.removeAll(keepingCapacity: true)
    }

    /// Splits the scores of some items, a block of the second stage at most, as the columns of the query under way have their features.
    ///
    /// - Complexity: O(edges of the context's lists), and for each item O(trees x depth), or two passes
    ///   of the network a feature; with vectors O(D^2 + D x items of the context).
    func split(
        _ items: inout [RankedItem], _ tier: Tier, _ context: ShopperContext,
        _ contextShares: ContextShares, sources: [ListSource], weights: WeightSource?,
        vectors: VectorSource?
    ) {
        note(items, tier, context, contextShares, sources, weights)
        if ranker.usesSecond(tier) { ranker.second?.split(items[...], tier) }
        for position in items.indices {
            let first = parts.count
            let item = Item(ordinal: items[position].ordinal, slot: position)
            switch tier {
            case .popular:
                append(.salesShare, value: items[position].score, items[position].score)
            case .neighbors:
                let value = ranker.standInValue(of: item.ordinal)
                append(.feature(ranker.standIn), value: value, value)
                share(item, ranker.standIn, .weight(1), vectors)
            case .full where ranker.usesSecond(tier), .linear where ranker.usesSecond(tier):
                splitSecond(item, tier, vectors)
            case .full, .linear: splitNetwork(item, isWhole: tier == .full, vectors)
            }
            items[position].parts = first..<parts.count
        }
    }

    /// An item that is split, and its place among them.
    private struct Item {
        var ordinal: UInt32
        var slot: Int
    }

    private func splitSecond(_ item: Item, _ tier: Tier, _ vectors: VectorSource?) {
        guard let second = ranker.second else { return }
        append(.base, value: 0, second.base(tier))
        second.forEachPart(of: item.slot, tier) { feature, value, contribution in
            append(.feature(feature), value: value, contribution)
            let weight = second.weight(of: feature, tier)
            share(item, feature, weight.map(Sharing.weight) ?? .sum(contribution), vectors)
        }
    }

    private func splitNetwork(_ item: Item, isWhole: Bool, _ vectors: VectorSource?) {
        let network = ranker.network
        let isDeep = isWhole && network.hasLayers
        let deepBase =
            isDeep ? ranker.splitDeepPart(of: item.ordinal, vectors?.vector, into: deep) : 0
        append(.base, value: 0, network.parts.bias + deepBase)
        for (place, feature) in network.parts.features.enumerated() {
            let weight = network.parts.wide[place]
            let value = ranker.value(of: place, item.ordinal)
            let sum = isDeep ? weight * value + deep[place] : weight * value
            append(.feature(feature), value: value, sum)
            share(item, feature, isDeep ? .sum(sum) : .weight(weight), vectors)
        }
        if isDeep, network.dimensions > 0 {
            append(.vectors, value: 0, deep[network.featureCount])
        }
    }

    private func append(_ source: ScorePart.Source, value: Float, _ contribution: Float) {
        parts.append(
            ScorePart(
                source: source, value: value, contribution: contribution,
                shares: shares.count..<shares.count))
    }

    // MARK: Items of the context

    /// Notes what each item of the context adds to the features of the items at hand.
    private func note(
        _ items: [RankedItem], _ tier: Tier, _ context: ShopperContext,
        _ shares: ContextShares, _ sources: [ListSource], _ weights: WeightSource?
    ) {
        terms.removeAll(keepingCapacity: true)
        guard tier != .popular else { return }
        for (position, item) in items.enumerated() where Int(item.ordinal) < slots.count {
            slots[Int(item.ordinal)] = UInt16(position + 1)
        }
        for source in sources where tier != .neighbors || source.feature == ranker.standIn {
            note(source.feature, source.lists, context.basket[...], shares.basket)
            note(source.feature, source.lists, context.listedPast, shares.history)
        }
        if let weights {
            note(.basketWeights, weights.lists, context.basket[...], 1)
            note(.historyWeights, weights.lists, weights.past(of: context), 1)
        }
        for item in items where Int(item.ordinal) < slots.count { slots[Int(item.ordinal)] = 0 }
    }

    private func note(
        _ feature: RankerFeature, _ lists: ServedLists, _ items: ArraySlice<UInt32>, _ share: Float
    ) {
        guard share != 0 else { return }
        for item in items {
            for edge in lists[clamped: item] {
                let slot = Int(slots[Int(edge.item)])
                guard slot > 0 else { continue }
                terms.append(
                    Term(
                        slot: slot - 1, feature: feature, item: item, value: share * edge.weight))
            }
        }
    }

    /// How a part is shared out.
    private enum Sharing {
        /// Each item has this many times what it adds to the feature.
        case weight(Float)
        /// Items have this together, in proportion to what they add to the feature.
        case sum(Float)
    }

    /// Shares out the part that was appended last.
    private func share(
        _ item: Item, _ feature: RankerFeature, _ sharing: Sharing, _ vectors: VectorSource?
    ) {
        let first = shares.count
        appendTerms(item, feature, vectors)
        guard shares.count > first else { return }
        switch sharing {
        case .weight(let weight):
            for place in first..<shares.count { shares[place].contribution *= weight }
        case .sum(let sum): shareOut(sum, from: first)
        }
        finish(from: first, vectors)
    }

    /// Appends what the context's items add to a feature.
    private func appendTerms(_ item: Item, _ feature: RankerFeature, _ vectors: VectorSource?) {
        let first = shares.count
        switch feature {
        case .product:
            vectors?.forEachShare(of: item.ordinal) {
                shares.append(ItemShare(item: $0, contribution: $1))
            }
        case .basketWeightMax:
            // The loudest one alone.
            for term in terms where term.slot == item.slot && term.feature == .basketWeights {
                if shares.count == first {
                    guard term.value > 0 else { continue }
                    shares.append(ItemShare(item: term.item, contribution: term.value))
                } else if term.value > shares[first].contribution {
                    shares[first] = ItemShare(item: term.item, contribution: term.value)
                }
            }
        default:
            for term in terms where term.slot == item.slot && term.feature == feature {
                shares.append(ItemShare(item: term.item, contribution: term.value))
            }
        }
    }

    /// Turns the terms of a feature from a place on into shares of a sum: those of the feature's own sign
    /// have it in proportion, so that no share is larger than the sum; the others have none of it.
    private func shareOut(_ sum: Float, from first: Int) {
        var (value, total): (Float, Float) = (0, 0)
        for place in first..<shares.count { value += shares[place].contribution }
        for place in first..<shares.count where shares[place].contribution * value > 0 {
            total += shares[place].contribution
        }
        guard total != 0 else { return shares.removeLast(shares.count - first) }
        for place in first..<shares.count {
            let term = shares[place].contribution
            shares[place].contribution = term * value > 0 ? sum * (term / total) : 0
        }
    }

    /// Brings the largest shares of the last part to the front and names them, and puts the rest together.
    private func finish(from first: Int, _ vectors: VectorSource?) {
        var size: Float = 0
        for place in first..<shares.count { size += abs(shares[place].contribution) }
        // A few rounds in place: sorting a slice would allocate.
        var named = first
        while named < min(shares.count, first + Self.named) {
            var largest = named
            for place in named..<shares.count
            where abs(shares[place].contribution) > abs(shares[largest].contribution) {
                largest = place
            }
            guard shares[largest].contribution != 0 else { break }
            shares.swapAt(named, largest)
            named += 1
        }
        shares.removeLast(shares.count - named)
        let last = parts.count - 1
        var rest = parts[last].contribution
        for place in first..<named {
            let item = shares[place].item!
            shares[place].itemID = vectors?.id(of: item) ?? generation.items.id(of: item)
            rest -= shares[place].contribution
        }
        // Sums of the same terms in another order differ by rounding, which is nobody's share.
        if abs(rest) > Self.rounding * size {
            shares.append(ItemShare(item: nil, contribution: rest))
        }
        parts[last].shares = first..<shares.count
    }

    /// Of the sum of absolute shares, what sums of up to a thousand terms may differ by.
    private static let rounding: Float = 1e-4
}
