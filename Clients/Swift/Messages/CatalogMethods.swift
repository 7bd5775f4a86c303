internal import Wire

/// `Catalog.Put`
struct PutItemsMethod: Method {
    typealias Reply = PutCounts
    static let service = "sidecart.v1.Catalog"
    static let name = "Put"
    var items: [CatalogItem]

    func encode(into writer: ProtobufWriter) {
        for item in items {
            writer.message(1) { writer in
                writer.string(1, item.id)
                writer.string(2, item.title)
                writer.strings(3, item.category)
                if let price = item.price { writer.floatElement(4, price) }
                if let stock = item.stock {
                    writer.integerElement(5, UInt64(bitPattern: Int64(stock)))
                }
                writer.string(6, item.group)
                if let from = item.availableFrom {
                    writer.integerElement(7, UInt64(bitPattern: from))
                }
                if let isDiscontinued = item.isDiscontinued {
                    writer.integerElement(8, isDiscontinued ? 1 : 0)
                }
                writer.strings(9, item.attributes)
            }
        }
    }
}

/// `Catalog.Remove`
struct RemoveItemsMethod: Method {
    typealias Reply = DeleteCount
    static let service = "sidecart.v1.Catalog"
    static let name = "Remove"
    var ids: [String]

    func encode(into writer: ProtobufWriter) { writer.strings(1, ids) }
}

/// `Catalog.Get`
struct GetItemsMethod: ReadMethod {
    typealias Reply = FoundItems
    static let service = "sidecart.v1.Catalog"
    static let name = "Get"
    var ids: [String]

    func encode(into writer: ProtobufWriter) { writer.strings(1, ids) }
}

extension FoundItems: WireMessage {
    init() { self.init(items: []) }

    mutating func read(_ field: Int, _ value: ProtobufReader.Value) throws(ProtobufReader.Malformed)
    {
        switch (field, value) {
        case (1, .bytes(let bytes)): items.append(try CatalogItem(wire: bytes))
        case (2, _): try ProtobufReader.integers(value, into: &unknown)
        default: break
        }
    }
}

extension CatalogItem: WireMessage {
    init() { self.init(id: "") }

    mutating func read(_ field: Int, _ value: ProtobufReader.Value) throws(ProtobufReader.Malformed)
    {
        switch (field, value) {
        case (1, .bytes(let bytes)): id = try ProtobufReader.text(bytes)
        case (2, .bytes(let bytes)): title = try ProtobufReader.text(bytes)
        case (3, .bytes(let bytes)): category.append(try ProtobufReader.text(bytes))
        case (4, .fixed32(let bits)): price = Float(bitPattern: bits)
        case (5, .varint(let number)): stock = Int32(truncatingIfNeeded: number)
        case (6, .bytes(let bytes)): group = try ProtobufReader.text(bytes)
        case (7, .varint(let number)): availableFrom = Int64(bitPattern: number)
        case (8, .varint(let number)): isDiscontinued = number != 0
        case (9, .bytes(let bytes)): attributes.append(try ProtobufReader.text(bytes))
        default: break
        }
    }
}
