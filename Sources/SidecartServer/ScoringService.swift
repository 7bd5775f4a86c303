internal import CSidecartProto
internal import CrossSell
internal import ModelParts
internal import RPC

/// `sidecart.v1.Scoring` for one lane and one model: requests become queries of the engine, slates
/// become replies.
final class ScoringService {
    let engine: Engine
    let ruleBook: RuleBook.Reader?
    let record: LaneRecord
    @exclusivity(unchecked) private var query = Query()
    /// Those of the last Score request that was read.
    @exclusivity(unchecked) private(set) var scoredItems: [IDView] = []
    @exclusivity(unchecked) private var relations: [Relation] = []

    /// - Parameter ruleBook: nil where the server has no rule sets.
    init(engine: Engine, ruleBook: RuleBook.Reader?, record: LaneRecord) {
        self.engine = engine
        self.ruleBook = ruleBook
        self.record = record
    }

    static func register(in router: Router, _ lane: ServingLane) {
        let service = "sidecart.v1.Scoring"
        router.add(service, "Score", role: .read) { call throws(RPCError) in
            let scoring = lane.services.scoring
            if case .loop = call.lane { lane.recent.note(.score, call.payload) }
            try scoring.lendQuery { query throws(RPCError) in try scoring.score(call, &query) }
        }
        router.add(service, "Recommend", role: .read) { call throws(RPCError) in
            let scoring = lane.services.scoring
            if case .loop = call.lane { lane.recent.note(.recommend, call.payload) }
            try scoring.lendQuery { query throws(RPCError) in try scoring.recommend(call, &query) }
        }
        router.add(service, "Related", role: .read) { call throws(RPCError) in
            try lane.services.scoring.related(call)
        }
    }

    /// Lends the query whose lists are reused from call to call, as a variable of the callee's own: as a
    /// property of this class each use of it would be checked for overlapping ones.
    func lendQuery(
        _ body: (inout Query) throws(RPCError) -> Void
    ) throws(RPCError) {
        var lent = Query()
        swap(&lent, &query)
        defer { swap(&lent, &query) }
        try body(&lent)
    }

    // MARK: Score

    private func score(_ call: Call, _ query: inout Query) throws(RPCError) {
        let request = try call.decode(sidecart__v1__score_request__init)
        try read(request.pointee, &query)
        query.deadline = call.deadline.nanoseconds
        if try LongCalls.move(call, estimate: engine.read(query, findsCandidates: false)) {
            return
        }
        let tier = engine.scoreAgainstWhatWasRead(scoredItems, for: query)
        record.scoring.note(.score, tier, query, engine)
        record.scoring.add(scoredItems.count, .items)
        record.scoring.add(engine.unknownPositions.count, .unknownItems)

        var response = Sidecart__V1__ScoreResponse()
        sidecart__v1__score_response__init(&response)
        response.tier = tier.message
        response.model_version = engine.generation.versionBytes.binaryData
        try engine.scores.withUnsafeBufferPointer { scores throws(RPCError) in
            response.n_scores = scores.count
            response.scores = UnsafeMutablePointer(mutating: scores.baseAddress)
            try engine.unknownPositions.withUnsafeBufferPointer { unknown throws(RPCError) in
                response.n_unknown = unknown.count
                response.unknown = UnsafeMutablePointer(mutating: unknown.baseAddress)
                try call.reply(&response)
            }
        }
    }

    /// Makes a request the query, and its items ``scoredItems``.
    func read(_ request: Sidecart__V1__ScoreRequest, _ query: inout Query) throws(RPCError) {
        query.removeAll()
        query.wantsReasons = false
        try fill(&query, request.context)
        try FieldCheck.fill(
            &scoredItems, "items", request.items, request.n_items, max: engine.limits.scoredItems)
        guard !scoredItems.isEmpty else { throw RPCError(.invalidArgument, "items is empty") }
        query.k = scoredItems.count
    }

    // MARK: Related

    private func related(_ call: Call) throws(RPCError) {
        let request = try call.decode(sidecart__v1__related_request__init)
        let id = try FieldCheck.id(request.pointee.item_id, "item_id")
        let k = try FieldCheck.k(request.pointee.k, max: engine.limits.slateItems)
        relations.removeAll(keepingCapacity: true)
        for place in 0..<request.pointee.n_relations {
            let number = request.pointee.relations[place]
            guard let relation = Relation(number) else {
                throw RPCError(
                    .invalidArgument,
                    "relations[\(place)] is \(number.rawValue), which is not known")
            }
            guard !relations.contains(relation) else {
                throw RPCError(
                    .invalidArgument, "relations[\(place)] names \(relation.rawValue) again")
            }
            relations.append(relation)
        }
        if relations.isEmpty { relations.append(.complement) }
        do throws(RelatedFailure) {
            try engine.findRelated(id, relations, k: k)
        } catch {
            throw error.rpcError(id)
        }
        var response = Sidecart__V1__RelatedResponse()
        sidecart__v1__related_response__init(&response)
        response.model_version = engine.generation.versionBytes.binaryData
        response.n_items = engine.related.count
        response.items = try call.arena.messages(engine.related.count)
        for (position, item) in engine.related.enumerated() {
            let message = try call.arena.message(
                Sidecart__V1__RelatedItem.self, sidecart__v1__related_item__init)
            let shown = engine.generation.items.shown(item.ordinal)
            message.pointee.item_id = item.id.binaryData
            message.pointee.score = item.score
            message.pointee.title = shown.title.binaryData
            message.pointee.category = shown.category.binaryData
            message.pointee.price = shown.price
            message.pointee.lift = item.lift
            message.pointee.confidence = item.confidence
            message.pointee.relation = item.relation.message
            message.pointee.interval_days = item.intervalDays
            message.pointee.spread_days = item.spreadDays
            response.items[position] = message
        }
        try call.reply(&response)
    }

    // MARK: Shared

    func fill(
        _ query: inout Query, _ context: UnsafeMutablePointer<Sidecart__V1__Context>?
    ) throws(RPCError) {
        guard let context = context?.pointee else { return }
        if context.user_id.len > 0 {
            let user = try FieldCheck.id(context.user_id, "context.user_id")
            query.user = user
            engine.expect(user: user)
        }
        try FieldCheck.fill(
            &query.basket, "context.basket", context.basket, context.n_basket,
            max: engine.limits.basketItems)
        try FieldCheck.fill(
            &query.history, "context.history", context.history, context.n_history,
            max: engine.limits.historyItems)
    }
}

extension RelatedFailure {
    fileprivate func rpcError(_ id: IDView) -> RPCError {
        switch self {
        case .unknownItem:
            return RPCError(
                .notFound, "item_id \(String(decoding: id, as: UTF8.self)) is not known")
        case .noSuchRelation(let relation, let available):
            let others = available.map(\.rawValue).joined(separator: ", ")
            return RPCError(
                .failedPrecondition,
                "this model has no relation \(relation.rawValue); "
                    + (others.isEmpty ? "it has none" : "it has \(others)"))
        }
    }
}

extension Tier {
    var message: Sidecart__V1__Tier {
        switch self {
        case .full: SIDECART__V1__TIER__TIER_FULL
        case .linear: SIDECART__V1__TIER__TIER_LINEAR
        case .neighbors: SIDECART__V1__TIER__TIER_NEIGHBORS
        case .popular: SIDECART__V1__TIER__TIER_POPULAR
        }
    }
}
