internal import CKernels
internal import ModelParts

/// Says why items are on a slate: the parts of their scores, and for each part the basket or past
/// item that gave most of it.
///
/// Scratch of one engine, whose variables are never used by two accesses at once; that is not checked as
/// the program runs. A slate's items get a slot each, so that one pass over the context's lists finds
/// the loudest edge to every one of them.
final class Explainer {
    private let generation: Generation
    private let ranker: CandidateRanker
    private let live: LiveCounts?
    @exclusivity(unchecked) private var slots: [UInt16]
    @exclusivity(unchecked) private var loudest: [Float] = []
    @exclusivity(unchecked) private var causes: [UInt32] = []
    private static let none = UInt32.max

    init(
        _ generation: Generation, _ ranker: CandidateRanker, _ live: LiveCounts?, slateMax: Int
    ) {
        self.generation = generation
        self.live = live
        self.ranker = ranker
        precondition(slateMax < Int(UInt16.max), "a slate of \(slateMax)")
        slots = Array(repeating: 0, count: generation.items.count)
        loudest.reserveCapacity(slateMax)
        causes.reserveCapacity(slateMax)
    }

    /// Adds the reasons of a slate's items, strongest first for each, at most one of each kind.
    ///
    /// - Parameters:
    ///   - sources: the lists that the ranker's features were summed from.
    ///   - lookUp: gives the ids of items that have no catalog entry.
    func explain(
        _ slate: inout [RankedItem], _ reasons: inout [Reason], _ tier: Tier,
        _ context: ShopperContext, _ shares: ContextShares, sources: [ListSource],
        weights: WeightSource?, vectors: VectorSource?
    ) {
        findCauses(slate, tier, context, shares, sources, weights)
        for position in slate.indices {
            if ranker.usesSecond(tier), position % TreeRanker.stride == 0 {
                ranker.second?.split(slate[position...].prefix(TreeRanker.stride), tier)
            }
            let first = reasons.count
            let item = slate[position]
            switch tier {
            case .popular:
                reasons.append(Reason(kind: .popular, item: nil, contribution: item.score))
            case .neighbors:
                appendTaste(item.score, item.ordinal, position, &reasons, nil)
            case .full where ranker.usesSecond(tier), .linear where ranker.usesSecond(tier):
                appendSecondParts(position, item, tier, &reasons)
            case .full, .linear:
                let popular = ranker.part(.popularity, of: item.ordinal)
                let taste = Self.tasteFeatures.reduce(0) { $0 + ranker.part($1, of: item.ordinal) }
                if taste > 0 { appendTaste(taste, item.ordinal, position, &reasons, vectors) }
                if popular > 0 {
                    reasons.append(Reason(kind: .popular, item: nil, contribution: popular))
                }
                if reasons.count == first + 2,
                    reasons[first].contribution < reasons[first + 1].contribution
                {
                    reasons.swapAt(first, first + 1)
                }
            }
            if generation.items.isNew(item.ordinal) { noteNew(item.ordinal, from: first, &reasons) }
            slate[position].reasons = first..<reasons.count
        }
    }

    /// Says of an item that nobody took yet that it is new, in place of how it sells, which is what others
    /// like it do.
    private func noteNew(_ ordinal: UInt32, from first: Int, _ reasons: inout [Reason]) {
        guard
            let like = generation.like(of: ordinal)
        else { return }
        var new = Reason(kind: .new, item: like, contribution: 0)
        new.itemID = generation.items.id(of: like)
        for place in first..<reasons.count where reasons[place].kind == .popular {
            new.contribution = reasons[place].contribution
            reasons[place] = new
            return
        }
        reasons.append(new)
    }

    private static let tasteFeatures: [RankerFeature] = [
        .product, .itemWeights, .userList, .complement, .similar, .basketWeights, .historyWeights,
    ]

