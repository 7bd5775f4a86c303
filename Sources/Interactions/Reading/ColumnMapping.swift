/// What a column can mean.
package enum ColumnRole: String, CaseIterable, Sendable {
    case user, item, time, basket, value, kind
    case eventID = "event_id"
    case title, category, price, stock, attributes
    /// What an item is a variant of, such as the parent SKU of a shirt's sizes.
    case group
    case availableFrom = "available_from"
    case discontinued
    /// What the shop earns on one piece, in money, or with `%` as a share of the price.
    case margin
    /// Which of its user's baskets one is, counted up, and the days since the one before.
    case sequence
    case gapDays = "gap_days"
}

/// Which column means what, as in `user=CustomerID,item=StockCode,time=InvoiceDate`.
///
/// Empty, it stands for the names that such columns usually have.
package struct ColumnMapping: Equatable, Sendable, CustomStringConvertible {
    /// Column names, or numbers from 1 for a file without a header; empty for a role that no column
    /// is to play.
    package private(set) var columns: [ColumnRole: String] = [:]

    package init() {}

    package init(_ columns: [ColumnRole: String]) { self.columns = columns }

    /// - Parameter text: `role=column` between commas; a column whose name holds a comma stands in
    ///   double quotes. `id` is another word for `item`. Without a column, as in `time=`, no column
    ///   plays the role; several columns joined by `+`, as in `basket=date+receipt`, make a basket
    ///   together.
    package init(parsing text: String) throws(ReadError) {
        for pair in Self.splitOutsideQuotes(text) {
            guard let equals = pair.firstIndex(of: "=") else {
                throw Self.wrong("\"\(pair)\" lacks the = between role and column")
            }
            let name = trimmed(pair[..<equals])
            var column = trimmed(pair[pair.index(after: equals)...])
            if column.count >= 2, column.hasPrefix("\""), column.hasSuffix("\"") {
                column = String(column.dropFirst().dropLast())
            }
            guard let role = name == "id" ? .item : ColumnRole(rawValue: name) else {
                let roles = ColumnRole.allCases.map(\.rawValue).joined(separator: ", ")
                throw Self.wrong("\"\(name)\" is none of the roles \(roles)")
            }
            guard columns.updateValue(column, forKey: role) == nil else {
                throw Self.wrong("\(name) is given twice")
            }
        }
    }

    package var isEmpty: Bool { columns.isEmpty }

    /// In the form that `init(parsing:)` reads, roles in their fixed order.
    package var description: String {
        ColumnRole.allCases.compactMap { role in
            columns[role].map { "\(role.rawValue)=\($0.contains(",") ? "\"\($0)\"" : $0)" }
        }.joined(separator: ",")
    }

    private static func splitOutsideQuotes(_ text: String) -> [Substring] {
        var isQuoted = false
        return text.split { character in
            if character == "\"" { isQuoted.toggle() }
            return character == "," && !isQuoted
        }
    }

    private static func wrong(_ message: String) -> ReadError {
        ReadError(.options, file: "column mapping", message)
    }
}
