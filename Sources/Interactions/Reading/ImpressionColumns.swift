/// What a column of an impression log can mean.
package enum ImpressionRole: String, CaseIterable, Sendable {
    case request, item, position, propensity, reward, user, basket, time

    /// Names that such columns usually have, in lower case letters and digits only.
    fileprivate var usualNames: [String] {
        switch self {
        case .request:
            [
                "request", "requestid", "slate", "slateid", "impression", "impressionid", "round",
                "roundid",
            ]
        case .item: ["item", "itemid", "product", "productid", "sku", "action", "actionid"]
        case .position: ["position", "pos", "place", "rank", "slot"]
        case .propensity: ["propensity", "propensityscore", "pscore", "probability"]
        case .reward:
            [
                "reward", "click", "clicked", "clicks", "purchase", "purchased", "bought",
                "conversion", "converted",
            ]
        case .user:
            [
                "user", "userid", "customer", "customerid", "shopper", "shopperid", "visitor",
                "visitorid",
            ]
        case .basket: ["basket", "basketitems", "cart", "cartitems"]
        case .time: ["time", "timestamp", "datetime", "date", "ts"]
        }
    }

    fileprivate var isRequired: Bool { [.item, .propensity, .reward].contains(self) }
}

/// Which column of an impression log means what.
package struct ImpressionColumns: Sendable, CustomStringConvertible {
    /// Columns' names as given; a role that is not among them is found by its usual names.
    private var given: [ImpressionRole: String] = [:]

    package init() {}

    /// - Parameter text: `role=column` between commas, such as `item=sku,reward=bought`; without a
    ///   column, as in `time=`, no column plays the role.
    package init(parsing text: String) throws(ReadError) {
        for pair in text.split(separator: ",") {
            guard let equals = pair.firstIndex(of: "=") else {
                throw Self.wrong("\"\(pair)\" lacks the = between role and column")
            }
            let name = trimmed(pair[..<equals])
            guard let role = ImpressionRole(rawValue: name) else {
                let roles = ImpressionRole.allCases.map(\.rawValue).joined(separator: ", ")
                throw Self.wrong("\"\(name)\" is none of the roles \(roles)")
            }
            let column = trimmed(pair[pair.index(after: equals)...])
            guard given.updateValue(column, forKey: role) == nil else {
                throw Self.wrong("\(name) is given twice")
            }
        }
    }

    package var description: String {
        ImpressionRole.allCases.compactMap { role in given[role].map { "\(role.rawValue)=\($0)" } }
            .joined(separator: ",")
    }

    private static func wrong(_ message: String) -> ReadError {
        ReadError(.options, file: "column mapping of the log", message)
    }

    /// Finds the columns in a file's header.
    ///
    /// - Throws: code `missingColumn` for a mapped column that is not there or is there twice, and
    ///   where no column says the item, the propensity or the reward.
    func resolve(in names: [String], file: String) throws(ReadError) -> [ImpressionRole: Int] {
        let plain = names.map(plainName)
        let taken = Set(given.values)
        let all = "the columns are \(names.prefix(20).joined(separator: ", "))"
        var found: [ImpressionRole: Int] = [:]
        for role in ImpressionRole.allCases {
            if let name = given[role] {
                guard !name.isEmpty else { continue }
                guard let index = names.firstIndex(of: name) else {
                    throw ReadError(
                        .missingColumn, file: file,
                        "there is no column \"\(name)\" (mapped to \(role.rawValue)); \(all)")
                }
                found[role] = index
            } else {
                found[role] =
                    role.usualNames.lazy.compactMap { usual in
                        plain.indices.first {
                            plain[$0] == usual && !taken.contains(names[$0])
                        }
                    }.first
            }
            guard let index = found[role] else { continue }
            guard names.lastIndex(of: names[index]) == index else {
                throw ReadError(
                    .missingColumn, file: file, "two columns are called \"\(names[index])\"")
            }
        }
        for role in ImpressionRole.allCases where role.isRequired && found[role] == nil {
            throw ReadError(
                .missingColumn, file: file,
                "no column says the \(role.rawValue); \(all); map one, as in "
                    + "\(role.rawValue)=\(names.first { !$0.isEmpty } ?? "column")")
        }
        return found
    }
}

/// The columns that the Open Bandit Dataset adds to an impression log.
///
/// Source: Saito, Aihara, Matsutani and Narita 2021, "Open Bandit Dataset and Pipeline". A line is
/// one item at one of three places, a round of its own; the propensity is that of the item at the
/// place; users are known by hashed features alone, and by an affinity to each item.
enum OpenBanditColumns {
    private static let affinity = "user-item_affinity_"

    /// The ids of all items, in the order of their affinity columns, or nil for another format.
    static func items(in names: [String]) -> [String]? {
        let items = names.filter { $0.hasPrefix(affinity) }
            .map { String($0.dropFirst(affinity.count)) }
        let own = ["timestamp", "item_id", "position", "click", "propensity_score"]
        return items.isEmpty || !own.allSatisfy(names.contains) ? nil : items
    }
}
