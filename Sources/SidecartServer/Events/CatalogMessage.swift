internal import CSidecartProto
internal import EventJournal
internal import Interactions
internal import RPC
internal import Wire

/// `CatalogItem` to an entry of the journal and back.
enum CatalogMessage {
    static let attributesMax = 64
    static let attributeBytesMax = 256
    static let levelSeparator = " > "
    static let attributeSeparator = ";"

    /// - Parameter field: how errors name the item.
    static func entry(
        _ item: Sidecart__V1__CatalogItem, _ field: String
    ) throws(RPCError) -> CatalogEntry {
        var entry = CatalogEntry()
        entry.title = try text(item.title, "\(field).title", max: FieldCheck.categoryBytesMax)
        if item.n_category > 0 {
            entry.category = try list(
                item.category, item.n_category, "\(field).category", separator: levelSeparator,
                max: FieldCheck.categoryBytesMax)
        }
        if item.given_price_case == SIDECART__V1__CATALOG_ITEM__GIVEN_PRICE_PRICE {
            guard item.price.isFinite, item.price >= 0 else {
                throw RPCError(
                    .invalidArgument, "\(field).price is \(item.price), not finite and 0 or more")
            }
            entry.price = Double(item.price)
        }
        if item.given_stock_case == SIDECART__V1__CATALOG_ITEM__GIVEN_STOCK_STOCK {
            guard item.stock >= -1 else {
                throw RPCError(
                    .invalidArgument, "\(field).stock is \(item.stock), not -1 or more")
            }
            entry.stock = Int64(item.stock)
        }
        entry.group = try text(item.group, "\(field).group", max: IdentifierRule.bytesMax)
        if item.given_available_from_case
            == SIDECART__V1__CATALOG_ITEM__GIVEN_AVAILABLE_FROM_AVAILABLE_FROM
        {
            entry.availableFrom = item.available_from
        }
        if item.given_discontinued_case
            == SIDECART__V1__CATALOG_ITEM__GIVEN_DISCONTINUED_DISCONTINUED
        {
            entry.isDiscontinued = item.discontinued != 0
        }
        if item.n_attributes > 0 {
            try FieldCheck.limit(item.n_attributes, "\(field).attributes", max: attributesMax)
            for position in 0..<item.n_attributes
            where item.attributes[position].len > attributeBytesMax {
                throw RPCError(
                    .invalidArgument,
                    "\(field).attributes[\(position)] has \(item.attributes[position].len) bytes, the limit is \(attributeBytesMax)"
                )
            }
            entry.attributes = try list(
                item.attributes, item.n_attributes, "\(field).attributes",
                separator: attributeSeparator, max: attributesMax * (attributeBytesMax + 1))
        }
        return entry
    }

    static func write(_ entry: CatalogEntry, of item: [UInt8], to writer: ProtobufWriter) {
        item.withUnsafeBytes { writer.bytes(1, $0) }
        writer.string(2, entry.title ?? "")
        writer.strings(3, parts(entry.category, levelSeparator))
        if let price = entry.price { writer.floatElement(4, Float(price)) }
        if let stock = entry.stock { writer.integerElement(5, UInt64(bitPattern: stock)) }
        writer.string(6, entry.group ?? "")
        if let from = entry.availableFrom {
            writer.integerElement(7, UInt64(bitPattern: from))
        }
        if let isDiscontinued = entry.isDiscontinued {
            writer.integerElement(8, isDiscontinued ? 1 : 0)
        }
        writer.strings(9, parts(entry.attributes, attributeSeparator))
    }

    static func levels(_ path: String) -> [String] { parts(path, levelSeparator) }

    static func attributes(_ list: String) -> [String] { parts(list, attributeSeparator) }

    private static func parts(_ text: String?, _ separator: String) -> [String] {
        guard let text, !text.isEmpty else { return [] }
        return text.split(separator: separator, omittingEmptySubsequences: true).map(String.init)
    }

    /// nil where it is empty.
    private static func text(
        _ data: ProtobufCBinaryData, _ field: String, max: Int
    ) throws(RPCError) -> String? {
        guard data.len > 0 else { return nil }
        guard data.len <= max else {
            throw RPCError(
                .invalidArgument, "\(field) has \(data.len) bytes, the limit is \(max)")
        }
        let bytes = UnsafeBufferPointer(start: data.data, count: data.len)
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw RPCError(.invalidArgument, "\(field) is not UTF-8")
        }
        return text
    }

    private static func list(
        _ values: UnsafeMutablePointer<ProtobufCBinaryData>, _ count: Int, _ field: String,
        separator: String, max: Int
    ) throws(RPCError) -> String {
        var texts: [String] = []
        for position in 0..<count {
            let name = "\(field)[\(position)]"
            guard let text = try text(values[position], name, max: max) else {
                throw RPCError(.invalidArgument, "\(name) is empty")
            }
            guard !text.contains(separator) else {
                throw RPCError(
                    .invalidArgument,
                    "\(name) holds '\(separator)', which stands between the parts in the journal")
            }
            texts.append(text)
        }
        let joined = texts.joined(separator: separator)
        guard joined.utf8.count <= max else {
            throw RPCError(
                .invalidArgument, "\(field) has \(joined.utf8.count) bytes, the limit is \(max)")
        }
        return joined
    }
}
