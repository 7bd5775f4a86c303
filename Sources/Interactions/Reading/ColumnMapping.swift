/// What a column can mean.
package enum ColumnRole: String, CaseIterable, Sendable {
    case user, item, time, basket, value, kind
    case eventID = "event_id"
    case title, category, price, stock, attributes
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

/// A mapping with its columns found in a file.
struct ResolvedColumns {
    private(set) var indices: [ColumnRole: Int] = [:]
    /// The columns that make a basket together, as in `basket=date+receipt`; empty where one does.
    private(set) var basketNames: [String] = []
    private(set) var mapping: ColumnMapping
    /// The columns that play no role.
    private(set) var unused: [String] = []

    /// - Parameter isCatalog: what the item's column may be called: just `id` is an item only
    ///   there.
    init(
        _ wanted: ColumnMapping, names: [String], hasHeader: Bool, isCatalog: Bool, file: String
    ) throws(ReadError) {
        // Roles that are not mapped keep their usual names, among the columns that are left.
        mapping = hasHeader ? Self.usual(names, isCatalog: isCatalog, besides: wanted) : wanted
        if let joined = mapping.columns[.basket], !names.contains(joined) {
            let parts = joined.split(separator: "+").map(trimmed)
            if parts.count > 1, parts.allSatisfy(names.contains) { basketNames = parts }
        }
        for (role, wanted) in mapping.columns where !wanted.isEmpty {
            let name = role == .basket ? basketNames.first ?? wanted : wanted
            guard let index = names.firstIndex(of: name) else {
                throw ReadError(
                    .missingColumn, file: file,
                    Self.missing(name, role: role, names: names, hasHeader: hasHeader))
            }
            if let other = names[(index + 1)...].firstIndex(of: name) {
                throw ReadError(
                    .missingColumn, file: file,
                    "two columns are called \"\(name)\", \(index + 1) and \(other + 1), so which of "
                        + "them says the \(role.rawValue) cannot be told; rename one")
            }
            indices[role] = index
        }
        mapping = ColumnMapping(mapping.columns.filter { !$0.value.isEmpty })
        unused = names.filter {
            !mapping.columns.values.contains($0) && !basketNames.contains($0)
        }
        if indices[.item] == nil {
            throw ReadError(
                .missingColumn, file: file,
                "no column says the item; \(Self.list(names, hasHeader: hasHeader)); "
                    + "map one, as in item=\(names.first ?? "1")")
        }
        if !isCatalog, indices[.user] == nil, indices[.basket] == nil {
            throw ReadError(
                .missingColumn, file: file,
                "no column says the user or the basket; \(Self.list(names, hasHeader: hasHeader)); "
                    + "map at least one of them")
        }
    }

    private static func usual(
        _ names: [String], isCatalog: Bool, besides wanted: ColumnMapping
    ) -> ColumnMapping {
        let plain = names.map(plainName)
        let taken = Set(wanted.columns.values)
        var columns = wanted.columns
        for (role, synonyms) in isCatalog ? usualCatalogNames : usualEventNames
        where columns[role] == nil {
            let index = synonyms.lazy.compactMap { synonym in
                plain.indices.first { plain[$0] == synonym && !taken.contains(names[$0]) }
            }.first
            if let index { columns[role] = names[index] }
        }
        return ColumnMapping(columns)
    }

    private static func missing(
        _ name: String, role: ColumnRole, names: [String], hasHeader: Bool
    ) -> String {
        let near = names.filter {
            plainName($0) == plainName(name)
                || editDistance($0.lowercased(), name.lowercased()) <= 2
        }
        let hint = near.isEmpty ? "" : "; did you mean \(near.joined(separator: " or "))?"
        return "there is no column \"\(name)\" (mapped to \(role.rawValue)); "
            + list(names, hasHeader: hasHeader) + hint
    }

    private static func list(_ names: [String], hasHeader: Bool) -> String {
        guard hasHeader else {
            return "the file has no header, so columns go by number, 1 to \(names.count)"
        }
        return "the columns are " + names.prefix(50).joined(separator: ", ")
            + (names.count > 50 ? " and \(names.count - 50) more" : "")
    }
}

/// Lower case letters and digits only, so that `CustomerID` is `customer_id`.
private func plainName(_ name: String) -> String {
    name.lowercased().filter { $0.isLetter || $0.isNumber }
}

private let usualEventNames: [ColumnRole: [String]] = [
    .user: [
        "user", "userid", "customer", "customerid", "client", "clientid", "visitor", "visitorid",
        "shopper", "shopperid", "member", "memberid", "account", "accountid", "reviewerid", "uid",
        "household", "householdkey", "householdid", "buyerid", "cardid",
    ],
    .item: [
        "item", "itemid", "product", "productid", "sku", "stockcode", "article", "articleid",
        "asin", "parentasin", "movieid", "productcode", "itemcode", "iid", "pid", "sid",
    ],
    .time: [
        "time", "timestamp", "eventtime", "datetime", "date", "invoicedate", "orderdate",
        "purchasedate", "createdat", "unixreviewtime", "ts",
    ],
    .basket: [
        "basket", "basketid", "order", "orderid", "invoice", "invoiceno", "invoicenumber",
        "transaction", "transactionid", "receipt", "receiptid", "cartid", "session", "sessionid",
    ],
    .value: ["value", "quantity", "qty", "rating", "units", "weight"],
    .kind: [
        "kind", "eventtype", "event", "action", "behavior", "behaviortype", "behaviour",
        "behaviourtype",
    ],
    .eventID: ["eventid"],
    .title: ["title", "description", "productname", "itemname", "name"],
    .category: [
        "category", "categorypath", "categories", "categoryname", "producttype", "department",
    ],
    .price: ["price", "unitprice", "productprice"],
]

private let usualCatalogNames: [ColumnRole: [String]] = [
    .item: ["id"] + usualEventNames[.item]!,
    .title: usualEventNames[.title]!,
    .category: usualEventNames[.category]!,
    .price: usualEventNames[.price]!,
    .stock: [
        "stock", "stockcount", "stockquantity", "stocklevel", "inventory", "inventoryquantity",
        "onhand", "availability", "stockstatus", "instock", "isinstock", "available", "isavailable",
        "quantity",
    ],
    .attributes: ["attributes"],
]

/// Levenshtein's distance.
private func editDistance(_ one: String, _ other: String) -> Int {
    let one = Array(one.utf8)
    let other = Array(other.utf8)
    var row = Array(0...other.count)
    for i in one.indices {
        var diagonal = row[0]
        row[0] = i + 1
        for j in other.indices {
            let substitution = diagonal + (one[i] == other[j] ? 0 : 1)
            diagonal = row[j + 1]
            row[j + 1] = min(substitution, row[j] + 1, row[j + 1] + 1)
        }
    }
    return row[other.count]
}
