internal import EmbeddingStore
internal import ModelParts

/// How candidates are found and scored where the model has a ranker.
extension ScoringEngine {
    /// Gathers candidates, and computes the features and the wide part of each.
    ///
    /// - Returns: `personal` where a feature says anything of the shopper, else `popular`, with the
    ///   shares of sales as totals.
    func gather(
        _ query: borrowing Query, for ranker: CandidateRanker, hasUserVector: Bool
    ) -> Tier {
        let knowsShopper = addListFeatures(query, ranker) || hasUserVector
        let wanted = min(2 * query.k + 50, nearest.capacity)
        if knowsShopper, ranker.popularity != nil { addBestSellers(wanted, query) }
        complete(candidates.indices, ranker, hasUserVector: hasUserVector)
        if hasUserVector {
            // What is to be reordered has to be there.
            let most = ranker.network.hasLayers ? RankerNetwork.blockMax : wanted
            addNearest(max(wanted, min(most, nearest.capacity)), query, ranker)
        }
        let gathered = candidates.count
        addPopular(toReach: query.k, query: query, hasUserVector: false)
        complete(gathered..<candidates.count, ranker, hasUserVector: hasUserVector)
        for position in candidates.indices {
            candidates[position].total =
                knowsShopper
                ? ranker.network.wide(ranker.row(position))
                : popularity(of: candidates[position].ordinal)
        }
        if knowsShopper { setShopper(ranker, hasUserVector: hasUserVector) }
        return knowsShopper ? .personal : .popular
    }

    /// Puts the candidates of the shortlist through the deep part, which is added to their totals.
    func addDeepPart(_ ranker: CandidateRanker) {
        for (row, position) in ranker.shortlist.enumerated() {
            let inputs = ranker.scratch.inputs + row * ranker.scratch.stride
            inputs.update(from: ranker.row(Int(position)), count: ranker.network.featureCount)
            setVector(of: candidates[Int(position)].id, inputs, ranker)
        }
        ranker.network.runDeep(count: ranker.shortlist.count, in: ranker.scratch)
        for (row, position) in ranker.shortlist.enumerated() {
            candidates[Int(position)].total += ranker.scratch.deep[row]
        }
    }

    /// ``score(_:for:)`` with a ranker, whose deep part takes every item asked about.
    func score(
        _ ids: [IDView], _ query: borrowing Query, by ranker: CandidateRanker, hasUserVector: Bool
    ) -> Tier {
        let knowsShopper = addListFeatures(query, ranker) || hasUserVector
        scoreVectors(ids, hasUserVector: hasUserVector)
        if knowsShopper { setShopper(ranker, hasUserVector: hasUserVector) }
        for start in stride(from: 0, to: ids.count, by: RankerNetwork.blockMax) {
            let end = min(ids.count, start + RankerNetwork.blockMax)
            for place in start..<end {
                let inputs = ranker.scratch.inputs + (place - start) * ranker.scratch.stride
                inputs.update(repeating: 0, count: ranker.scratch.stride)
                let product = scores[place]
                scores[place] = .nan
                guard let ordinal = ordinal(of: ids[place]) else {
                    unknownPositions.append(UInt32(place))
                    continue
                }
                guard knowsShopper else {
                    scores[place] = popularity(of: ordinal)
                    continue
                }
                if let position = index.position(of: ordinal) {
                    inputs.update(from: ranker.row(position), count: ranker.network.featureCount)
                }
                if let column = ranker.product, !product.isNaN { inputs[column] = product }
                setItemFeatures(ordinal, inputs, ranker)
                setVector(of: ids[place], inputs, ranker)
                scores[place] = ranker.network.wide(inputs)
            }
            guard knowsShopper, ranker.network.hasLayers else { continue }
            ranker.network.runDeep(count: end - start, in: ranker.scratch)
            for place in start..<end { scores[place] += ranker.scratch.deep[place - start] }
        }
        return knowsShopper ? .personal : .popular
    }

    // MARK: Features

    /// Adds what lists say of basket and history, with the shares that both have in the user
    /// vector.
    ///
    /// - Returns: whether any list says anything.
    private func addListFeatures(_ query: borrowing Query, _ ranker: CandidateRanker) -> Bool {
        let basketShare = past.count == 0 ? 1 : 1 - weights.history
        let pastShare = basket.isEmpty ? 1 : weights.history
        let others = basket.count { !past.contains($0) }
        ranker.shopperLength = RankerFeature.historyLength(past.count + others)
        var isKnown = false
        for item in basket {
            isKnown = addWeights(of: item, basketShare, ranker) || isKnown
            isKnown = addNeighbors(of: item, basketShare, ranker) || isKnown
        }
        // Newest first: where there are too many candidates the oldest items lose theirs.
        for item in past.ordinals.reversed() {
            isKnown = addWeights(of: item, pastShare, ranker) || isKnown
            guard ranker.neighbors != nil else { continue }
            isKnown = addNeighbors(of: item, pastShare, ranker) || isKnown
        }
        if let column = ranker.userList, let lists = model.userLists, query.history.isEmpty,
            let user = query.user,
            let number = model.userNumbers.index(of: user.assumingMemoryBound(to: UInt8.self))
        {
            for edge in lists.range(of: Int(number)) {
                guard let position = candidate(UInt32(lists.items[edge])) else { continue }
                ranker.row(position)[column] += pastShare * lists.scores[edge]
                isKnown = true
            }
        }
        return isKnown
    }

