internal import CSidecartProto
internal import CrossSell
internal import Glibc
internal import Outcomes
internal import RPC

/// `Scoring.Recommend`: a request becomes a query, a slate a reply.
extension ScoringService {
    func recommend(_ call: Call, _ query: inout Query) throws(RPCError) {
        let request = try call.decode(sidecart__v1__recommend_request__init)
        let ruleSet = try read(request.pointee, &query)
        query.deadline = call.deadline.nanoseconds
        if try LongCalls.move(call, estimate: engine.read(query)) { return }
        let tier = engine.recommendWhatWasRead(query)
        record.scoring.note(.recommend, tier, query, engine)
        record.scoring.add(engine.slate.count, .slateItems)
        if engine.slate.isEmpty { record.scoring.add(1, .emptySlates) }
        if engine.slate.count < query.k { record.scoring.add(1, .shortSlates) }

        var response = Sidecart__V1__RecommendResponse()
        sidecart__v1__recommend_response__init(&response)
        response.tier = tier.message
        response.model_version = engine.generation.versionBytes.binaryData
        response.slate_id = logSlate(tier, ruleSet: ruleSet)
        response.n_unknown = engine.unknown.count
        response.unknown = try call.arena.array(of: ProtobufCBinaryData.self, engine.unknown.count)
        for (position, id) in engine.unknown.enumerated() {
            response.unknown[position] = id.binaryData
        }
        response.n_items = engine.slate.count
        response.items = try call.arena.messages(engine.slate.count)
        for (position, item) in engine.slate.enumerated() {
            let message = try call.arena.message(
                Sidecart__V1__SlateItem.self, sidecart__v1__slate_item__init)
            message.pointee.item_id = item.id.binaryData
            message.pointee.score = item.score
            if query.exploration.isActive { message.pointee.propensity = item.propensity }
            if query.wantsReasons { try describe(item, in: message, call) }
            message.pointee.n_parts = item.parts.count
            message.pointee.parts = try parts(item.parts, call)
            response.items[position] = message
        }
        if engine.slate.count < query.k { try addLeftOut(to: &response, call) }
        try addWhyNot(to: &response, call)
        try call.reply(&response)
    }

    /// Writes down what is shown, and gives it an id; 0 where nothing is.
    private func logSlate(_ tier: Tier, ruleSet: Int) -> UInt64 {
        guard !engine.slate.isEmpty else { return 0 }
        record.slates.begin(
            items: engine.slate.count, tier: tier.rawValue, ruleSet: ruleSet, seconds: time(nil))
        for item in engine.slate {
            var reason = ShownReason.none
            if let first = item.reasons.first {
                reason = ShownReason(rawValue: engine.reasons[first].kind.rawValue) ?? .none
            }
            record.slates.add(item.id, reason, isExplored: item.propensity < 1)
        }
        return record.slates.end()
    }

    /// Makes a request the query.
    ///
    /// - Returns: the number of the rule set that it names; 0 for none.
    @discardableResult
    func read(
        _ request: Sidecart__V1__RecommendRequest, _ query: inout Query
    ) throws(RPCError) -> Int {
        query.removeAll()
        try fill(&query, request.context)
        query.k = try FieldCheck.k(request.k, max: engine.limits.slateItems)
        try query.rules.fill(request, engine.limits)
        let ruleSet = try addRuleSet(request.rule_set, to: &query)
        guard !query.rules.leavesOutSubstitutes || engine.knowsSubstitutes else {
            throw RPCError(
                .failedPrecondition,
                "leave_out_substitutes: this model has no relation substitute")
        }
        guard query.rules.marginWeight == 0 || engine.knowsMargins else {
            throw RPCError(
                .failedPrecondition, "margin_weight: this model's catalog has no positive margin")
        }
        try FieldCheck.fill(
            &query.whyNot, "why_not", request.why_not, request.n_why_not, max: engine.limits.whyNot)
        if let explore = request.explore?.pointee {
            try query.exploration.fill(explore, k: query.k)
        }
        query.wantsReasons = request.ids_only == 0
        query.wantsParts = request.score_parts != 0
        guard !query.wantsParts || query.k <= engine.limits.splitItems else {
            throw RPCError(
                .invalidArgument,
                "k is \(query.k), the limit with score_parts is \(engine.limits.splitItems)")
        }
        return ruleSet
    }

    /// Adds the rules of the set that a request names.
    ///
    /// - Returns: the set's number; 0 where none is named.
    private func addRuleSet(
        _ name: ProtobufCBinaryData, to query: inout Query
    ) throws(RPCError) -> Int {
        guard name.len > 0 else { return 0 }
        let text = String(decoding: IDView(start: name.data, count: name.len), as: UTF8.self)
        guard let (set, number) = ruleBook?.set(named: text) else {
            let known = ruleBook?.names ?? []
            throw RPCError(
                .notFound,
                "rule_set '\(text)' is not known; "
                    + (known.isEmpty
                        ? "this server has none" : "there are \(known.joined(separator: ", "))"))
        }
        for (field, isTwice) in [
            ("allow", !query.rules.allowed.isEmpty && !set.rules.allowed.isEmpty),
            ("categories", !query.rules.categories.isEmpty && !set.rules.categories.isEmpty),
        ] where isTwice {
            throw RPCError(
                .invalidArgument, "\(field) is set by the call and by rule set '\(text)'")
        }
        query.rules.add(set.rules)
        try query.rules.check(engine.limits)
        return number
    }

    private func describe(
        _ item: RankedItem, in message: UnsafeMutablePointer<Sidecart__V1__SlateItem>, _ call: Call
    ) throws(RPCError) {
        let shown = engine.generation.items.shown(item.ordinal)
        message.pointee.title = shown.title.binaryData
        message.pointee.category = shown.category.binaryData
        message.pointee.price = shown.price
        message.pointee.n_reasons = item.reasons.count
        message.pointee.reasons = try reasons(item.reasons, call)
    }

