internal import Models

extension ScoringEngine {
    /// Turns the query's ids into item numbers and a user vector.
    ///
    /// - Returns: whether there is a user vector in `userVector`.
    func resolve(_ query: borrowing Query) -> Bool {
        forgetContext()
        let user = query.user.flatMap {
            model.userNumbers.index(of: $0.assumingMemoryBound(to: UInt8.self))
        }
        if !query.history.isEmpty {
            for id in query.history {
                if let ordinal = known(id) { remember(ordinal, id) }
            }
        } else if let user, let histories = model.histories {
            let row = histories.row(Int(user)).suffix(limits.historyItems)
            for entry in row {
                let item = Int(histories.columns[entry])
                remember(UInt32(item), model.items[item])
            }
        }
        for id in query.basket {
            guard let ordinal = known(id) else { continue }
            gatherContextRow(ordinal, id)
            if excluded.insert(ordinal)?.isNew == true { basket.append(ordinal) }
        }
        if !query.includesPurchased {
            for ordinal in past { _ = excluded.insert(ordinal) }
        }
        for id in query.exclusions {
            if let ordinal = known(id) { _ = excluded.insert(ordinal) }
        }
        return makeUserVector(query)
    }

    private func remember(_ ordinal: UInt32, _ id: IDView) {
        past.append(ordinal)
        gatherContextRow(ordinal, id)
    }

    private func known(_ id: IDView) -> UInt32? {
        if let ordinal = ordinal(of: id) { return ordinal }
        unknown.append(id)
        return nil
    }

    private func forgetContext() {
        unknown.removeAll(keepingCapacity: true)
        basket.removeAll(keepingCapacity: true)
        past.removeAll(keepingCapacity: true)
        excluded.removeAll()
        contextItems.removeAll()
        contextRows.removeAll(keepingCapacity: true)
        contextRowItems.removeAll(keepingCapacity: true)
        canExplain = false
    }

    /// A user vector, from the best source there is:
    /// 1. the user's own row, where she has one and there is no basket and no inline history;
    /// 2. fold-in of history and basket, for models that say how;
    /// 3. her own row all the same;
    /// 4. the mean of the context's item vectors.
    private func makeUserVector(_ query: borrowing Query) -> Bool {
        guard model.dimensions > 0 else { return false }
        let stored = query.history.isEmpty ? query.user.flatMap { userReader.find($0) } : nil
        if stored == nil || !basket.isEmpty || query.wantsReasons, foldIn() {
            canExplain = true
            if stored == nil || !basket.isEmpty { return true }
        }
        if let stored {
            userVector.baseAddress!.update(from: stored.vector, count: model.dimensions)
            return true
        }
        guard !contextRows.isEmpty else { return false }
        userVector.update(repeating: 0)
        for row in contextRows {
            for d in 0..<model.dimensions { userVector[d] += row[d] }
        }
        for d in 0..<model.dimensions { userVector[d] /= Float(contextRows.count) }
        return true
    }

    /// Solves for the context's vector; false where the model does not say how, or there is no context.
    private func foldIn() -> Bool {
        guard let solver = model.foldIn, let scratch = foldInScratch, !contextRows.isEmpty else {
            return false
        }
        return contextRows.withUnsafeBufferPointer {
            solver.solve(
                history: $0.baseAddress!, count: $0.count, into: userVector.baseAddress!,
                scratch: scratch)
        } != nil
    }

    /// Adds an item's vector to the context, each item once; past items come first, so the newest are last.
    private func gatherContextRow(_ ordinal: UInt32, _ id: IDView) {
        guard model.dimensions > 0, contextItems.insert(ordinal)?.isNew == true,
            let row = itemReader.find(id)
        else { return }
        contextRows.append(row.vector)
        contextRowItems.append((ordinal, row.id))
    }
}