    /// Finds the loudest edge of the context's lists to each item of the slate.
    private func findCauses(
        _ slate: [RankedItem], _ tier: Tier, _ context: ShopperContext, _ shares: ContextShares,
        _ sources: [ListSource], _ weights: WeightSource?
    ) {
        loudest.removeAll(keepingCapacity: true)
        causes.removeAll(keepingCapacity: true)
        for (position, item) in slate.enumerated() {
            loudest.append(0)
            causes.append(Self.none)
            if Int(item.ordinal) < slots.count { slots[Int(item.ordinal)] = UInt16(position + 1) }
        }
        if tier != .popular {
            for source in sources {
                let weight = tier == .neighbors ? 1 : ranker.weight(of: source.feature)
                guard weight > 0, tier != .neighbors || source.feature == ranker.standIn else {
                    continue
                }
                note(source.lists, context.basket[...], share: weight * shares.basket)
                if shares.history > 0 {
                    note(source.lists, context.listedPast, share: weight * shares.history)
                }
            }
        }
        if tier != .popular, let weights {
            note(
                weights.lists, context.basket[...], share: ranker.weight(of: .basketWeights))
            note(
                weights.lists, weights.past(of: context),
                share: ranker.weight(of: .historyWeights))
        }
        for item in slate where Int(item.ordinal) < slots.count { slots[Int(item.ordinal)] = 0 }
    }

    /// What the second stage made of an item, strongest first: each kind's features together.
    private func appendSecondParts(
        _ position: Int, _ item: RankedItem, _ tier: Tier, _ reasons: inout [Reason]
    ) {
        guard let second = ranker.second else { return }
        let first = reasons.count
        let parts = second.parts(of: position % TreeRanker.stride, tier)
        if parts.taste > 0 {
            appendTaste(parts.taste, item.ordinal, position, &reasons, nil)
        }
        // That she never bought it speaks for nothing that can be said.
        if parts.habit > 0, let habit = second.habit(of: item.ordinal) {
            var reason = Reason(kind: .boughtBefore, item: nil, contribution: parts.habit)
            reason.habit = habit
            reasons.append(reason)
        }
        if parts.popular > 0 {
            reasons.append(Reason(kind: .popular, item: nil, contribution: parts.popular))
        }
        // At most three: an insertion sort allocates nothing.
        for place in first..<reasons.count {
            var at = place
            while at > first, reasons[at].contribution > reasons[at - 1].contribution {
                reasons.swapAt(at, at - 1)
                at -= 1
            }
        }
    }

    private func note(_ lists: ServedLists, _ items: ArraySlice<UInt32>, share: Float) {
        slots.withUnsafeBufferPointer { slots in
            loudest.withUnsafeMutableBufferPointer { loudest in
                causes.withUnsafeMutableBufferPointer { causes in
                    guard let slot = slots.baseAddress, let largest = loudest.baseAddress else {
                        return
                    }
                    for item in items {
                        let edges = lists[clamped: item]
                        guard let first = edges.baseAddress else { continue }
                        sc_edges_loudest(
                            first, edges.count, share, slot, largest, causes.baseAddress!, item)
                    }
                }
            }
        }
    }

    private func appendTaste(
        _ contribution: Float, _ ordinal: UInt32, _ position: Int, _ reasons: inout [Reason],
        _ vectors: VectorSource?
    ) {
        var cause = causes[position] == Self.none ? nil : causes[position]
        if let vectors {
            let weight = ranker.weight(of: .product)
            if weight > 0, weight * vectors.part(of: ordinal) > loudest[position],
                let found = vectors.loudest(for: ordinal), weight * found.share > loudest[position]
            {
                cause = found.item
            }
        }
        var reason = Reason(kind: .taste, item: cause, contribution: contribution)
        if let cause {
            reason.itemID = vectors?.id(of: cause) ?? generation.items.id(of: cause)
            if let facts = facts(from: cause, to: ordinal) {
                reason.kind = .boughtTogether
                (reason.lift, reason.confidence) = facts
            }
        }
        reasons.append(reason)
    }

    /// How often the cause's baskets hold the item, where the model knows; only where that is more
    /// often than by chance.
    private func facts(from cause: UInt32, to ordinal: UInt32) -> (lift: Float, confidence: Float)?
    {
        guard Int(cause) < generation.items.count else { return nil }
        var facts: (lift: Float, confidence: Float)?
        if Int(cause) < generation.items.trainedCount, let lists = generation.complementFacts,
            let edge = lists.range(of: Int(cause)).first(where: {
                lists.items[$0] == Int32(bitPattern: ordinal)
            })
        {
            facts = (lists.lifts[edge], lists.confidences[edge])
        }
        if let live { facts = live.facts(from: Int(cause), to: ordinal, trained: facts) }
        return facts.flatMap { $0.lift > 1 ? $0 : nil }
    }
}
