import Evaluation
import Foundation
import Interactions
import Measures
import ModelParts
import Models
import Testing

@Suite struct ReplayTests {
    private let context = TrainingContext(threads: 2, seed: 1)

    private func judge(_ name: String, _ replay: Replay) throws -> ReplayedPolicy {
        switch try replay.judge(ModelRegistry.entry(name), context: context) {
        case .judged(let policy): return policy
        case .refused(let refusal): throw EvaluationError(refusal.description)
        }
    }

    /// Of 200 intervals of 95 % fewer than 180 or more than 198 hold the truth in one case of 200.
    private static let nominal = 180...198

    /// Baskets in which each of three items goes with other ones.
    private func makeShop() -> Dataset {
        let partners: [[Int32]] = [
            [3, 3, 3, 4, 4, 5], [6, 6, 6, 7, 7, 8], [9, 9, 9, 10, 10, 11],
        ]
        var events: [(user: Int32, item: Int32, time: Int64, basket: Int32)] = []
        var basket: Int32 = 0
        for (item, others) in partners.enumerated() {
            for other in others {
                events.append((EventTable.none, Int32(item), EventTable.noTime, basket))
                events.append((EventTable.none, other, EventTable.noTime, basket))
                basket += 1
            }
        }
        return makeDataset(
            users: 0, items: SimulatedVisits.itemCount, baskets: Int(basket), events)
    }

    @Test func `a model's true value lies in its intervals at their nominal rate`() throws {
        let shop = makeShop()
        let model = CoPurchase()
        let training = try TrainingData(dataset: shop)
        var slates = Array(repeating: [Int](), count: SimulatedVisits.basketCount)
        for basket in slates.indices {
            let task = RankingTask(
                users: [-1], contexts: makeMatrix([[Int32(basket)]], columns: shop.items.count),
                relevant: makeMatrix([[]], columns: shop.items.count), context: .basket,
                excludesContext: true)
            let ranker = try EngineRanker(
                parts: model.train(on: training, with: context),
                histories: training.historiesByTime, task: task, threads: 1)
            nonisolated(unsafe) var slate: [Int] = []
            ranker.forEachAnswer(depth: 2) { _, answer in
                if case .list(let items, _, _) = answer { slate = items.map { Int($0) } }
            }
            slates[basket] = slate
        }
        #expect(slates == [[3, 4], [6, 7], [9, 10]])

        let visits = SimulatedVisits(seed: 7)
        let truth = visits.value(ofSlates: slates)
        var covered = (ips: 0, snips: 0, weight: 0)
        var sums = (ips: 0.0, snips: 0.0)
        for seed in 0..<200 {
            let log = visits.makeLog(requests: 1_500, seed: UInt64(seed))
            let plan = try ReplayPlan(judging: log, trainedOn: shop)
            let value = try judge(CoPurchase.name, Replay(plan: plan)).value
            let snips = try #require(value.snips)
            if value.ips.low...value.ips.high ~= truth { covered.ips += 1 }
            if snips.low...snips.high ~= truth { covered.snips += 1 }
            if value.meanWeight.low...value.meanWeight.high ~= 1 { covered.weight += 1 }
            sums.ips += value.ips.value / 200
            sums.snips += snips.value / 200
        }
        print("of 200 intervals around a model's value these hold it: \(covered)")
        #expect(Self.nominal ~= covered.ips, "\(covered)")
        #expect(Self.nominal ~= covered.snips, "\(covered)")
        #expect(Self.nominal ~= covered.weight, "\(covered)")
        #expect(abs(sums.ips / truth - 1) < 0.02, "\(sums), \(truth)")
        #expect(abs(sums.snips / truth - 1) < 0.02, "\(sums), \(truth)")
    }

    /// As in a log of Thompson sampling: a few items are nearly all that is shown, and others hardly.
    @Test func `a policy of chance is judged at the nominal rate by a skewed log`() throws {
        var generator = SeededGenerator(seed: 11)
        let scores = (0..<20).map { _ in exp(1.2 * generator.nextNormal()) }
        let chances = scores.map { $0 / scores.reduce(0, +) }
        let rates = (0..<20).map { _ in Double.random(in: 0.01...0.1, using: &generator) }
        let truth = rates.reduce(0, +) / 20
        var covered = (ips: 0, snips: 0)
        for seed in 0..<200 {
            var generator = SeededGenerator(seed: 1_000 + UInt64(seed))
            var log = ImpressionLog()
            log.items = IdentifierTable((0..<20).map { "\($0)" })
            for _ in 0..<4_000 {
                var left = Double.random(in: 0..<1, using: &generator)
                let item =
                    chances.firstIndex { chance in
                        left -= chance
                        return left < 0
                    } ?? 19
                let clicks = Double.random(in: 0..<1, using: &generator) < rates[item]
                log.append(
                    request: log.addRequest(), item: Int32(item), propensity: chances[item],
                    reward: clicks ? 1 : 0)
            }
            let value = Replay(plan: ReplayPlan(judging: log)).judgeUniform().value
            let snips = try #require(value.snips)
            if value.ips.low...value.ips.high ~= truth { covered.ips += 1 }
            if snips.low...snips.high ~= truth { covered.snips += 1 }
        }
        print("of 200 intervals around the value of chance these hold it: \(covered)")
        #expect(Self.nominal ~= covered.ips, "\(covered)")
        #expect(Self.nominal ~= covered.snips, "\(covered)")
    }

    // MARK: Small logs

