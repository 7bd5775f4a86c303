/// What was understood of a file: how it is written, and which column means what.
package struct FileReport: Encodable, Sendable, CustomStringConvertible {
    /// The path as given; `-` is standard input.
    package let file: String
    /// What it is read for.
    package let content: Content
    /// As ``FileFormat`` names it.
    package let format: String
    /// Between fields; nil for JSON.
    package let delimiter: String?
    package let encoding: String
    /// The column of each role that has one.
    package let columns: [String: String]
    /// The columns that play no role; empty for a catalog.
    package let unused: [String]
    /// A catalog's columns that play no role of their own, and are attributes; else empty.
    package let attributes: [String]
    /// The column with a list of items, where one has; each item of it is an event.
    package let list: String?
    /// How times are written; nil where no column has any.
    package let timeFormat: String?
    /// Whether that was found out from the times, and not given.
    let hasGuessedTimes: Bool

    package enum Content: String, Encodable, Sendable {
        case events, catalog, baskets
    }

    private enum CodingKeys: String, CodingKey {
        case file, content, format, delimiter, encoding, columns, unused, attributes, list
        case timeFormat
    }

    /// Two lines: how the file is written, and its columns.
    package var description: String {
        var form = [format]
        if let delimiter {
            form.append("fields between \(delimiter == "\t" ? "tabs" : "\"\(delimiter)\"")")
        }
        form.append(encoding)
        if let timeFormat {
            form.append("times \(hasGuessedTimes ? "taken as" : "read as") \(timeFormat)")
        }
        if let list { form.append("an event for each item of the lists in \(list)") }
        var taken = "\(file): columns taken as \(mapping)"
        for (what, names) in [("unused", unused), ("attributes", attributes)] where !names.isEmpty {
            let shown = names.prefix(20).map { $0.isEmpty ? "\"\"" : $0 }
            taken += "; \(what): \(shown.joined(separator: ", "))"
            if names.count > 20 { taken += " and \(names.count - 20) more" }
        }
        return ["\(file): \(form.joined(separator: ", "))", taken].map(ReadError.withoutControls)
            .joined(separator: "\n")
    }

    /// What makes a basket of the events in this file; nil where nothing does.
    var basketMaker: String? {
        guard let column = columns[ColumnRole.basket.rawValue] else { return nil }
        if format == FileFormat.baskets.rawValue { return "line of the file" }
        if format == FileFormat.oneHot.rawValue, column == "basket" { return "row of the file" }
        return column.contains("+") ? "columns \(column) joined" : "column \(column)"
    }

    /// In the order of the roles.
    private var mapping: String {
        var roles: [ColumnRole: String] = [:]
        for (name, column) in columns { roles[ColumnRole(rawValue: name)!] = column }
        return ColumnMapping(roles).description
    }
}
