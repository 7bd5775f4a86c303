extension ScoringEngine {
    /// Turns the query's ids into item numbers and a user vector.
    ///
    /// - Returns: whether there is a user vector in `userVector`.
    func resolve(_ query: borrowing Query) -> Bool {
        forgetContext()
        for id in query.basket {
            guard let ordinal = known(id), excluded.insert(ordinal)?.isNew == true else {
                continue
            }
            basket.append(ordinal)
            remember(ordinal, id, in: basketTaste)
        }
        if !query.history.isEmpty {
            for id in query.history {
                guard let ordinal = known(id) else { continue }
                _ = past.insert(ordinal)
                remember(ordinal, id, in: historyTaste)
            }
        } else if let user = query.user, let histories = model.histories,
            let number = model.userNumbers.index(of: user.assumingMemoryBound(to: UInt8.self))
        {
            let row = histories.row(Int(number)).suffix(limits.historyItems)
            for entry in row {
                let item = Int(histories.columns[entry])
                _ = past.insert(UInt32(item))
                remember(UInt32(item), model.items[item], in: historyTaste)
            }
        }
        if !query.includesPurchased {
            for ordinal in past.ordinals { _ = excluded.insert(ordinal) }
        }
        for id in query.exclusions {
            if let ordinal = known(id) { _ = excluded.insert(ordinal) }
        }
        return makeUserVector(query)
    }

    private func remember(_ ordinal: UInt32, _ id: IDView, in taste: Taste) {
        guard model.dimensions > 0, let row = itemReader.find(id) else { return }
        taste.append(ordinal, row)
    }

    private func known(_ id: IDView) -> UInt32? {
        if let ordinal = ordinal(of: id) { return ordinal }
        unknown.append(id)
        return nil
    }

    private func forgetContext() {
        unknown.removeAll(keepingCapacity: true)
        basket.removeAll(keepingCapacity: true)
        past.removeAll()
        excluded.removeAll()
        historyTaste.removeAll()
        basketTaste.removeAll()
    }

    /// A user vector from history and basket, the basket first.
    ///
    /// The history's part is the user's own row where she has one and no history came with the
    /// call, else what folding in gives. Both are solved apart, since one solve over both would let
    /// a long history drown the basket.
    private func makeUserVector(_ query: borrowing Query) -> Bool {
        guard model.dimensions > 0 else { return false }
        basketTaste.solve()
        if query.history.isEmpty, let user = query.user, let stored = userReader.find(user) {
            historyTaste.use(stored.vector)
            if query.wantsReasons { historyTaste.prepareToExplain() }
        } else {
            historyTaste.solve()
        }
        historyTaste.weight =
            !historyTaste.isKnown ? 0 : basketTaste.isKnown ? weights.history : 1
        basketTaste.weight = basketTaste.isKnown ? 1 - historyTaste.weight : 0
        for d in 0..<model.dimensions {
            userVector[d] =
                historyTaste.weight * historyTaste.vector[d]
                + basketTaste.weight * basketTaste.vector[d]
        }
        return historyTaste.isKnown || basketTaste.isKnown
    }
}
