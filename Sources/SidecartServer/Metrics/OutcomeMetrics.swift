internal import Metrics
internal import Outcomes

extension Outcomes {
    func add(to writer: inout MetricsWriter) {
        let (cells, unknownSlates, itemsNotOnSlate) = cells()
        func add(
            _ name: String, _ help: String, _ value: (OutcomeCell) -> some MetricValue
        ) {
            writer.add(name, .counter, help) {
                for cell in cells {
                    $0.add(
                        value(cell),
                        [
                            "tier": cell.tier, "reason": cell.reason.name,
                            "rule_set": cell.ruleSet,
                            "explored": cell.isExplored ? "true" : "false",
                        ])
                }
            }
        }
        add(
            "sidecart_impressions",
            "Items shown, by the slate's tier, the item's main reason, the rule set and whether the place was explored."
        ) { $0.impressions }
        add("sidecart_outcome_clicks", "Impressions that were clicked, each once.") { $0.clicks }
        add("sidecart_outcome_purchases", "Impressions that were bought, each once.") {
            $0.purchases
        }
        add("sidecart_outcome_revenue", "What those purchases were worth, in the shop's currency.")
        {
            $0.revenue
        }
        writer.add(
            "sidecart_outcome_unmatched", .counter,
            "Events that named a slate and could not be tied to it, by cause."
        ) {
            $0.add(unknownSlates, ["cause": "unknown_slate"])
            $0.add(itemsNotOnSlate, ["cause": "not_on_slate"])
        }
    }
}
