import ArgumentParser
import Foundation

/// When a server trains anew: `every=6h`, `daily`, `daily=03:30` or `events=100000`.
enum RetrainSchedule: Equatable, Sendable, ExpressibleByArgument, CustomStringConvertible {
    /// So many seconds after the last one ended.
    case every(seconds: Int, text: String)
    /// At a local time of day.
    case daily(hour: Int, minute: Int)
    /// When so many events were recorded since the last one began.
    case events(Int)

    init?(argument: String) {
        let parts = argument.split(separator: "=", maxSplits: 1).map(String.init)
        switch parts.first {
        case "every" where parts.count == 2:
            let units = ["s": 1, "m": 60, "h": 3_600, "d": 86_400]
            guard let unit = parts[1].last.flatMap({ units[String($0)] }),
                let count = Int(parts[1].dropLast()), 1...1_000_000 ~= count
            else { return nil }
            self = .every(seconds: count * unit, text: parts[1])
        case "daily":
            let time = (parts.count == 2 ? parts[1] : "03:00").split(separator: ":")
            guard time.count == 2, let hour = Int(time[0]), 0...23 ~= hour,
                let minute = Int(time[1]), 0...59 ~= minute
            else { return nil }
            self = .daily(hour: hour, minute: minute)
        case "events" where parts.count == 2:
            guard let count = Int(parts[1]), 1...1_000_000_000 ~= count else { return nil }
            self = .events(count)
        default: return nil
        }
    }

    var description: String {
        switch self {
        case .every(_, let text): "every=\(text)"
        case .daily(let hour, let minute): String(format: "daily=%02d:%02d", hour, minute)
        case .events(let count): "events=\(count)"
        }
    }

    /// When the next one is due, if nothing is under way; nil where no time says it.
    func next(after now: Date) -> Date? {
        switch self {
        case .every(let seconds, _): now + TimeInterval(seconds)
        case .daily(let hour, let minute):
            Calendar.current.nextDate(
                after: now, matching: DateComponents(hour: hour, minute: minute, second: 0),
                matchingPolicy: .nextTime) ?? now + 86_400
        case .events: nil
        }
    }
}
