/// A table for people: columns as wide as their widest cell, headed and underlined.
struct Table {
    enum Alignment { case left, right }

    private let headers: [String]
    private let alignments: [Alignment]
    private var rows: [[String]] = []

    /// Columns whose header begins with `>` are aligned right.
    init(_ headers: [String]) {
        self.headers = headers.map { $0.hasPrefix(">") ? String($0.dropFirst()) : $0 }
        alignments = headers.map { $0.hasPrefix(">") ? .right : .left }
    }

    mutating func add(_ cells: [String]) {
        precondition(cells.count == headers.count, "\(cells.count) cells, \(headers.count) columns")
        // A title may hold anything; it must neither break the row nor steer the terminal.
        rows.append(cells.map(\.withoutControls))
    }

    /// The lines, each indented by `indent` blanks.
    func render(indent: Int = 0) -> String {
        let widths = headers.indices.map { column in
            ([headers] + rows).map { $0[column].count }.max() ?? 0
        }
        let rule = widths.map { String(repeating: "─", count: $0) }
        return ([headers, rule] + rows)
            .map { cells in
                let line = cells.indices
                    .map { pad(cells[$0], to: widths[$0], alignments[$0]) }
                    .joined(separator: "  ")
                return String(repeating: " ", count: indent) + line.trimmingTrailingBlanks
            }
            .joined(separator: "\n")
    }

    private func pad(_ text: String, to width: Int, _ alignment: Alignment) -> String {
        let blanks = String(repeating: " ", count: width - text.count)
        return alignment == .left ? text + blanks : blanks + text
    }
}

extension String {
    fileprivate var trimmingTrailingBlanks: String {
        guard let end = lastIndex(where: { $0 != " " }) else { return "" }
        return String(self[...end])
    }

    /// Control characters, and those that turn the direction of writing, replaced by `·`: what
    /// others wrote must not steer the terminal, or look like something else than it is.
    var withoutControls: String {
        guard unicodeScalars.contains(where: \.steersTerminals) else { return self }
        return String(
            String.UnicodeScalarView(unicodeScalars.map { $0.steersTerminals ? "·" : $0 }))
    }

    /// A JSON text with `\\u` in place of the same characters, which can only stand in its strings;
    /// line feeds and tabs are its own.
    var escapingControlsOfJSON: String {
        var text = ""
        for scalar in unicodeScalars {
            if scalar.steersTerminals, scalar != "\n", scalar != "\t" {
                let digits = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            } else {
                text.unicodeScalars.append(scalar)
            }
        }
        return text
    }

    /// At most `width` characters, the last one an ellipsis where something was cut off.
    func truncated(to width: Int) -> String {
        count <= width ? self : prefix(width - 1) + "…"
    }
}

extension Unicode.Scalar {
    /// Control characters, all below U+FFFF, and marks, embeddings and isolates of direction.
    fileprivate var steersTerminals: Bool {
        switch value {
        case 0..<0x20, 0x7f..<0xa0, 0x200e...0x200f, 0x202a...0x202e, 0x2066...0x2069: true
        default: false
        }
    }
}
