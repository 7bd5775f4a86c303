internal import CSidecartProto
internal import Outcomes
internal import RPC

/// `Admin.Outcomes`
extension AdminService {
    func tellOutcomes(_ call: Call) throws(RPCError) {
        _ = try call.decode(sidecart__v1__outcomes_request__init)
        // It waits for the lock of whoever counts, and adds up a thousand counters at most.
        if call.lane == .loop {
            return try call.moveToBackground(estimatedNanoseconds: 2_000_000)
        }
        let report = life.models.outcomes.report()
        var response = Sidecart__V1__OutcomesResponse()
        sidecart__v1__outcomes_response__init(&response)
        response.since_seconds = Int64(report.since)
        response.slates = UInt64(report.slates)
        response.missed_slates = UInt64(report.slatesMissed)
        response.oldest_slate_seconds = Int64(report.oldestSlate ?? 0)
        response.unknown_slate_events = UInt64(report.unknownSlates)
        response.not_on_slate_events = UInt64(report.itemsNotOnSlate)
        response.catalog_items = UInt64(life.models.servingGeneration.items.knownCount)
        response.all = try message(report.all, call)
        (response.n_by_tier, response.by_tier) = try messages(report.byTier, call)
        (response.n_by_reason, response.by_reason) = try messages(report.byReason, call)
        (response.n_by_rule_set, response.by_rule_set) = try messages(report.byRuleSet, call)
        (response.n_by_exploration, response.by_exploration) = try messages(
            report.byExploration, call)
        try call.reply(&response)
    }

    private func messages(
        _ rows: [OutcomeReport.Row], _ call: Call
    ) throws(RPCError) -> (
        Int, UnsafeMutablePointer<UnsafeMutablePointer<Sidecart__V1__OutcomeRow>?>
    ) {
        let messages: UnsafeMutablePointer<UnsafeMutablePointer<Sidecart__V1__OutcomeRow>?> =
            try call.arena.messages(rows.count)
        for place in rows.indices { messages[place] = try message(rows[place], call) }
        return (rows.count, messages)
    }

    private func message(
        _ row: OutcomeReport.Row, _ call: Call
    ) throws(RPCError) -> UnsafeMutablePointer<Sidecart__V1__OutcomeRow> {
        let message = try call.arena.message(
            Sidecart__V1__OutcomeRow.self, sidecart__v1__outcome_row__init)
        message.pointee.name = try call.arena.text(row.name)
        message.pointee.impressions = UInt64(row.impressions)
        message.pointee.clicks = UInt64(row.clicks)
        message.pointee.purchases = UInt64(row.purchases)
        message.pointee.revenue = row.revenue
        message.pointee.items_shown = UInt64(row.itemsShown)
        message.pointee.items_sold = UInt64(row.itemsSold)
        return message
    }
}
