import Evaluation
import Foundation

/// A replay as one page that needs nothing but itself.
struct ReplayPage {
    let summary: ReplaySummary

    var html: String {
        HTMLPage(
            title: "replay", heading: "Replay",
            lead: summary.summary,
            main: """
                \(section("Self-normalized (SNIPS)", plot { $0.snips }))
                \(section("Inverse propensity scores (IPS)", plot { $0.ips }))
                <section class="wide"><h2>All figures</h2>
                <p>The reward of an impression as each policy would have earned it, with 95 % intervals. \
                Effective: as many requests of equal weight would tell as much.</p>
                <div class="scroll">\(table)</div></section>
                \(list("Warnings", summary.warnings))
                \(list("Notes", summary.notes))
                \(list("Left out", Refusal.lines(summary.refused)))
                """
        ).html
    }

    private func section(_ title: String, _ plot: String) -> String {
        """
        <section><h2>\(escaped(title))</h2><p>the reward of an impression, with 95 % intervals; \
        dotted: as logged</p>
        \(plot)</section>
        """
    }

    /// A dot and its interval a policy, on one axis with the logged mean.
    private func plot(_ figure: (ReplaySummary.Policy) -> ReplaySummary.Figure?) -> String {
        let rows = summary.policies.enumerated().compactMap { place, policy in
            figure(policy).map { (place: place, name: policy.name, figure: $0) }
        }
        let nameWidth = 8 * Double(rows.map(\.name.count).max() ?? 0)
        let (left, right) = (max(110, nameWidth + 20), 690.0)
        let bottom = 10 + 34 * Double(rows.count)
        var svg = SVG(width: 720, height: bottom + 36)
        let axis = Axis(
            from: min(0, rows.map(\.figure.low).min() ?? 0),
            to: max(0, rows.map(\.figure.high).max() ?? 1))
        func x(_ value: Double) -> Double {
            left + (right - left) * (value - axis.low) / (axis.high - axis.low)
        }
        for tick in axis.ticks {
            svg.line(x(tick), 6, x(tick), bottom, "grid")
            svg.text(axis.label(tick), x(tick), bottom + 18, anchor: .middle, style: "tick")
        }
        let logged = x(summary.policies[0].ips.value)
        svg.line(logged, 6, logged, bottom, "even")
        for (line, row) in rows.enumerated() {
            let y = 23 + 34 * Double(line)
            svg.text(row.name, left - 10, y + 5, anchor: .end, style: "name")
            svg.line(x(row.figure.low), y, x(row.figure.high), y, "whisker")
            for end in [row.figure.low, row.figure.high] {
                svg.line(x(end), y - 5, x(end), y + 5, "whisker")
            }
            svg.circle(
                x(row.figure.value), y, radius: 6, color: Plots.color(row.place),
                title:
                    "\(row.name): \(ReplaySummary.four(row.figure.value)) (\(row.figure.interval))"
            )
        }
        return svg.render(label: "reward of an impression by policy, with 95 % intervals")
    }

    private var table: String {
        let head = [
            "policy", "snips", "ips", "effective", "matched", "rewarded", "clipped",
            "largest weight", "mean weight",
        ].map { "<th>\($0)</th>" }.joined()
        let rows = summary.policies.map { policy in
            func cell(_ figure: ReplaySummary.Figure?) -> String {
                guard let figure else { return "<td></td>" }
                return
                    "<td>\(ReplaySummary.four(figure.value))<small>\(figure.interval)</small></td>"
            }
            let counts = [
                String(format: "%.1f", policy.effectiveSampleSize),
                policy.matchedImpressions.grouped, policy.rewardedImpressions.grouped,
                policy.clippedImpressions.grouped,
                String(format: "%.1f %%", 100 * policy.largestWeightShare),
            ].map { "<td>\($0)</td>" }.joined()
            return "<tr><th scope=\"row\">\(escaped(policy.name))</th>\(cell(policy.snips))"
                + "\(cell(policy.ips))\(counts)\(cell(policy.meanWeight))</tr>"
        }
        return
            "<table><thead><tr>\(head)</tr></thead><tbody>\(rows.joined(separator: "\n"))</tbody></table>"
    }

    private func list(_ title: String, _ lines: [String]) -> String {
        guard !lines.isEmpty else { return "" }
        let items = lines.map { "<li>\(escaped($0))</li>" }.joined()
        return "<section class=\"wide\"><h2>\(title)</h2><ul>\(items)</ul></section>"
    }
}