    /// `i0` sold three times, `i1` twice and `i2` once, a day each from 0.
    private func makeSales() -> Dataset {
        makeDataset(
            users: 1, items: 3, baskets: 6,
            [0, 0, 0, 1, 1, 2].enumerated().map {
                (EventTable.none, Int32($1), Int64($0) * 86_400, Int32($0))
            })
    }

    /// A log of these lines, without times.
    private func makeLog(
        _ lines: [(item: String, position: Int32, propensity: Double, reward: Double)]
    )
        -> ImpressionLog
    {
        var log = ImpressionLog()
        for line in lines {
            log.append(
                request: log.addRequest(), item: log.items.insert(line.item),
                position: line.position, propensity: line.propensity, reward: line.reward)
        }
        return log
    }

    @Test func `a model earns what was earned where its slate has the shown item at the place`()
        throws
    {
        let log = makeLog([
            ("i0", 1, 0.5, 1), ("i1", 1, 0.25, 1), ("i1", 2, 0.2, 0), ("i2", 3, 0.25, 2),
            ("new", 2, 0.1, 1), ("i0", 2, 0.5, 1),
        ])
        let plan = try ReplayPlan(judging: log, trainedOn: makeSales())
        let value = try judge(Popularity.name, Replay(plan: plan)).value
        // Weights 2, 0, 5, 4, 0 and 0.
        #expect(value.matched == 3 && value.rewarded == 2)
        #expect(abs(value.ips.value - 10 / 6.0) < 1e-12)
        #expect(abs(try #require(value.snips).value - 10 / 11.0) < 1e-12)
        let cut = try judge(Popularity.name, Replay(plan: plan, weightMax: 3)).value
        #expect(cut.clipped == 2 && abs(cut.ips.value - 8 / 6.0) < 1e-12)
        #expect(plan.notes.contains { $0.hasPrefix("17 % of the impressions are of items") })
        let logged = Replay(plan: plan).judgeLogged().value
        #expect(logged.ips.value == 1 && logged.snips?.value == 1)
    }

    @Test func `events from the log's first request on are not learned from`() throws {
        var log = ImpressionLog()
        let item = log.items.insert("i1")
        log.append(
            request: log.addRequest(time: 3 * 86_400), item: item, propensity: 0.5, reward: 1)
        let plan = try ReplayPlan(judging: log, trainedOn: makeSales())
        #expect(plan.split?.training.popularity == [3, 0, 0])
        #expect(plan.summary.contains("3 events before the log's first request; 3 later ones"))
    }

    @Test func `without events the older half of the log teaches and the newer half judges`() throws
    {
        var log = ImpressionLog()
        for (place, item) in ["b", "a", "a", "b", "a", "c"].enumerated() {
            // The newest come first.
            log.append(
                request: log.addRequest(time: Int64(100 - place)), item: log.items.insert(item),
                propensity: 0.5, reward: item == "c" ? 0 : 1)
        }
        let plan = try ReplayPlan(halving: log)
        #expect(plan.log.count == 3 && plan.log.requestTimes == [100, 99, 98])
        #expect(plan.split?.training.popularity == [1, 1, 0])
        #expect(throws: EvaluationError.self) {
            try ReplayPlan(halving: log.keepingRequests { $0 == 5 || $0 == 0 })
        }
    }

    @Test func `what the shopper bought is on a slate only where asked`() throws {
        var shop = makeSales()
        shop.events.append(user: 0, item: 0, time: 0, basket: 0)
        var log = ImpressionLog()
        for item in ["i0", "i1"] {
            log.append(
                request: log.addRequest(user: log.users.insert("u0")),
                item: log.items.insert(item), propensity: 0.5, reward: item == "i1" ? 1 : 0)
        }
        for (included, value) in [(false, 1.0), (true, 0)] {
            let plan = try ReplayPlan(judging: log, trainedOn: shop, includesPurchased: included)
            #expect(try judge(Popularity.name, Replay(plan: plan)).value.ips.value == value)
        }
    }

    @Test func `figures that rest on next to nothing are warned of`() throws {
        let rare = makeLog(
            (0..<2_000).map { ("i\($0 % 3)", 1, $0 == 0 ? 1e-6 : 1 / 3.0, $0 % 50 == 0 ? 1 : 0) })
        let uniform = Replay(plan: ReplayPlan(judging: rare)).judgeUniform()
        #expect(uniform.value.effectiveSampleSize < 2)
        #expect(uniform.warnings.contains { $0.contains("as much of it as 1.01 requests would") })
        #expect(uniform.warnings.contains { $0.contains("one request has 99 % of all weight") })

        let never = makeLog([("i2", 1, 0.5, 1), ("i2", 1, 0.5, 1)])
        let plan = try ReplayPlan(judging: never, trainedOn: makeSales())
        #expect(
            try judge(Popularity.name, Replay(plan: plan)).warnings
                == ["none of its items was logged at its place, so the log tells nothing of it"])

        let half = makeLog((0..<4_000).map { ("i\($0 % 2)", 1, 0.9, Double($0 % 2)) })
        let missing = try judge(
            Popularity.name, Replay(plan: ReplayPlan(judging: half, trainedOn: makeSales())))
        #expect(missing.warnings.contains { $0.contains("its mean weight is 0.56 and not 1") })
    }

    @Test func `a model that knows only its users is refused`() throws {
        let plan = try ReplayPlan(judging: makeLog([("i0", 1, 0.5, 1)]), trainedOn: makeSales())
        #expect(throws: EvaluationError.self) { try judge(BPR.name, Replay(plan: plan)) }
        #expect(throws: EvaluationError.self) {
            try ReplayPlan(judging: makeLog([("other", 1, 0.5, 1)]), trainedOn: makeSales())
        }
    }
}
