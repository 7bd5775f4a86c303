internal import Outcomes

/// What a lane writes down about its answers, from one model to the next.
final class LaneRecord: Sendable {
    let scoring = ScoringCounters()
    let slates: SlateLog

    init(slates: SlateLog) { self.slates = slates }
}
