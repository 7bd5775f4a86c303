import ArgumentParser
import Foundation
import Interactions
import SidecartClient

struct Report: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print what a server's slates have earned.",
        discussion: """
            Of the items shown since the server started, how many were clicked and bought, what that was worth, and how much of the \
            catalog they were: in all, by tier, by main reason, by rule set and by whether places were explored. Clicks and purchases \
            are events that were recorded with the id of the slate that led to them.

            Examples:
              sidecart report --socket /tmp/sidecart.sock
              sidecart report --socket /tmp/sidecart.sock --json
            """)

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let outcomes = try await connection.ask { try await $0.outcomes() }
        if output.json {
            try Output.printJSON(OutcomesJSON(outcomes))
        } else {
            try Output.print(Self.text(outcomes))
        }
    }

    private static func text(_ outcomes: Outcomes) -> String {
        let all = outcomes.all
        var lines = [
            "since \(time(outcomes.sinceSeconds)): \(outcomes.slates.grouped) slates, "
                + "\(all.impressions.grouped) items shown"
        ]
        if outcomes.missedSlates > 0 {
            lines.append("\(outcomes.missedSlates.grouped) more slates came too fast to be counted")
        }
        // What comes of slates that were shown before a restart counts too.
        guard all.impressions + all.clicks + all.purchases > 0 else {
            return lines.joined(separator: "\n")
        }
        var table = Table([
            "", ">shown", ">clicked", ">bought", ">click rate", ">purchase rate", ">revenue",
            ">items shown", ">items sold",
        ])
        func add(_ row: Outcomes.Row, _ name: String) {
            table.add([
                name, row.impressions.grouped, row.clicks.grouped, row.purchases.grouped,
                percent(row.clicks, row.impressions), percent(row.purchases, row.impressions),
                String(format: "%.2f", row.revenue), row.itemsShown.grouped, row.itemsSold.grouped,
            ])
        }
        add(all, "all")
        for (kind, rows) in [
            ("tier", outcomes.byTier), ("reason", outcomes.byReason),
            ("rule set", outcomes.byRuleSet), ("place", outcomes.byExploration),
        ] {
            for row in rows { add(row, "\(kind) \(row.name.isEmpty ? "(none)" : row.name)") }
        }
        lines.append(table.render())
        lines.append(
            "the items shown are \(percent(all.itemsShown, outcomes.catalogItems)) of the catalog")
        if outcomes.oldestSlateSeconds > 0 {
            lines.append(
                "events can be tied to slates since \(time(outcomes.oldestSlateSeconds))")
        }
        if outcomes.unknownSlateEvents + outcomes.notOnSlateEvents > 0 {
            lines.append(
                "events tied to nothing: \(outcomes.unknownSlateEvents.grouped) whose slate is not known, "
                    + "\(outcomes.notOnSlateEvents.grouped) whose item was not on the slate")
        }
        return lines.joined(separator: "\n")
    }

    private static func time(_ seconds: Int) -> String { isoTime(Int64(seconds)) }

    private static func percent(_ part: Int, _ whole: Int) -> String {
        whole == 0 ? "" : String(format: "%.2f %%", 100 * Double(part) / Double(whole))
    }
}

/// Fields bear the names that the JSON form of proto3 gives the contract's.
private struct OutcomesJSON: Encodable {
    struct Row: Encodable {
        let name: String
        let impressions: Int
        let clicks: Int
        let purchases: Int
        let revenue: Double
        let itemsShown: Int
        let itemsSold: Int

        init(_ row: Outcomes.Row) {
            name = row.name
            impressions = row.impressions
            clicks = row.clicks
            purchases = row.purchases
            revenue = row.revenue
            itemsShown = row.itemsShown
            itemsSold = row.itemsSold
        }
    }

    let sinceSeconds: Int
    let slates: Int
    let missedSlates: Int
    let oldestSlateSeconds: Int
    let unknownSlateEvents: Int
    let notOnSlateEvents: Int
    let catalogItems: Int
    let all: Row
    let byTier: [Row]
    let byReason: [Row]
    let byRuleSet: [Row]
    let byExploration: [Row]

    init(_ outcomes: Outcomes) {
        sinceSeconds = outcomes.sinceSeconds
        slates = outcomes.slates
        missedSlates = outcomes.missedSlates
        oldestSlateSeconds = outcomes.oldestSlateSeconds
        unknownSlateEvents = outcomes.unknownSlateEvents
        notOnSlateEvents = outcomes.notOnSlateEvents
        catalogItems = outcomes.catalogItems
        all = Row(outcomes.all)
        byTier = outcomes.byTier.map(Row.init)
        byReason = outcomes.byReason.map(Row.init)
        byRuleSet = outcomes.byRuleSet.map(Row.init)
        byExploration = outcomes.byExploration.map(Row.init)
    }
}
