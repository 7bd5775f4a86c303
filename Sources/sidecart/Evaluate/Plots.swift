import Foundation

/// The plots of an evaluation, each a self-contained SVG. A model has the same color in all of
/// them.
struct Plots {
    let summary: EvaluationSummary

    /// Told apart by people who see colors differently, on white and on dark ground (after Okabe
    /// and Ito).
    private static let colors = [
        "#2f6fde", "#e07b00", "#12946b", "#c2408f", "#7a5cd6", "#b08a00", "#0f9ab8", "#d1483c",
        "#6b7a90", "#5c8f1d",
    ]

    static func color(_ place: Int) -> String { colors[place % colors.count] }

    private var models: [EvaluationSummary.Model] { summary.models }
    private let width = 720.0
    /// As wide as the longest name is drawn.
    private var nameWidth: Double { 8 * Double(models.map(\.name.count).max() ?? 0) }

    /// One measure of all models, with their intervals.
    func bars(of measure: String) -> String {
        let left = max(150, nameWidth + 20)
        let right = width - 70
        let rows = models.enumerated().compactMap { place, model in
            model.figures[measure].map { (place: place, name: model.name, figure: $0) }
        }
        var svg = SVG(width: width, height: 46 + 34 * Double(rows.count))
        let axis = Axis(from: 0, to: rows.map(\.figure.high).max() ?? 1)
        func x(_ value: Double) -> Double { left + (right - left) * value / axis.high }
        let bottom = 10 + 34 * Double(rows.count)
        for tick in axis.ticks {
            svg.line(x(tick), 6, x(tick), bottom, "grid")
            svg.text(axis.label(tick), x(tick), bottom + 18, anchor: .middle, style: "tick")
        }
        for (line, row) in rows.enumerated() {
            let y = 12 + 34 * Double(line)
            let figure = row.figure
            let range = String(format: "%.4f (%.4f to %.4f)", figure.mean, figure.low, figure.high)
            svg.text(row.name, left - 10, y + 16, anchor: .end, style: "name")
            svg.rectangle(
                left, y, width: max(1, x(figure.mean) - left), height: 22,
                color: Self.color(row.place),
                title: "\(row.name): \(range)")
            svg.line(x(figure.low), y + 11, x(figure.high), y + 11, "whisker")
            for end in [figure.low, figure.high] {
                svg.line(x(end), y + 6, x(end), y + 16, "whisker")
            }
            svg.text(
                String(format: "%.4f", figure.mean), x(figure.high) + 8, y + 16, style: "value")
        }
        return svg.render(label: "\(measure) by model, with 95 % intervals")
    }

    /// The leading measure against the time that training took, on a logarithmic scale.
    func qualityAgainstTime() -> String {
        let (left, right, top, bottom) = (70.0, legendLeft, 16.0, 16 + plotHeight)
        let height = bottom + 52
        var svg = SVG(width: width, height: height)
        let points = models.enumerated().compactMap { place, model in
            model.figures[summary.leading].map {
                (place: place, model: model, figure: $0, time: max(model.trainSeconds, 0.001))
            }
        }
        let logs = points.map { log10($0.time) }
        let first = floor((logs.min() ?? 0) - 0.05)
        let last = max(first + 1, ceil((logs.max() ?? 0) + 0.05))
        let axis = Axis(
            from: points.map(\.figure.low).min() ?? 0, to: points.map(\.figure.high).max() ?? 1)
        func x(_ time: Double) -> Double {
            left + (right - left) * (log10(time) - first) / (last - first)
        }
        func y(_ value: Double) -> Double {
            bottom - (bottom - top) * (value - axis.low) / (axis.high - axis.low)
        }
        for tick in axis.ticks {
            svg.line(left, y(tick), right, y(tick), "grid")
            svg.text(axis.label(tick), left - 8, y(tick) + 4, anchor: .end, style: "tick")
        }
        for power in Int(first)...Int(last) {
            let time = pow(10, Double(power))
            svg.line(x(time), top, x(time), bottom, "grid")
            svg.text(
                power < 0 ? String(format: "%.\(-power)f s", time) : String(format: "%.0f s", time),
                x(time), bottom + 18, anchor: .middle, style: "tick")
        }
        svg.text(
            "time of one training", (left + right) / 2, height - 8, anchor: .middle, style: "axis")
        svg.text(
            summary.leading, 16, (top + bottom) / 2, anchor: .middle, style: "axis", turned: true)
        for point in points {
            let (px, py) = (x(point.time), y(point.figure.mean))
            svg.line(px, y(point.figure.low), px, y(point.figure.high), "whisker")
            svg.circle(
                px, py, radius: 9, color: Self.color(point.place),
                title: String(
                    format: "\(point.model.name): %.4f in %.2f s", point.figure.mean,
                    point.model.trainSeconds))
            // A number has room where many models lie close; the legend says whose it is.
            svg.text("\(point.place + 1)", px, py + 4, anchor: .middle, style: "number")
        }
        drawLegend(in: &svg, numbered: true)
        return svg.render(label: "\(summary.leading) against training time")
    }

