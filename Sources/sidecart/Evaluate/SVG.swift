import Foundation

/// A drawing of fixed size that scales with the page; coordinates are pixels from the top left.
struct SVG {
    let width: Double
    let height: Double
    private var elements: [String] = []

    init(width: Double, height: Double) {
        self.width = width
        self.height = height
    }

    enum Anchor: String { case start, middle, end }

    mutating func line(
        _ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ style: String
    ) {
        elements.append(
            "<line x1=\"\(n(x1))\" y1=\"\(n(y1))\" x2=\"\(n(x2))\" y2=\"\(n(y2))\" class=\"\(style)\"/>"
        )
    }

    mutating func rectangle(
        _ x: Double, _ y: Double, width: Double, height: Double, color: String, title: String
    ) {
        elements.append(
            """
            <rect x="\(n(x))" y="\(n(y))" width="\(n(width))" height="\(n(height))" rx="3" \
            fill="\(color)"><title>\(escaped(title))</title></rect>
            """)
    }

    mutating func circle(_ x: Double, _ y: Double, radius: Double, color: String, title: String) {
        elements.append(
            """
            <circle cx="\(n(x))" cy="\(n(y))" r="\(n(radius))" fill="\(color)" class="dot">\
            <title>\(escaped(title))</title></circle>
            """)
    }

    mutating func path(
        _ points: [(x: Double, y: Double)], color: String, title: String, isDashed: Bool = false
    ) {
        let steps = points.enumerated().map { "\($0 == 0 ? "M" : "L")\(n($1.x)) \(n($1.y))" }
        elements.append(
            """
            <path d="\(steps.joined())" stroke="\(color)" class="curve\(isDashed ? " dashed" : "")">\
            <title>\(escaped(title))</title></path>
            """)
    }

    mutating func text(
        _ text: String, _ x: Double, _ y: Double, anchor: Anchor = .start, style: String = "",
        turned: Bool = false
    ) {
        let turn = turned ? " transform=\"rotate(-90 \(n(x)) \(n(y)))\"" : ""
        elements.append(
            """
            <text x="\(n(x))" y="\(n(y))" text-anchor="\(anchor.rawValue)" \
            class="\(style)"\(turn)>\(escaped(text))</text>
            """)
    }

    /// - Parameter label: says what is drawn to those who cannot see it.
    func render(label: String) -> String {
        """
        <svg viewBox="0 0 \(n(width)) \(n(height))" role="img" aria-label="\(escaped(label))">
        \(elements.joined(separator: "\n"))
        </svg>
        """
    }

    private func n(_ value: Double) -> String {
        precondition(value.isFinite, "a coordinate is \(value)")
        let text = String(format: "%.1f", value)
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }
}

/// Text that is safe in HTML, in attributes too.
func escaped(_ text: String) -> String {
    var result = ""
    for character in text {
        switch character {
        case "&": result += "&amp;"
        case "<": result += "&lt;"
        case ">": result += "&gt;"
        case "\"": result += "&quot;"
        default: result.append(character)
        }
    }
    return result
}

/// Round numbers that span a range: 1, 2 or 5 times a power of ten apart.
struct Axis {
    let ticks: [Double]
    private let step: Double

    var low: Double { ticks.first! }
    var high: Double { ticks.last! }

    /// - Precondition: `low <= high`, both finite.
    init(from low: Double, to high: Double, ticks count: Int = 5) {
        precondition(low <= high && low.isFinite && high.isFinite, "\(low) to \(high)")
        let span = high > low ? high - low : max(abs(high), 1e-9)
        let rough = span / Double(count)
        let power = pow(10, floor(log10(rough)))
        let step = [1, 2, 5, 10].map { $0 * power }.first { $0 >= rough * 0.999 }!
        let first = Int((low / step + 1e-9).rounded(.down))
        let last = max(first + 1, Int((high / step - 1e-9).rounded(.up)))
        self.step = step
        ticks = (first...last).map { Double($0) * step }
    }

    func label(_ tick: Double) -> String {
        String(format: "%.\(max(0, Int((-log10(step)).rounded(.up))))f", tick)
    }
}
