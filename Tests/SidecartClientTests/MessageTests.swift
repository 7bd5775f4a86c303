import CSidecartProto
import SidecartClient
import TestFolders
import Testing

/// What we write and read, against the generated code.
@Suite(.timeLimit(.minutes(1))) struct MessageTests {
    /// The peer may be slow, under a sanitizer or on a busy machine: no test here is about time.
    private var patient: SidecartConfiguration {
        var configuration = SidecartConfiguration()
        configuration.timeout = .seconds(30)
        return configuration
    }

    /// Makes one call on a blocking connection and has the peer answer it.
    private func exchange<Reply: Sendable>(
        _ answer: [UInt8], _ call: @escaping @Sendable (BlockingConnection) throws -> Reply
    ) async throws -> (PeerRequest, Reply) {
        let folder = TemporaryFolder()
        let peer = try ScriptedPeer(folder["s"])
        let patient = patient
        async let reply = onThread {
            try call(BlockingConnection(socketPath: folder["s"], configuration: patient))
        }
        let connection = try await peer.accept()
        let request = try await connection.request()
        try connection.answer(request, answer)
        return (request, try await reply)
    }

    @Test func `Score carries context and items, and brings scores`() async throws {
        let context = Context(userID: "ada", basket: ["tea", "tasse-ü"], history: ["x", "y"])
        let items = (0..<100).map { "item-\($0)" }
        let scores = (0..<100).map { Float($0) / 3 }
        let (request, reply) = try await exchange(scoreResponse(scores, unknown: [3, 99], tier: 2))
        {
            try $0.score(items, for: context)
        }
        #expect(request.service == "sidecart.v1.Scoring" && request.method == "Score")
        #expect((1...30_000_000_000).contains(request.timeoutNanoseconds))
        #expect(scoreItems(request.payload) == items)
        let decoded = try #require(
            sidecart__v1__score_request__unpack(nil, request.payload.count, request.payload))
        defer { sidecart__v1__score_request__free_unpacked(decoded, nil) }
        let sent = try #require(decoded.pointee.context).pointee
        #expect(text(sent.user_id) == "ada")
        #expect(texts(sent.basket, sent.n_basket) == context.basket)
        #expect(texts(sent.history, sent.n_history) == context.history)
        #expect(reply.values == scores)
        #expect(reply.unknown == [3, 99])
        #expect(reply.tier == .linear)
        #expect(reply.modelVersion == "v1")
    }

    @Test func `Recommend carries its options, and brings a slate with reasons`() async throws {
        let arena = Arena()
        var reason = Sidecart__V1__Reason()
        sidecart__v1__reason__init(&reason)
        reason.kind = Sidecart__V1__Reason__Kind(rawValue: 1)
        reason.item_id = arena.bytes("tea")
        reason.title = arena.bytes("Grüner Tee")
        (reason.contribution, reason.lift, reason.confidence) = (0.5, 4, 0.25)
        (reason.times, reason.interval_days, reason.age_days) = (3, 14.5, 9)
        var item = Sidecart__V1__SlateItem()
        sidecart__v1__slate_item__init(&item)
        item.item_id = arena.bytes("cup")
        item.title = arena.bytes("Cup")
        item.category = arena.bytes("Kitchen")
        (item.score, item.price, item.propensity) = (-1.5, 9.75, 0.125)
        item.n_reasons = 1
        item.reasons = arena.array([arena.box(reason)])
        var bare = Sidecart__V1__SlateItem()
        sidecart__v1__slate_item__init(&bare)
        bare.item_id = arena.bytes("pot")
        var response = Sidecart__V1__RecommendResponse()
        sidecart__v1__recommend_response__init(&response)
        response.n_items = 2
        response.items = arena.array([arena.box(item), arena.box(bare)])
        response.tier = Sidecart__V1__Tier(rawValue: 77)
        response.model_version = arena.bytes("v2")
        response.n_unknown = 1
        response.unknown = arena.array([arena.bytes("nix")])
        var left = Sidecart__V1__LeftOut()
        sidecart__v1__left_out__init(&left)
        (left.rule, left.items) = (SIDECART__V1__RULE__PRICE, 12)
        response.n_left_out = 1
        response.left_out = arena.array([arena.box(left)])
        var absent = Sidecart__V1__WhyNot()
        sidecart__v1__why_not__init(&absent)
        absent.item_id = arena.bytes("pan")
        absent.outcome = SIDECART__V1__WHY_NOT__OUTCOME__RANKED_LOWER
        absent.rule = SIDECART__V1__RULE__CATEGORY_PLACES
        (absent.rank, absent.score, absent.missing) = (17, 0.25, 0.5)
        absent.n_reasons = 1
        absent.reasons = arena.array([arena.box(reason)])
        var share = Sidecart__V1__ItemShare()
        sidecart__v1__item_share__init(&share)
        (share.item_id, share.title) = (arena.bytes("tea"), arena.bytes("Tea"))
        share.contribution = 0.75
        var part = Sidecart__V1__ScorePart()
        sidecart__v1__score_part__init(&part)
        part.feature = arena.bytes("complement")
        (part.value, part.contribution) = (1.5, 0.75)
        (part.n_items, part.items) = (1, arena.array([arena.box(share)]))
        (absent.n_parts, absent.parts) = (1, arena.array([arena.box(part)]))
        response.n_why_not = 1
        response.why_not = arena.array([arena.box(absent)])

        var options = SlateOptions(count: 300)
        options.excluding = ["a", "b"]
        options.includesPurchased = true
        options.includesOutOfStock = true
        options.perCategoryMax = 2
        (options.idsOnly, options.scoreParts) = (true, true)
        (options.marginWeight, options.newItemsMax, options.leavesOutNewItems) = (0.5, 3, true)
        (options.priceMin, options.priceMax) = (2.5, 10)
        (options.categories, options.excludingCategories) = (["A > B", "C"], ["D"])
        (options.allowing, options.ruleSet) = (["x"], "checkout")
        (options.includesDue, options.leavesOutSubstitutes) = (true, true)
        (options.basketBudget, options.supportMin, options.diversity) = (99, 5, 0.25)
        (options.categoryLevel, options.perBasketItemMax) = (1, 3)
        options.boosts = [Boost(.item("i"), by: 2), Boost(.category("C > D"), by: 0.5)]
        options.whyNot = ["pan"]
        options.exploration = Exploration(share: 0.1, places: 2, pool: 5, seed: 1 << 40)
        let (request, slate) = try await exchange(pack(&response)) { [options] in
            try $0.recommend(for: Context(), options)
        }
        let decoded = try #require(
            sidecart__v1__recommend_request__unpack(nil, request.payload.count, request.payload))
        defer { sidecart__v1__recommend_request__free_unpacked(decoded, nil) }
        let sent = decoded.pointee
        #expect(sent.context == nil)
        #expect(sent.k == 300 && sent.per_category_max == 2)
        #expect(texts(sent.exclude, sent.n_exclude) == ["a", "b"])
        #expect(sent.price_min == 2.5 && sent.price_max == 10)
        #expect(texts(sent.categories, sent.n_categories) == ["A > B", "C"])
        #expect(texts(sent.exclude_categories, sent.n_exclude_categories) == ["D"])
        #expect(texts(sent.allow, sent.n_allow) == ["x"] && text(sent.rule_set) == "checkout")
        #expect(sent.include_due == 1 && sent.leave_out_substitutes == 1)
        #expect(sent.score_parts == 1 && sent.margin_weight == 0.5)
        #expect(sent.new_items_max == 3 && sent.leave_out_new_items == 1)
        #expect(sent.basket_budget == 99 && sent.support_min == 5 && sent.diversity == 0.25)
        #expect(sent.category_level == 1 && sent.per_basket_item_max == 3)
        let explore = try #require(sent.explore?.pointee)
        #expect(explore.share == 0.1 && explore.places == 2 && explore.pool == 5)
        #expect(explore.seed == 1 << 40)
        #expect(texts(sent.why_not, sent.n_why_not) == ["pan"])
        let boosts = (0..<sent.n_boosts).map { sent.boosts[$0]!.pointee }
        #expect(boosts.map { text($0.item_id) } == ["i", ""])
        #expect(boosts.map { text($0.category) } == ["", "C > D"])
        #expect(boosts.map(\.factor) == [2, 0.5])
        #expect(
            sent.include_purchased == 1 && sent.include_out_of_stock == 1 && sent.ids_only == 1)

        var because = Reason(kind: .boughtTogether)
        (because.itemID, because.title) = ("tea", "Grüner Tee")
        (because.contribution, because.lift, because.confidence) = (0.5, 4, 0.25)
        (because.times, because.intervalDays, because.ageDays) = (3, 14.5, 9)
        var cup = SlateItem(itemID: "cup", score: -1.5)
        (cup.title, cup.category, cup.price, cup.reasons) = ("Cup", "Kitchen", 9.75, [because])
        cup.propensity = 0.125
        // A tier of a newer server is no error.
        var expected = Slate(
            items: [cup, SlateItem(itemID: "pot", score: 0)], tier: .unspecified,
            modelVersion: "v2", unknown: ["nix"])
        expected.leftOut = [LeftOut(rule: .price, items: 12)]
        var pan = WhyNot(itemID: "pan", outcome: .rankedLower)
        (pan.rule, pan.rank, pan.score, pan.missing) = (.categoryPlaces, 17, 0.25, 0.5)
        pan.reasons = [because]
        var split = ScorePart(feature: "complement", contribution: 0.75)
        split.value = 1.5
        split.items = [ItemShare(itemID: "tea", contribution: 0.75)]
        split.items[0].title = "Tea"
        pan.parts = [split]
        expected.whyNot = [pan]
        #expect(slate == expected)
    }

    @Test func `Related carries item, relation and count, and brings items`() async throws {
        let arena = Arena()
        var item = Sidecart__V1__RelatedItem()
        sidecart__v1__related_item__init(&item)
        item.item_id = arena.bytes("cup")
        item.title = arena.bytes("Cup")
        item.category = arena.bytes("Kitchen")
        (item.score, item.price, item.lift, item.confidence) = (0.5, 3, 2, 0.25)
        item.relation = SIDECART__V1__RELATION__SUBSTITUTE
        (item.interval_days, item.spread_days) = (14, 3)
        var response = Sidecart__V1__RelatedResponse()
        sidecart__v1__related_response__init(&response)
        response.n_items = 1
        response.items = arena.array([arena.box(item)])
        response.model_version = arena.bytes("v1")
        let (request, related) = try await exchange(pack(&response)) {
            try $0.related(to: "tea", by: [.similar, .substitute], count: 7)
        }
        let decoded = try #require(
            sidecart__v1__related_request__unpack(nil, request.payload.count, request.payload))
        defer { sidecart__v1__related_request__free_unpacked(decoded, nil) }
        #expect(text(decoded.pointee.item_id) == "tea" && decoded.pointee.k == 7)
        #expect(decoded.pointee.n_relations == 2)
        #expect(decoded.pointee.relations[0].rawValue == 2)
        #expect(decoded.pointee.relations[1].rawValue == 3)
        var cup = RelatedItem(itemID: "cup", relation: .substitute, score: 0.5)
        (cup.title, cup.category, cup.price) = ("Cup", "Kitchen", 3)
        (cup.lift, cup.confidence) = (2, 0.25)
        (cup.intervalDays, cup.spreadDays) = (14, 3)
        #expect(related == RelatedItems(items: [cup], modelVersion: "v1"))
    }

    @Test func `Embeddings are put, read, searched and deleted`() async throws {
        let arena = Arena()
        var embedding = Sidecart__V1__Embedding()
        sidecart__v1__embedding__init(&embedding)
        embedding.id = arena.bytes("tea")
        embedding.n_vector = 3
        embedding.vector = arena.array([1, -2, 0.5] as [Float])
        var got = Sidecart__V1__GetEmbeddingsResponse()
        sidecart__v1__get_embeddings_response__init(&got)
        got.n_embeddings = 1
        got.embeddings = arena.array([arena.box(embedding)])
        got.n_unknown = 1
        got.unknown = arena.array([300])
        let (asked, found) = try await exchange(pack(&got)) {
            try $0.embeddings(of: ["tea", "x"], in: .users)
        }
        let get = try #require(
            sidecart__v1__get_embeddings_request__unpack(nil, asked.payload.count, asked.payload))
        defer { sidecart__v1__get_embeddings_request__free_unpacked(get, nil) }
        #expect(get.pointee.space.rawValue == 2)
        #expect(texts(get.pointee.ids, get.pointee.n_ids) == ["tea", "x"])
        let tea = Embedding(id: "tea", vector: [1, -2, 0.5])
        #expect(found == FoundEmbeddings(embeddings: [tea], unknown: [300]))

        var counts = Sidecart__V1__PutEmbeddingsResponse()
        sidecart__v1__put_embeddings_response__init(&counts)
        (counts.added, counts.replaced) = (1, 200)
        let (given, put) = try await exchange(pack(&counts)) {
            try $0.putEmbeddings([tea, Embedding(id: "cup", vector: [])], in: .items)
        }
        let sent = try #require(
            sidecart__v1__put_embeddings_request__unpack(nil, given.payload.count, given.payload))
        defer { sidecart__v1__put_embeddings_request__free_unpacked(sent, nil) }
        #expect(sent.pointee.n_embeddings == 2 && sent.pointee.space.rawValue == 1)
        let first = try #require(sent.pointee.embeddings[0]).pointee
        #expect(text(first.id) == "tea")
        #expect(
            Array(UnsafeBufferPointer(start: first.vector, count: first.n_vector)) == tea.vector)
        #expect(put == PutCounts(added: 1, replaced: 200))

        var neighbor = Sidecart__V1__Neighbor()
        sidecart__v1__neighbor__init(&neighbor)
        neighbor.id = arena.bytes("cup")
        neighbor.score = 0.25
        var near = Sidecart__V1__NearestResponse()
        sidecart__v1__nearest_response__init(&near)
        near.n_neighbors = 1
        near.neighbors = arena.array([arena.box(neighbor)])
        let (searched, neighbors) = try await exchange(pack(&near)) {
            try $0.nearest(to: tea.vector, in: .items, count: 5)
        }
        let search = try #require(
            sidecart__v1__nearest_request__unpack(nil, searched.payload.count, searched.payload))
        defer { sidecart__v1__nearest_request__free_unpacked(search, nil) }
        #expect(search.pointee.k == 5 && search.pointee.n_vector == 3)
        #expect(neighbors == [Neighbor(id: "cup", score: 0.25)])

        var deletion = Sidecart__V1__DeleteEmbeddingsResponse()
        sidecart__v1__delete_embeddings_response__init(&deletion)
        deletion.deleted = 2
        let (_, deleted) = try await exchange(pack(&deletion)) {
            try $0.deleteEmbeddings(of: ["a", "b", "c"], in: .items)
        }
        #expect(deleted == 2)
    }

    @Test func `Status and health bring what the server says of itself`() async throws {
        let arena = Arena()
        var response = Sidecart__V1__StatusResponse()
        sidecart__v1__status_response__init(&response)
        response.version = arena.bytes("1.0")
        response.model_version = arena.bytes("m")
        response.model_kind = arena.bytes("ials")
        (response.items, response.users, response.dimensions) = (1, 2, 3)
        (response.threads, response.connections, response.calls) = (4, 5, 6)
        (response.failed_calls, response.uptime_milliseconds) = (7, 8)
        (response.cpu_microseconds, response.resident_bytes) = (9, 10)
        (response.store_bytes, response.store_bytes_max) = (11, UInt64.max)
        (response.draining, response.pid) = (1, 13)
        (response.broken_off_foreign, response.broken_off_unread) = (14, 15)
        (response.broken_off_unfinished, response.broken_off_drained) = (16, 17)
        response.moved_calls = 18
        let (_, status) = try await exchange(pack(&response)) { try $0.status() }
        var expected = ServerStatus()
        (expected.version, expected.modelVersion, expected.modelKind) = ("1.0", "m", "ials")
        (expected.items, expected.users, expected.dimensions) = (1, 2, 3)
        (expected.threads, expected.connections, expected.calls) = (4, 5, 6)
        (expected.failedCalls, expected.uptime) = (7, .milliseconds(8))
        (expected.cpuTime, expected.residentBytes) = (.microseconds(9), 10)
        (expected.storeBytes, expected.storeBytesMax) = (11, .max)
        (expected.isDraining, expected.processID) = (true, 13)
        (expected.brokenOffForeign, expected.brokenOffUnread) = (14, 15)
        (expected.brokenOffUnfinished, expected.brokenOffDrained) = (16, 17)
        expected.movedCalls = 18
        #expect(status == expected)

        var check = Grpc__Health__V1__HealthCheckResponse()
        grpc__health__v1__health_check_response__init(&check)
        check.status = Grpc__Health__V1__HealthCheckResponse__ServingStatus(rawValue: 1)
        let (request, health) = try await exchange(pack(&check)) { try $0.health(of: "a.B") }
        #expect(request.service == "grpc.health.v1.Health" && request.method == "Check")
        #expect(health == .serving)
        let (drain, _) = try await exchange([]) { try $0.drain() }
        #expect(drain.method == "Drain" && drain.payload.isEmpty)
    }

    @Test func `A server's models come with all that is known of them`() async throws {
        let arena = Arena()
        var warmUp = Sidecart__V1__WarmUp()
        sidecart__v1__warm_up__init(&warmUp)
        (warmUp.requests, warmUp.refused, warmUp.refusal) = (1, 2, arena.bytes("why"))
        (warmUp.shared, warmUp.same_first) = (0.5, 0.25)
        (warmUp.microseconds, warmUp.serving_microseconds) = (3, 4)
        var model = Sidecart__V1__Model()
        sidecart__v1__model__init(&model)
        (model.number, model.state) = (5, Sidecart__V1__ModelState(rawValue: 2))
        (model.path, model.version) = (arena.bytes("/p"), arena.bytes("v"))
        (model.kind, model.items, model.users, model.dimensions) = (arena.bytes("ials"), 6, 7, 8)
        (model.bytes, model.loaded_at_milliseconds, model.load_milliseconds) = (9, 10, 11)
        (model.promoted_at_milliseconds, model.digest) = (12, arena.bytes("d"))
        model.failure = arena.bytes("f")
        var verdict = Sidecart__V1__Verdict()
        sidecart__v1__verdict__init(&verdict)
        (verdict.at_milliseconds, verdict.promoted, verdict.reason) = (13, 1, arena.bytes("r"))
        (verdict.version, verdict.path) = (arena.bytes("w"), arena.bytes("/q"))
        (verdict.against, verdict.measure) = (arena.bytes("v"), arena.bytes("mrr@10"))
        (verdict.queries, verdict.candidate, verdict.running) = (14, 0.5, 0.25)
        (verdict.low, verdict.high) = (-1, 1)
        var retraining = Sidecart__V1__Retraining()
        sidecart__v1__retraining__init(&retraining)
        retraining.schedule = arena.bytes("daily")
        (retraining.started_at_milliseconds, retraining.next_at_milliseconds) = (15, 16)
        var list = Sidecart__V1__ListModelsResponse()
        sidecart__v1__list_models_response__init(&list)
        (list.bytes, list.bytes_max, list.folder) = (17, 18, arena.bytes("/m"))
        let (packed, loaded) = withUnsafeMutablePointer(to: &warmUp) { warmUp in
            model.warm_up = warmUp
            return withUnsafeMutablePointer(to: &model) { model in
                withUnsafeMutablePointer(to: &verdict) { verdict in
                    withUnsafeMutablePointer(to: &retraining) { retraining in
                        var (models, verdicts) = ([Optional(model)], [Optional(verdict)])
                        return models.withUnsafeMutableBufferPointer { models in
                            verdicts.withUnsafeMutableBufferPointer { verdicts in
                                (list.n_models, list.models) = (1, models.baseAddress)
                                retraining.pointee.n_verdicts = 1
                                retraining.pointee.verdicts = verdicts.baseAddress
                                list.retraining = retraining
                                var loaded = Sidecart__V1__LoadModelResponse()
                                sidecart__v1__load_model_response__init(&loaded)
                                loaded.model = model
                                return (pack(&list), pack(&loaded))
                            }
                        }
                    }
                }
            }
        }
        var expected = ServedModel()
        (expected.number, expected.state) = (5, .ready)
        (expected.path, expected.version, expected.kind) = ("/p", "v", "ials")
        (expected.items, expected.users, expected.dimensions) = (6, 7, 8)
        (expected.bytes, expected.loadedAtMilliseconds) = (9, 10)
        (expected.loadTime, expected.promotedAtMilliseconds) = (.milliseconds(11), 12)
        (expected.digest, expected.failure) = ("d", "f")
        var expectedWarmUp = ServedModel.WarmUp()
        (expectedWarmUp.requests, expectedWarmUp.refused, expectedWarmUp.refusal) = (1, 2, "why")
        (expectedWarmUp.shared, expectedWarmUp.sameFirst) = (0.5, 0.25)
        (expectedWarmUp.microseconds, expectedWarmUp.servingMicroseconds) = (3, 4)
        expected.warmUp = expectedWarmUp
        let (request, models) = try await exchange(packed) { try $0.models() }
        #expect(request.service == "sidecart.v1.Models" && request.method == "List")
        #expect(models.models == [expected] && models.folder == "/m")
        #expect(models.bytes == 17 && models.bytesMax == 18)
        var expectedVerdict = Retraining.Verdict()
        (expectedVerdict.atMilliseconds, expectedVerdict.isPromoted) = (13, true)
        (expectedVerdict.reason, expectedVerdict.version, expectedVerdict.path) = ("r", "w", "/q")
        (expectedVerdict.against, expectedVerdict.measure) = ("v", "mrr@10")
        (expectedVerdict.queries, expectedVerdict.candidate) = (14, 0.5)
        (expectedVerdict.running, expectedVerdict.low, expectedVerdict.high) = (0.25, -1, 1)
        #expect(models.retraining?.schedule == "daily")
        #expect(models.retraining?.startedAtMilliseconds == 15)
        #expect(models.retraining?.nextAtMilliseconds == 16)
        #expect(models.retraining?.verdicts == [expectedVerdict])

        let (load, begun) = try await exchange(loaded) {
            try $0.loadModel(at: "x", promotes: true)
        }
        #expect(load.method == "Load" && begun == expected)
        #expect(load.payload == [0x0a, 1, UInt8(ascii: "x"), 0x10, 1])
        let (promote, _) = try await exchange(loaded) { try $0.promoteModel(version: "v") }
        #expect(promote.method == "Promote" && promote.payload == [0x0a, 1, UInt8(ascii: "v")])
        let (back, _) = try await exchange(loaded) { try $0.rollBackModel() }
        #expect(back.method == "Rollback" && back.payload.isEmpty)
    }

    @Test func `Every truncation of an answer is refused or understood, without a crash`()
        async throws
    {
        let whole = scoreResponse([1, 2, 3], unknown: [1])
        let folder = TemporaryFolder()
        let peer = try ScriptedPeer(folder["s"])
        let client = SidecartClient(socketPath: folder["s"], configuration: patient)
        async let codes = {
            var codes: [SidecartError.Code?] = []
            for _ in 0...whole.count {
                do {
                    _ = try await client.score(["a", "b", "c"], for: Context())
                    codes.append(nil)
                } catch let error as SidecartError {
                    codes.append(error.code)
                }
            }
            return codes
        }()
        let connection = try await peer.accept()
        for length in 0...whole.count {
            try connection.answer(try await connection.request(), Array(whole[..<length]))
        }
        let found = try await codes
        #expect(found[0] == .internal, "no scores for three items")
        #expect(found.last == .some(nil))
        #expect(found.allSatisfy { $0 == nil || $0 == .internal })
    }

    @Test(
        arguments: [
            ("text that is not UTF-8", [0x22, 0x01, 0xff]), ("a group", [0x0b, 0x0c]),
            ("a field number of 0", [0x00, 0x00]),
            ("a number without end", [0x18] + [UInt8](repeating: 0xff, count: 11)),
            ("a cut float", [0x0a, 0x03, 0, 0, 0]),
            ("an unknown position past the items", [0x10, 0x03]),
            ("a packed number without end", [0x12, 0x01, 0x80]),
        ] as [(String, [UInt8])])
    func `A malformed answer is an internal error`(_ what: String, _ extra: [UInt8]) async throws {
        let error = await #expect(throws: SidecartError.self) {
            try await exchange(scoreResponse([1, 2]) + extra) {
                try $0.score(["a", "b"], for: Context())
            }
        }
        #expect(error?.code == .internal && error?.origin == .client)
    }

    @Test func `Unknown fields are passed over and unpacked numbers are read`() async throws {
        let one = withUnsafeBytes(of: Float(2.5)) { Array($0) }
        let answer: [UInt8] =
            [0x0d] + one + [0x0d] + one + [0x10, 0x01, 0xf8, 0x07, 0x05, 0xfa, 0x07, 0x01, 0x00]
        let (_, scores) = try await exchange(answer) { try $0.score(["a", "b"], for: Context()) }
        #expect(scores.values == [2.5, 2.5])
        #expect(scores.unknown == [1])
    }
}
