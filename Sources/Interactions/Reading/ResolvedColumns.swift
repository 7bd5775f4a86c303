/// A mapping with its columns found in a file.
struct ResolvedColumns {
    private(set) var indices: [ColumnRole: Int] = [:]
    /// The columns that make a basket together, as in `basket=date+receipt`; empty where one does.
    private(set) var basketNames: [String] = []
    private(set) var mapping: ColumnMapping
    /// The columns that play no role.
    private(set) var unused: [String] = []

    /// - Parameters:
    ///   - hasNames: whether the columns have names, and not numbers.
    ///   - list: the column with a list of items; members of these are called `list.member`.
    init(
        _ wanted: ColumnMapping, names: [String], hasNames: Bool, content: FileReport.Content,
        list: String? = nil, file: String
    ) throws(ReadError) {
        // Roles that are not mapped keep their usual names, among the columns that are left.
        mapping =
            hasNames ? Self.usual(names, content, besides: wanted, list: list) : wanted
        if let joined = mapping.columns[.basket], !names.contains(joined) {
            let parts = joined.split(separator: "+").map(trimmed)
            if parts.count > 1, parts.allSatisfy(names.contains) { basketNames = parts }
        }
        for (role, wanted) in mapping.columns where !wanted.isEmpty {
            let name = role == .basket ? basketNames.first ?? wanted : wanted
            guard let index = names.firstIndex(of: name) else {
                throw ReadError(
                    .missingColumn, file: file,
                    Self.missing(name, role: role, names: names, hasNames: hasNames))
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
            !mapping.columns.values.contains($0) && !basketNames.contains($0) && $0 != list
        }
        if let what = lacking(content) {
            throw ReadError(
                .missingColumn, file: file,
                "no column says the \(what.role); \(Self.list(names, hasNames: hasNames)); "
                    + (what.role == "item"
                        ? "map one, as in item=\(names.first ?? "1")" : what.hint))
        }
    }

    /// The role without which the file says nothing.
    private func lacking(_ content: FileReport.Content) -> (role: String, hint: String)? {
        switch content {
        case .baskets:
            if indices[.basket] == nil {
                return ("basket", "map one, as in --columns basket=order_id")
            }
            if indices[.user] == nil, indices[.time] == nil {
                return ("user or the time", "map at least one of them")
            }
            return nil
        case .events:
            if indices[.item] == nil { return ("item", "") }
            if indices[.user] == nil, indices[.basket] == nil {
                return ("user or the basket", "map at least one of them")
            }
            return nil
        case .catalog: return indices[.item] == nil ? ("item", "") : nil
        }
    }

    private static func usual(
        _ names: [String], _ content: FileReport.Content, besides wanted: ColumnMapping,
        list: String?
    ) -> ColumnMapping {
        let taken = Set(wanted.columns.values)
        let prefix = list.map { "\($0)." }
        let plain = names.map { name in
            plainName(
                prefix.map { name.hasPrefix($0) } == true
                    ? String(name.dropFirst(prefix!.count)) : name)
        }
        // An order's own columns, and those of its items.
        let outer = names.indices.filter { index in
            names[index] != list && prefix.map { !names[index].hasPrefix($0) } ?? true
        }
        let inner = names.indices.filter { index in
            prefix.map { names[index].hasPrefix($0) } ?? false
        }
        var columns = wanted.columns
        // The list itself is no id where it holds objects.
        if let list, columns[.item] == list, !inner.isEmpty { columns[.item] = nil }
        for (role, synonyms) in usualNames(content) where columns[role] == nil {
            let ofItems = list != nil && Self.rolesOfItems.contains(role)
            var synonyms = synonyms
            if list != nil, role == .basket || role == .item { synonyms.append("id") }
            let places = ofItems ? inner : outer
            let index = synonyms.lazy.compactMap { synonym in
                places.first { plain[$0] == synonym && !taken.contains(names[$0]) }
            }.first
            if let index { columns[role] = names[index] }
        }
        if let list, columns[.item] == nil, inner.isEmpty { columns[.item] = list }
        return ColumnMapping(columns)
    }

    /// What an order's list says of each item, so that the order's own columns do not: its total is
    /// no item's price.
    private static let rolesOfItems: Set<ColumnRole> = [.item, .value, .title, .category, .price]

    /// The columns of a one-hot table that are no items, and whether they say whose a row is.
    static func facts(ofOneHot names: [String], _ wanted: ColumnMapping) -> (
        columns: [Int], namesOwner: Bool
    ) {
        let found = usual(names, .events, besides: wanted, list: nil).columns
        let roles: [ColumnRole] = [.user, .basket, .time]
        let columns = roles.compactMap { found[$0].flatMap(names.firstIndex(of:)) }
        let owners = [found[.user], found[.basket]].compactMap { $0 }
        return (columns.sorted(), owners.contains(where: names.contains))
    }

    private static func missing(
        _ name: String, role: ColumnRole, names: [String], hasNames: Bool
    ) -> String {
        let near = names.filter {
            plainName($0) == plainName(name)
                || editDistance($0.lowercased(), name.lowercased()) <= 2
        }
        let hint = near.isEmpty ? "" : "; did you mean \(near.joined(separator: " or "))?"
        return "there is no column \"\(name)\" (mapped to \(role.rawValue)); "
            + list(names, hasNames: hasNames) + hint
    }

    private static func list(_ names: [String], hasNames: Bool) -> String {
        guard hasNames else {
            return "the file has no header, so columns go by number, 1 to \(names.count)"
        }
        return "the columns are " + names.prefix(50).joined(separator: ", ")
            + (names.count > 50 ? " and \(names.count - 50) more" : "")
    }
}

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
