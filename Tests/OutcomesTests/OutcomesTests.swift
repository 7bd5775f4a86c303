import Outcomes
import Testing

/// A seeded source of numbers, so that a failure can be had again.
private struct Numbers: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}

@Suite struct OutcomesTests {
    private func makeOutcomes(lanes: Int = 2, bytesMax: Int = 1 << 20) -> Outcomes {
        Outcomes(tiers: ["full", "popular"], lanes: lanes, bytesMax: bytesMax, since: 1_000)
    }

    func show(
        _ items: [String], on log: SlateLog, tier: Int = 1, ruleSet: Int = 0,
        reason: ShownReason = .taste, exploring explored: Set<String> = [], at seconds: Int = 2_000
    ) -> UInt64 {
        log.begin(items: items.count, tier: tier, ruleSet: ruleSet, seconds: seconds)
        for item in items {
            Array(item.utf8).withUnsafeBytes {
                log.add($0, reason, isExplored: explored.contains(item))
            }
        }
        return log.end()
    }

    func note(
        _ act: Outcomes.Act, _ item: String, _ slate: UInt64, in outcomes: Outcomes
    ) -> Outcomes.Attribution {
        Array(item.utf8).withUnsafeBytes { outcomes.note(act, on: $0, slate: slate) }
    }

    @Test("A click and a purchase are tied to the slate that showed the item, each once")
    func attribution() {
        let outcomes = makeOutcomes()
        let (first, second) = (outcomes.makeLog(), outcomes.makeLog())
        let rules = outcomes.number(ofRuleSet: "checkout")
        let a = show(["tea", "cup"], on: first, ruleSet: rules, exploring: ["cup"])
        let b = show(["tea", "pot"], on: second, tier: 2, reason: .popular, at: 1_500)
        #expect(note(.click, "tea", a, in: outcomes) == .counted)
        #expect(note(.click, "tea", a, in: outcomes) == .repeated)
        #expect(note(.click, "cup", a, in: outcomes) == .counted)
        #expect(note(.purchase(revenue: 2.5), "tea", a, in: outcomes) == .counted)
        #expect(note(.purchase(revenue: 1), "tea", a, in: outcomes) == .repeated)
        #expect(note(.purchase(revenue: 10), "pot", b, in: outcomes) == .counted)
        #expect(note(.click, "pot", a, in: outcomes) == .notOnSlate)
        #expect(note(.click, "", a, in: outcomes) == .notOnSlate)
        #expect(note(.click, "tea", a &+ 1, in: outcomes) == .unknownSlate)
        #expect(note(.click, "tea", 0, in: outcomes) == .unknownSlate)
        let report = outcomes.report()
        #expect(report.since == 1_000 && report.slates == 2 && report.slatesMissed == 0)
        #expect(report.oldestSlate == 1_500)
        #expect(report.itemsNotOnSlate == 2 && report.unknownSlates == 2)
        #expect(report.all.impressions == 4 && report.all.clicks == 2)
        #expect(report.all.purchases == 2 && report.all.revenue == 13.5)
        #expect(report.all.itemsShown == 3 && report.all.itemsSold == 2)
        func row(_ rows: [OutcomeReport.Row], _ name: String) -> [Double]? {
            rows.first { $0.name == name }.map {
                [
                    Double($0.impressions), Double($0.clicks), Double($0.purchases), $0.revenue,
                    Double($0.itemsShown), Double($0.itemsSold),
                ]
            }
        }
        #expect(row(report.byTier, "full") == [2, 2, 1, 3.5, 2, 1])
        #expect(row(report.byTier, "popular") == [2, 0, 1, 10, 2, 1])
        #expect(row(report.byReason, "taste") == [2, 2, 1, 3.5, 2, 1])
        #expect(row(report.byRuleSet, "checkout") == [2, 2, 1, 3.5, 2, 1])
        #expect(row(report.byRuleSet, "") == [2, 0, 1, 10, 2, 1])
        #expect(row(report.byExploration, "explored") == [1, 1, 0, 0, 1, 0])
        #expect(row(report.byExploration, "ranked") == [3, 1, 2, 13.5, 2, 2])
        #expect(outcomes.cells().cells.count == 3)
    }

    @Test("Before anything is shown there is nothing to report")
    func empty() {
        let outcomes = makeOutcomes()
        let log = outcomes.makeLog()
        #expect(outcomes.report().oldestSlate == nil && outcomes.report().all.impressions == 0)
        let id = show(["tea"], on: log)
        #expect(outcomes.report().oldestSlate == 2_000 && id != 0)
    }

    @Test("Ids are all different, over lanes and lives, and do not show how many there were")
    func ids() {
        var seen: Set<UInt64> = []
        for _ in 0..<2 {
            let outcomes = makeOutcomes()
            for log in [outcomes.makeLog(), outcomes.makeLog()] {
                for _ in 0..<20_000 { seen.insert(show(["tea"], on: log)) }
            }
        }
        #expect(seen.count == 80_000)
        // Each bit is set in half of them, as in numbers drawn by chance.
        for bit in 0..<64 {
            let share = Double(seen.count { $0 >> bit & 1 == 1 }) / 80_000
            #expect(abs(share - 0.5) < 0.01, "bit \(bit): \(share)")
        }
    }