    private func reasons(_ range: Range<Int>, _ call: Call) throws(RPCError)
        -> UnsafeMutablePointer<UnsafeMutablePointer<Sidecart__V1__Reason>?>
    {
        let messages: UnsafeMutablePointer<UnsafeMutablePointer<Sidecart__V1__Reason>?> =
            try call.arena.messages(range.count)
        for (position, index) in range.enumerated() {
            let reason = engine.reasons[index]
            let entry = try call.arena.message(
                Sidecart__V1__Reason.self, sidecart__v1__reason__init)
            entry.pointee.kind = reason.kind.message
            entry.pointee.contribution = reason.contribution
            entry.pointee.lift = reason.lift
            entry.pointee.confidence = reason.confidence
            if let habit = reason.habit {
                entry.pointee.times = habit.times
                entry.pointee.interval_days = habit.intervalDays
                entry.pointee.age_days = habit.ageDays
            }
            if let cause = reason.item, let id = reason.itemID {
                entry.pointee.item_id = id.binaryData
                entry.pointee.title = engine.generation.items.shown(cause).title.binaryData
            }
            messages[position] = entry
        }
        return messages
    }

    private func parts(_ range: Range<Int>, _ call: Call) throws(RPCError)
        -> UnsafeMutablePointer<UnsafeMutablePointer<Sidecart__V1__ScorePart>?>?
    {
        guard !range.isEmpty else { return nil }
        let messages: UnsafeMutablePointer<UnsafeMutablePointer<Sidecart__V1__ScorePart>?> =
            try call.arena.messages(range.count)
        for (position, index) in range.enumerated() {
            let part = engine.parts[index]
            let entry = try call.arena.message(
                Sidecart__V1__ScorePart.self, sidecart__v1__score_part__init)
            entry.pointee.feature = part.name.binaryData
            entry.pointee.value = part.value
            entry.pointee.contribution = part.contribution
            entry.pointee.n_items = part.shares.count
            entry.pointee.items = try call.arena.messages(part.shares.count)
            for (place, index) in part.shares.enumerated() {
                let share = engine.shares[index]
                let item = try call.arena.message(
                    Sidecart__V1__ItemShare.self, sidecart__v1__item_share__init)
                item.pointee.contribution = share.contribution
                if let ordinal = share.item, let id = share.itemID {
                    item.pointee.item_id = id.binaryData
                    item.pointee.title = engine.generation.items.shown(ordinal).title.binaryData
                }
                entry.pointee.items[place] = item
            }
            messages[position] = entry
        }
        return messages
    }

    /// Says which rules kept a slate short.
    private func addLeftOut(
        to response: inout Sidecart__V1__RecommendResponse, _ call: Call
    ) throws(RPCError) {
        response.left_out = try call.arena.messages(Rule.allCases.count)
        for rule in Rule.allCases {
            let items = engine.leftOut(by: rule)
            guard items > 0 else { continue }
            let entry = try call.arena.message(
                Sidecart__V1__LeftOut.self, sidecart__v1__left_out__init)
            entry.pointee.rule = rule.message
            entry.pointee.items = items
            response.left_out[response.n_left_out] = entry
            response.n_left_out += 1
        }
    }

    private func addWhyNot(
        to response: inout Sidecart__V1__RecommendResponse, _ call: Call
    ) throws(RPCError) {
        response.n_why_not = engine.whyNot.count
        response.why_not = try call.arena.messages(engine.whyNot.count)
        for (position, absent) in engine.whyNot.enumerated() {
            let entry = try call.arena.message(
                Sidecart__V1__WhyNot.self, sidecart__v1__why_not__init)
            entry.pointee.item_id = absent.id.binaryData
            entry.pointee.outcome = absent.outcome.message
            if case .rule(let rule) = absent.outcome { entry.pointee.rule = rule.message }
            entry.pointee.rank = UInt32(absent.rank)
            entry.pointee.score = absent.score ?? 0
            entry.pointee.missing = absent.missing ?? 0
            entry.pointee.n_reasons = absent.reasons.count
            entry.pointee.reasons = try reasons(absent.reasons, call)
            entry.pointee.n_parts = absent.parts.count
            entry.pointee.parts = try parts(absent.parts, call)
            response.why_not[position] = entry
        }
    }
}

extension Reason.Kind {
    fileprivate var message: Sidecart__V1__Reason__Kind {
        switch self {
        case .boughtTogether: SIDECART__V1__REASON__KIND__BOUGHT_TOGETHER
        case .taste: SIDECART__V1__REASON__KIND__TASTE
        case .popular: SIDECART__V1__REASON__KIND__POPULAR
        case .boughtBefore: SIDECART__V1__REASON__KIND__BOUGHT_BEFORE
        case .new: SIDECART__V1__REASON__KIND__NEW
        }
    }
}

extension Rule {
    fileprivate var message: Sidecart__V1__Rule { Sidecart__V1__Rule(UInt32(rawValue)) }
}

extension WhyNot.Outcome {
    fileprivate var message: Sidecart__V1__WhyNot__Outcome {
        switch self {
        case .unknown: SIDECART__V1__WHY_NOT__OUTCOME__UNKNOWN
        case .onSlate: SIDECART__V1__WHY_NOT__OUTCOME__ON_SLATE
        case .rule: SIDECART__V1__WHY_NOT__OUTCOME__BY_RULE
        case .notFound: SIDECART__V1__WHY_NOT__OUTCOME__NOT_FOUND
        case .ranked: SIDECART__V1__WHY_NOT__OUTCOME__RANKED_LOWER
        }
    }
}
