import Evaluation
import Foundation

/// An evaluation as one page that needs nothing but itself: styles and plots are inline, and
/// nothing is fetched.
struct ReportPage {
    let summary: EvaluationSummary

    var html: String {
        let plots = Plots(summary: summary)
        // An even number, so that the plots fill their rows.
        let others = summary.shown.dropFirst()
        let more = others.prefix(others.count > 3 ? 4 : 2).map {
            section($0, "with 95 % bootstrap intervals", plots.bars(of: $0))
        }
        return HTMLPage(
            title: summary.title,
            heading: summary.title.prefix(1).uppercased() + summary.title.dropFirst(),
            lead: summary.summary, facts: tiles,
            main: """
                \(section(summary.leading, "the figure models are compared by, with 95 % bootstrap intervals",
                    plots.bars(of: summary.leading)))
                \(section("Catalog coverage",
                    "the share of the catalog that is among somebody's first \(summary.listLength)",
                    plots.coverage()))
                \(section("Quality against training time", "up and to the left is better",
                    plots.qualityAgainstTime()))
                \(section("Long tail",
                    "how much of the first \(summary.listLength) goes to bestsellers; dotted: all items alike",
                    plots.longTail()))
                \(more.joined(separator: "\n"))
                <section class="wide"><h2>All figures</h2>
                <p>p: the chance of so large a difference to the leader if both were the same \
                (paired randomisation test of \(escaped(summary.leading))).</p>
                <div class="scroll">\(table(plots))</div></section>
                <section class="wide"><h2>Settings</h2><div class="scroll">\(settings)</div></section>
                \(refusals)
                """
        ).html
    }

    private var tiles: String {
        let best = summary.models[0]
        let facts = [
            ("best", best.name),
            (summary.leading, EvaluationSummary.four(best.figures[summary.leading]?.mean)),
            ("queries", summary.queries.grouped), ("splits", "\(summary.splits)"),
            ("seeds", "\(summary.seeds)"), ("threads", "\(summary.threads)"),
            ("peak memory", "\(summary.peakMemoryBytes >> 20) MiB"),
        ]
        let items = facts.map {
            "<div><dt>\(escaped($0.0))</dt><dd>\(escaped($0.1))</dd></div>"
        }
        return "<dl>\(items.joined())</dl>"
    }

    private func section(_ title: String, _ subtitle: String, _ plot: String) -> String {
        "<section><h2>\(escaped(title))</h2><p>\(escaped(subtitle))</p>\n\(plot)</section>"
    }

    /// A row a figure, a column a model.
    private func table(_ plots: Plots) -> String {
        let head = summary.models.enumerated().map { place, model in
            "<th scope=\"col\"><i style=\"background:\(Plots.color(place))\"></i>"
                + "\(escaped(model.name))</th>"
        }
        let measured = summary.distinct.map { measure, names in
            let best = summary.models.compactMap { $0.figures[measure]?.mean }.max()
            let cells = summary.models.map { model in
                guard let figure = model.figures[measure] else { return "<td></td>" }
                let range = String(format: "%.4f–%.4f", figure.low, figure.high)
                let style = figure.mean == best ? " class=\"best\"" : ""
                return
                    "<td\(style)>\(EvaluationSummary.four(figure.mean))<small>\(range)</small></td>"
            }
            return row(names, cells)
        }
        let apart = summary.shopperGroups.flatMap { group in
            let queries = group.of(summary.models[0])?.queries.grouped ?? "0"
            return summary.shown.map { measure in
                let values = summary.models.map { group.of($0)?.figures[measure] }
                let best = values.compactMap { $0 }.max()
                let cells = values.map { value in
                    "<td\(value != nil && value == best ? " class=\"best\"" : "")>"
                        + "\(EvaluationSummary.four(value))</td>"
                }
                return row("\(measure), \(queries) baskets of \(group.name) shoppers", cells)
            }
        }
        var others: [(String, (EvaluationSummary.Model) -> String)] = [
            ("coverage", { String(format: "%.3f", $0.coverage) }),
            ("novelty, bits", { String(format: "%.2f", $0.noveltyBits) }),
            ("Gini", { String(format: "%.3f", $0.gini) }),
            ("p", { $0.pAgainstLeader.map(EvaluationSummary.probability) ?? "" }),
            ("training, s", { String(format: "%.2f", $0.trainSeconds) }),
            ("ranking, s", { String(format: "%.2f", $0.rankSeconds) }),
        ]
        if summary.models.contains(where: { $0.rmse != nil }) {
            others += [
                ("RMSE", { EvaluationSummary.four($0.rmse) }),
                ("MAE", { EvaluationSummary.four($0.mae) }),
                ("accuracy", { EvaluationSummary.four($0.accuracy) }),
            ]
        }
        let rest = others.map { name, text in
            row(name, summary.models.map { "<td>\(escaped(text($0)))</td>" })
        }
        return """
            <table><thead><tr><th></th>\(head.joined())</tr></thead>
            <tbody>\((measured + apart + rest).joined(separator: "\n"))</tbody></table>
            """
    }

    private func row(_ name: String, _ cells: [String]) -> String {
        "<tr><th scope=\"row\">\(escaped(name))</th>\(cells.joined())</tr>"
    }

    private var settings: String {
        let rows = summary.models.map { model in
            let entry = try? ModelRegistry.entry(model.name)
            let values = model.hyperparameters.map { one in
                one.sorted { $0.key < $1.key }
                    .map { "\($0.key) = \(entry?.text($0.value, of: $0.key) ?? plain($0.value))" }
                    .joined(separator: ", ")
            }
            // Splits that chose alike are said once.
            var distinct: [String] = []
            for value in values where !distinct.contains(value) { distinct.append(value) }
            let trials = model.trials > 0 ? "\(model.trials)" : "defaults"
            return """
                <tr><th scope="row">\(escaped(model.name))</th><td>\(trials)</td>\
                <td class="text">\(distinct.map(escaped).joined(separator: "<br>"))</td></tr>
                """
        }
        return """
            <table><thead><tr><th>model</th><th>trials</th><th class="text">hyperparameters</th></tr>\
            </thead><tbody>\(rows.joined())</tbody></table>
            """
    }

    private var refusals: String {
        guard !summary.refused.isEmpty else { return "" }
        let rows = Refusal.lines(summary.refused).map { "<li>\(escaped($0))</li>" }
        return "<section class=\"wide\"><h2>Left out</h2><ul>\(rows.joined())</ul></section>"
    }

    private func plain(_ value: Double) -> String {
        value.rounded() == value && abs(value) < 1e15
            ? String(Int(value)) : String(format: "%.4g", value)
    }
}
