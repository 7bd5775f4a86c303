import Foundation
import Outcomes
import TestFolders
import Testing

/// What one life of a server showed, and the next one knows of.
@Suite struct SlateFileTests {
    private let folder = TemporaryFolder()
    private let tests = OutcomesTests()

    /// A life with its lanes.
    private struct Life {
        let outcomes: Outcomes
        let logs: [SlateLog]

        init(_ path: String, lanes: Int = 2, bytesMax: Int = 1 << 20) {
            outcomes = Outcomes(
                tiers: ["full", "popular"], lanes: lanes, bytesMax: bytesMax, since: 1_000,
                path: path)
            let outcomes = outcomes
            logs = (0..<lanes).map { _ in outcomes.makeLog() }
        }
    }

    @Test("The next life ties events to the slates that this one showed, each act once")
    func nextLife() {
        let first = Life(folder["slates"])
        #expect(first.outcomes.openFile())
        let rules = first.outcomes.number(ofRuleSet: "checkout")
        let a = tests.show(
            ["tea", "cup"], on: first.logs[0], ruleSet: rules, exploring: ["cup"], at: 1_700)
        let b = tests.show(["pot"], on: first.logs[1], tier: 2, reason: .popular)
        #expect(tests.note(.click, "tea", a, in: first.outcomes) == .counted)
        #expect(first.outcomes.writeFile())

        let second = Life(folder["slates"])
        // Another set has that number now.
        #expect(second.outcomes.number(ofRuleSet: "cart") == rules)
        #expect(tests.note(.click, "pot", b, in: second.outcomes) == .unknownSlate)
        #expect(second.outcomes.openFile())
        #expect(second.outcomes.report().oldestSlate == 1_700)
        #expect(tests.note(.click, "tea", a, in: second.outcomes) == .repeated)
        #expect(tests.note(.click, "cup", a, in: second.outcomes) == .counted)
        #expect(tests.note(.click, "pot", a, in: second.outcomes) == .notOnSlate)
        #expect(tests.note(.purchase(revenue: 4), "pot", b, in: second.outcomes) == .counted)
        let c = tests.show(["jug"], on: second.logs[0])
        #expect(tests.note(.click, "jug", c, in: second.outcomes) == .counted)
        #expect(second.outcomes.writeFile())
        let report = second.outcomes.report()
        // Shown before, so no impressions of this life; what came of them is.
        #expect(report.all.impressions == 1 && report.all.clicks == 2)
        #expect(report.all.purchases == 1 && report.all.revenue == 4)
        #expect(report.byRuleSet.first { $0.name == "checkout" }?.clicks == 1)
        #expect(report.byTier.first { $0.name == "popular" }?.purchases == 1)
        #expect(report.byExploration.first { $0.name == "explored" }?.clicks == 1)

        let third = Life(folder["slates"])
        #expect(third.outcomes.openFile())
        for (item, slate) in [("tea", a), ("cup", a), ("jug", c)] {
            #expect(tests.note(.click, item, slate, in: third.outcomes) == .repeated)
        }
        #expect(tests.note(.purchase(revenue: 1), "pot", b, in: third.outcomes) == .repeated)
    }

    @Test("No id is given twice, whatever number of lanes a life has")
    func ids() {
        var seen: Set<UInt64> = []
        var shown = 0
        for lanes in [2, 8, 2, 4, 1, 2] {
            let life = Life(folder["slates"], lanes: lanes)
            #expect(life.outcomes.openFile())
            for log in life.logs {
                for _ in 0..<100 { seen.insert(tests.show(["tea"], on: log)) }
                shown += 100
            }
            #expect(life.outcomes.writeFile())
        }
        #expect(seen.count == shown)
    }

    @Test("The files keep to their size, and the newest slates are in them")
    func bounded() throws {
        let bytesMax = 1 << 20
        let first = Life(folder["slates"], bytesMax: bytesMax)
        #expect(first.outcomes.openFile())
        let items = (0..<20).map { "item-\($0)" }
        var ids: [UInt64] = []
        for _ in 0..<400 {
            for _ in 0..<25 { ids.append(tests.show(items, on: first.logs[0])) }
            #expect(first.outcomes.writeFile())
        }
        let bytes = try ["slates", "slates.old"].reduce(0) {
            try $0 + Data(contentsOf: URL(filePath: folder[$1])).count
        }
        #expect(bytes <= bytesMax / 2)
        let second = Life(folder["slates"], bytesMax: bytesMax)
        #expect(second.outcomes.openFile())
        for id in ids.suffix(1_000) {
            #expect(tests.note(.click, "item-7", id, in: second.outcomes) == .counted)
        }
        #expect(tests.note(.click, "item-7", ids[0], in: second.outcomes) == .unknownSlate)
    }

    @Test("Of a damaged file what comes before the damage is known, and writing goes on")
    func damage() throws {
        let first = Life(folder["slates"])
        #expect(first.outcomes.openFile())
        var ids: [UInt64] = []
        for _ in 0..<10 {
            ids.append(tests.show(["tea"], on: first.logs[0]))
            #expect(first.outcomes.writeFile())
        }
        let file = try #require(FileHandle(forUpdatingAtPath: folder["slates"]))
        let end = try file.seekToEnd()
        try file.truncate(atOffset: end - 5)
        try file.close()
        let second = Life(folder["slates"])
        #expect(second.outcomes.openFile())
        let found = ids.map { tests.note(.click, "tea", $0, in: second.outcomes) }
        #expect(found == Array(repeating: .counted, count: 9) + [.unknownSlate])
        let last = tests.show(["cup"], on: second.logs[0])
        #expect(second.outcomes.writeFile())
        let third = Life(folder["slates"])
        #expect(third.outcomes.openFile())
        #expect(tests.note(.click, "cup", last, in: third.outcomes) == .counted)
    }

    @Test("Where the file cannot be written that is said once, and everything else goes on")
    func unwritable() {
        let life = Life(folder["none/slates"])
        #expect(!life.outcomes.openFile())
        let id = tests.show(["tea"], on: life.logs[0])
        #expect(life.outcomes.writeFile())
        #expect(tests.note(.click, "tea", id, in: life.outcomes) == .counted)
    }
}
