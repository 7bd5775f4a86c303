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

    /// Control characters replaced by `·`.
    var withoutControls: String {
        guard unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else {
            return self
        }
        return String(
            String.UnicodeScalarView(
                unicodeScalars.map { $0.properties.generalCategory == .control ? "·" : $0 }))
    }

    /// At most `width` characters, the last one an ellipsis where something was cut off.
    func truncated(to width: Int) -> String {
        count <= width ? self : prefix(width - 1) + "…"
    }
}