    private func addWeights(of item: UInt32, _ share: Float, _ ranker: CandidateRanker) -> Bool {
        guard let column = ranker.itemWeights, let lists = model.itemWeights,
            Int(item) < model.items.count
        else { return false }
        return addTaste(lists, of: item, share, to: column, ranker)
    }

    /// Adds a list to a feature, and keeps in mind which item speaks loudest for each candidate.
    private func addTaste(
        _ lists: NeighborLists, of item: UInt32, _ share: Float, to column: Int,
        _ ranker: CandidateRanker
    ) -> Bool {
        let weight = ranker.network.parts.wide[column]
        for edge in lists.range(of: Int(item)) {
            guard let position = candidate(UInt32(lists.items[edge])) else { continue }
            let part = share * lists.scores[edge]
            ranker.row(position)[column] += part
            if weight * part > candidates[position].loudestWeight {
                candidates[position].loudestWeight = weight * part
                candidates[position].loudestWeightItem = item
            }
        }
        return !lists.range(of: Int(item)).isEmpty
    }

    /// Adds an item's complements, or where there are none at all what is similar to it.
    ///
    /// - Returns: whether that is a feature and says anything.
    private func addNeighbors(
        of item: UInt32, _ share: Float, _ ranker: CandidateRanker
    ) -> Bool {
        guard Int(item) < model.items.count else { return false }
        guard let lists = model.complements else {
            guard let column = ranker.neighbors, let lists = model.similars else { return false }
            return addTaste(lists, of: item, share, to: column, ranker)
        }
        for edge in lists.range(of: Int(item)) {
            guard let position = candidate(UInt32(lists.items[edge])) else { continue }
            if let column = ranker.neighbors {
                ranker.row(position)[column] += share * lists.scores[edge]
            }
            let loudest = candidates[position].loudestEdge
            if loudest < 0 || lists.scores[loudest] < lists.scores[edge] {
                candidates[position].loudestEdge = edge
                candidates[position].loudestItem = item
            }
        }
        return ranker.neighbors != nil && !lists.range(of: Int(item)).isEmpty
    }

    /// Adds the best sellers that the rules on single items allow, where the ranker counts sales.
    private func addBestSellers(_ count: Int, _ query: borrowing Query) {
        var left = count
        for ordinal in model.popular where isAllowed(ordinal, query.includesOutOfStock) {
            guard left > 0, candidate(ordinal) != nil else { return }
            left -= 1
        }
    }

    /// Adds the allowed items closest to the user vector.
    private func addNearest(_ wanted: Int, _ query: borrowing Query, _ ranker: CandidateRanker) {
        let includesOutOfStock = query.includesOutOfStock
        // The query is allowed by construction: finite vectors of the model's own length.
        try? itemReader.nearest(
            to: UnsafeBufferPointer(userVector), k: wanted, into: &nearest,
            where: { isAllowed($0, includesOutOfStock) })
        for rank in 0..<nearest.count {
            let neighbor = nearest[rank]
            guard let (position, isNew) = index.insert(neighbor.row.ordinal) else { return }
            guard isNew else { continue }
            candidates.append(Candidate(ordinal: neighbor.row.ordinal, id: neighbor.row.id))
            ranker.clear(position)
            if let column = ranker.product { ranker.row(position)[column] = neighbor.score }
            setItemFeatures(neighbor.row.ordinal, ranker.row(position), ranker)
        }
    }

    /// Computes the features of candidates that need no list.
    private func complete(
        _ positions: Range<Int>, _ ranker: CandidateRanker, hasUserVector: Bool
    ) {
        for position in positions {
            let (candidate, features) = (candidates[position], ranker.row(position))
            if hasUserVector, let column = ranker.product,
                let row = itemReader.find(candidate.id)?.vector
            {
                features[column] = dot(userVector.baseAddress!, row)
            }
            setItemFeatures(candidate.ordinal, features, ranker)
        }
    }

    private func setItemFeatures(
        _ ordinal: UInt32, _ features: UnsafeMutablePointer<Float>, _ ranker: CandidateRanker
    ) {
        if let column = ranker.popularity, Int(ordinal) < model.popularityFeatures.count {
            features[column] = model.popularityFeatures[Int(ordinal)]
        }
        if let column = ranker.historyLength { features[column] = ranker.shopperLength }
    }

    /// Writes the item's vector behind its features, where the deep part takes it.
    private func setVector(
        of id: IDView, _ inputs: UnsafeMutablePointer<Float>, _ ranker: CandidateRanker
    ) {
        let (dimensions, count) = (ranker.network.dimensions, ranker.network.featureCount)
        guard dimensions > 0 else { return }
        if let row = itemReader.find(id)?.vector {
            (inputs + count).update(from: row, count: dimensions)
        } else {
            (inputs + count).update(repeating: 0, count: dimensions)
        }
    }

    private func setShopper(_ ranker: CandidateRanker, hasUserVector: Bool) {
        ranker.network.setShopper(
            hasUserVector ? UnsafePointer(userVector.baseAddress!) : nil, in: ranker.scratch)
    }
}