    @Test("Names of rule sets keep their numbers, and those beyond the limit share one")
    func ruleSets() {
        let outcomes = makeOutcomes()
        #expect(outcomes.number(ofRuleSet: "a") == 1 && outcomes.number(ofRuleSet: "b") == 2)
        #expect(outcomes.number(ofRuleSet: "a") == 1)
        for i in 0..<200 { _ = outcomes.number(ofRuleSet: "set \(i)") }
        let last = outcomes.number(ofRuleSet: "set 199")
        #expect(last == Outcomes.ruleSetsMax - 1 && outcomes.number(ofRuleSet: "another") == last)
        #expect(outcomes.number(ofRuleSet: "set 3") < last)
    }

    @Test(
        "Whatever is shown and done, the counts are those of plain lists; what is overwritten is unknown",
        arguments: [UInt64.random(in: 0 ... .max)])
    func againstLists(seed: UInt64) {
        var numbers = Numbers(state: seed)
        // Room for some hundred slates only.
        let outcomes = makeOutcomes(lanes: 2, bytesMax: 1 << 16)
        let logs = [outcomes.makeLog(), outcomes.makeLog()]
        struct Slate {
            let id: UInt64
            let items: [String]
            var clicked: Set<String> = []
            var bought: Set<String> = []
        }
        var slates: [Slate] = []
        var (impressions, clicks, purchases, unknown) = (0, 0, 0, 0)
        var revenue = 0.0
        var shown: Set<String> = []
        for _ in 0..<20_000 {
            if Int.random(in: 0..<3, using: &numbers) == 0 || slates.isEmpty {
                let count = Int.random(in: 1...30, using: &numbers)
                let items = (0..<count).map { "item \($0 * 7 % 31) of \(count)" }
                let log = logs[Int.random(in: 0..<2, using: &numbers)]
                slates.append(Slate(id: show(items, on: log), items: items))
                impressions += count
                shown.formUnion(items)
                // As often as the server does it, or the writer would run away.
                outcomes.count()
            } else {
                // Mostly late ones, some long gone.
                let back = Int.random(in: 0..<min(slates.count, 400), using: &numbers)
                let place = slates.count - 1 - back
                let item = slates[place].items.randomElement(using: &numbers)!
                let isClick = Bool.random(using: &numbers)
                let found = note(
                    isClick ? .click : .purchase(revenue: 2), item, slates[place].id, in: outcomes)
                switch found {
                case .unknownSlate:
                    unknown += 1
                    // Either lane keeps at least this many words, and a slate has 32 at most.
                    if back < 30 { Issue.record("\(back) slates ago, seed \(seed)") }
                case .notOnSlate: Issue.record("\(item) was on it, seed \(seed)")
                case .counted, .repeated:
                    let isFirst =
                        isClick
                        ? slates[place].clicked.insert(item).inserted
                        : slates[place].bought.insert(item).inserted
                    if isFirst != (found == .counted) { Issue.record("seed \(seed)") }
                    if isClick { clicks += isFirst ? 1 : 0 } else { purchases += isFirst ? 1 : 0 }
                    if !isClick { revenue += 2 }
                }
            }
        }
        let report = outcomes.report()
        #expect(report.slates == slates.count && report.slatesMissed == 0, "seed \(seed)")
        #expect(report.all.impressions == impressions && report.all.clicks == clicks)
        #expect(report.all.purchases == purchases && report.all.revenue == revenue)
        #expect(report.all.itemsShown == shown.count && report.unknownSlates == unknown)
        #expect(unknown > 0, "nothing was overwritten, seed \(seed)")
    }

    @Test("Different items are counted exactly up to 2,048, and within 3 % beyond")
    func distinct() {
        let outcomes = makeOutcomes(lanes: 1, bytesMax: 1 << 24)
        let log = outcomes.makeLog()
        var next = 0
        for count in [1, 2_048, 3_000, 20_000, 60_000, 200_000] {
            while next < count {
                let items = (next..<min(count, next + 1_000)).map { "item-\($0)" }
                _ = show(items, on: log)
                // Once more, which changes nothing.
                _ = show(items, on: log)
                next += items.count
                outcomes.count()
            }
            let found = outcomes.report().all.itemsShown
            #expect(
                abs(found - count) <= (count <= 2_048 ? 0 : count * 3 / 100), "\(found) of \(count)"
            )
        }
        #expect(outcomes.report().slatesMissed == 0)
    }

    @Test("While a lane writes as fast as it can, readers find whole slates or none")
    func concurrency() async {
        let outcomes = makeOutcomes(lanes: 1, bytesMax: 1 << 15)
        let log = outcomes.makeLog()
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                for round in 0..<50_000 {
                    let items = (0...(round % 9)).map { "item-\($0)" }
                    let id = self.show(items, on: log)
                    if round % 97 == 0 {
                        // The newest slate is always there.
                        let found = self.note(.click, "item-0", id, in: outcomes)
                        if found != .counted { Issue.record("\(found) in round \(round)") }
                    }
                }
            }
            for _ in 0..<2 {
                group.addTask {
                    for _ in 0..<2_000 {
                        outcomes.count()
                        _ = outcomes.report()
                    }
                }
            }
        }
        let report = outcomes.report()
        #expect(report.slates + report.slatesMissed == 50_000)
        // A slate that was not whole would have put other items in.
        #expect(report.all.itemsShown <= 9 && report.all.clicks == 516)
        #expect(report.byTier.map(\.name) == ["full"] && report.byReason.map(\.name) == ["taste"])
    }
}
