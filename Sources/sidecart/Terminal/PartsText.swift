import Foundation
import SidecartClient

/// What a score adds up from, as a table for people.
enum PartsText {
    /// The parts, the largest first, each with the items that it comes from.
    static func render(
        _ itemID: String, _ title: String, _ parts: [ScorePart], indent: Int = 0
    ) -> String {
        var table = Table([">adds", "feature", ">value", "of that"])
        let largestFirst = parts.sorted { abs($0.contribution) > abs($1.contribution) }
        for part in largestFirst where part.contribution != 0 {
            table.add([
                signed(part.contribution), part.feature,
                part.value == 0 ? "" : String(format: "%.4g", part.value),
                part.items.prefix(named).map(share).joined(separator: ", "),
            ])
        }
        let sum = parts.reduce(0) { $0 + $1.contribution }
        table.add([signed(sum), "together", "", ""])
        let blanks = String(repeating: " ", count: indent)
        let name = title.isEmpty ? itemID : "\(itemID), \(title.truncated(to: 40))"
        return "\(blanks)\(name.withoutControls):\n" + table.render(indent: indent)
    }

    private static let named = 3

    private static func share(_ share: ItemShare) -> String {
        let name = share.title.isEmpty ? share.itemID : share.title.truncated(to: 24)
        return "\(name.isEmpty ? "others" : name) \(signed(share.contribution))"
    }

    private static func signed(_ value: Float) -> String { String(format: "%+.3f", value) }
}
