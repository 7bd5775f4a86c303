import Foundation
import SidecartClient

/// One question of the demo and its answer.
struct DemoScene {
    let title: String
    /// The basket's items as text.
    let basket: [String]
    let slate: Slate
}

/// The demo's slates as one page that needs nothing but itself.
struct DemoPage {
    let scenes: [DemoScene]

    var html: String {
        HTMLPage(
            title: "slates of a sample shop", heading: "Slates of a sample shop",
            lead: "What was in the basket, what was offered, and why.",
            ownStyle: """
                td { vertical-align: top; text-align: left; }
                td.number { text-align: right; white-space: nowrap; }
                .bar { display: block; height: 4px; background: var(--accent); border-radius: 2px; }
                .why { color: var(--soft); font-size: 13px; }
                """,
            main: scenes.map(section).joined(separator: "\n")
        ).html
    }

    private func section(_ scene: DemoScene) -> String {
        let basket = scene.basket.map { "<li>\(escaped($0))</li>" }.joined()
        let best = scene.slate.items.map(\.score).max() ?? 0
        let rows = scene.slate.items.enumerated().map { place, item in
            row(place + 1, item, share: best > 0 ? max(0, item.score / best) : 0)
        }
        let absent = scene.slate.whyNot.map {
            "<li>\(escaped(SlateText.account(of: $0)))</li>"
        }
        return """
            <section class="wide"><h2>\(escaped(scene.title))</h2>
            \(basket.isEmpty ? "" : "<p>In the basket:</p><ul>\(basket)</ul>")
            <div class="scroll"><table>
            <thead><tr><th></th><th>item</th><th>price</th><th>score</th><th>why</th></tr></thead>
            <tbody>\(rows.joined(separator: "\n"))</tbody></table></div>
            \(absent.isEmpty ? "" : "<p>Not on it:</p><ul>\(absent.joined())</ul>")
            </section>
            """
    }

    private func row(_ place: Int, _ item: SlateItem, share: Float) -> String {
        let reasons = item.reasons.map { reason in
            escaped(SlateText.why(reason))
                + String(format: " <small>%.2f</small>", reason.contribution)
        }
        return """
            <tr><td class="number">\(place)</td>
            <td>\(escaped(item.title))<br><span class="why">\(escaped(item.category)) \
            (\(escaped(item.itemID)))</span></td>
            <td class="number">\(item.price > 0 ? String(format: "%.2f", item.price) : "")</td>
            <td class="number">\(SlateText.score(item.score))\
            <span class="bar" style="width:\(Int(share * 100))%"></span></td>
            <td class="why">\(reasons.joined(separator: "<br>"))</td></tr>
            """
    }
}