    /// The share of the catalog on some list.
    func coverage() -> String {
        let left = max(150, nameWidth + 20)
        let right = width - 70
        var svg = SVG(width: width, height: 46 + 34 * Double(models.count))
        let bottom = 10 + 34 * Double(models.count)
        for tick in [0, 0.25, 0.5, 0.75, 1] {
            let x = left + (right - left) * tick
            svg.line(x, 6, x, bottom, "grid")
            svg.text(
                String(format: "%.0f %%", tick * 100), x, bottom + 18, anchor: .middle,
                style: "tick")
        }
        for (line, model) in models.enumerated() {
            let y = 12 + 34 * Double(line)
            let text = String(format: "%.1f %%", model.coverage * 100)
            svg.text(model.name, left - 10, y + 16, anchor: .end, style: "name")
            svg.rectangle(
                left, y, width: max(1, (right - left) * model.coverage), height: 22,
                color: Self.color(line), title: "\(model.name): \(text) of the catalog")
            svg.text(text, left + (right - left) * model.coverage + 8, y + 16, style: "value")
        }
        return svg.render(label: "share of the catalog that is recommended, by model")
    }

    /// How many recommendations fall on the most popular items.
    func longTail() -> String {
        let (left, right, top, bottom) = (70.0, legendLeft, 16.0, 16 + plotHeight)
        let height = bottom + 52
        var svg = SVG(width: width, height: height)
        func x(_ share: Double) -> Double { left + (right - left) * share.squareRoot() }
        func y(_ share: Double) -> Double { bottom - (bottom - top) * share }
        for tick in [0, 0.2, 0.4, 0.6, 0.8, 1] {
            svg.line(left, y(tick), right, y(tick), "grid")
            svg.text(
                String(format: "%.0f %%", tick * 100), left - 8, y(tick) + 4, anchor: .end,
                style: "tick")
        }
        for tick in [0, 0.01, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1] {
            svg.line(x(tick), top, x(tick), bottom, "grid")
            svg.text(
                String(format: "%.0f %%", tick * 100), x(tick), bottom + 18, anchor: .middle,
                style: "tick")
        }
        svg.text(
            "of the catalog, most popular items first (square-root scale)", (left + right) / 2,
            height - 8, anchor: .middle, style: "axis")
        svg.text(
            "of recommendations", 16, (top + bottom) / 2, anchor: .middle, style: "axis",
            turned: true)
        // Everything alike: the share of recommendations is that of the catalog.
        let steps = stride(from: 0, through: 1.0001, by: 0.05).map { (x: x($0), y: y($0)) }
        for (a, b) in zip(steps, steps.dropFirst()) { svg.line(a.x, a.y, b.x, b.y, "even") }
        for (place, model) in models.enumerated() {
            svg.path(
                zip(summary.longTailShares, model.longTail).map { (x: x($0), y: y($1)) },
                color: Self.color(place), title: model.name, isDashed: place >= Self.colors.count)
        }
        drawLegend(in: &svg, numbered: false)
        return svg.render(label: "share of recommendations that fall on the most popular items")
    }

    // MARK: Legends

    private var legendLeft: Double { width - max(110, nameWidth + 48) }
    /// Room for a legend of all models.
    private var plotHeight: Double { max(330, 12 + 22 * Double(models.count)) }

    private func drawLegend(in svg: inout SVG, numbered: Bool) {
        for (place, model) in models.enumerated() {
            let (x, y) = (legendLeft + 24, 28 + 22 * Double(place))
            if numbered {
                svg.circle(x, y - 4, radius: 9, color: Self.color(place), title: model.name)
                svg.text("\(place + 1)", x, y, anchor: .middle, style: "number")
            } else {
                svg.path(
                    [(x: x - 9, y: y - 4), (x: x + 9, y: y - 4)], color: Self.color(place),
                    title: model.name, isDashed: place >= Self.colors.count)
            }
            svg.text(model.name, x + 16, y, style: "name")
        }
    }
}
