internal import Wire

/// `Profiles.User`
struct UserProfileMethod: ReadMethod {
    typealias Reply = UserProfile
    static let service = "sidecart.v1.Profiles"
    static let name = "User"
    var user: String
    var count: Int

    func encode(into writer: ProtobufWriter) throws(SidecartError) {
        writer.string(1, user)
        writer.integer(2, try wireCount(count, "count"))
    }
}

/// `Profiles.Item`
struct ItemProfileMethod: ReadMethod {
    typealias Reply = ItemProfile
    static let service = "sidecart.v1.Profiles"
    static let name = "Item"
    var item: String

    func encode(into writer: ProtobufWriter) { writer.string(1, item) }
}

extension UserProfile: WireMessage {
    mutating func read(_ field: Int, _ value: ProtobufReader.Value) throws(ProtobufReader.Malformed)
    {
        switch (field, value) {
        case (1, .bytes(let bytes)): userID = try ProtobufReader.text(bytes)
        case (2, .bytes(let bytes)): modelVersion = try ProtobufReader.text(bytes)
        case (3, .varint(let number)): items = Int(clamping: number)
        case (4, .varint(let number)): baskets = Int(clamping: number)
        case (5, .fixed32(let bits)): basketItems = Float(bitPattern: bits)
        case (6, .fixed32(let bits)): ageDays = Float(bitPattern: bits)
        case (7, .fixed32(let bits)): intervalDays = Float(bitPattern: bits)
        case (8, .fixed32(let bits)): spend = Float(bitPattern: bits)
        case (9, .fixed32(let bits)): priceLow = Float(bitPattern: bits)
        case (10, .fixed32(let bits)): priceMedian = Float(bitPattern: bits)
        case (11, .fixed32(let bits)): priceHigh = Float(bitPattern: bits)
        case (12, .bytes(let bytes)): categories.append(try CategoryShare(wire: bytes))
        case (13, .bytes(let bytes)): own.append(try OwnItem(wire: bytes))
        default: break
        }
    }
}

extension CategoryShare: WireMessage {
    mutating func read(_ field: Int, _ value: ProtobufReader.Value) throws(ProtobufReader.Malformed)
    {
        switch (field, value) {
        case (1, .bytes(let bytes)): category = try ProtobufReader.text(bytes)
        case (2, .fixed32(let bits)): share = Float(bitPattern: bits)
        default: break
        }
    }
}

extension OwnItem: WireMessage {
    mutating func read(_ field: Int, _ value: ProtobufReader.Value) throws(ProtobufReader.Malformed)
    {
        switch (field, value) {
        case (1, .bytes(let bytes)): itemID = try ProtobufReader.text(bytes)
        case (2, .bytes(let bytes)): title = try ProtobufReader.text(bytes)
        case (3, .varint(let number)): times = Int(clamping: number)
        case (4, .fixed32(let bits)): intervalDays = Float(bitPattern: bits)
        case (5, .fixed32(let bits)): ageDays = Float(bitPattern: bits)
        case (6, .varint(let number)): isDue = number != 0
        default: break
        }
    }
}

extension ItemProfile: WireMessage {
    mutating func read(_ field: Int, _ value: ProtobufReader.Value) throws(ProtobufReader.Malformed)
    {
        switch (field, value) {
        case (1, .bytes(let bytes)): itemID = try ProtobufReader.text(bytes)
        case (2, .bytes(let bytes)): modelVersion = try ProtobufReader.text(bytes)
        case (3, .bytes(let bytes)): title = try ProtobufReader.text(bytes)
        case (4, .bytes(let bytes)): category = try ProtobufReader.text(bytes)
        case (5, .fixed32(let bits)): price = Float(bitPattern: bits)
        case (6, .varint(let number)): stock = Int(ProtobufReader.enumeration(number))
        case (7, .fixed32(let bits)): taken = Float(bitPattern: bits)
        case (8, .fixed32(let bits)): share = Float(bitPattern: bits)
        case (9, .varint(let number)): rank = Int(clamping: number)
        case (10, .fixed32(let bits)): weekRate = Float(bitPattern: bits)
        case (11, .fixed32(let bits)): monthRate = Float(bitPattern: bits)
        case (12, .fixed32(let bits)): repeatRate = Float(bitPattern: bits)
        case (13, .fixed32(let bits)): repeatIntervalDays = Float(bitPattern: bits)
        case (14, .fixed32(let bits)): repeatSpreadDays = Float(bitPattern: bits)
        case (15, .bytes(let bytes)): relations.append(try RelationCount(wire: bytes))
        default: break
        }
    }
}

extension RelationCount: WireMessage {
    mutating func read(_ field: Int, _ value: ProtobufReader.Value) throws(ProtobufReader.Malformed)
    {
        switch (field, value) {
        case (1, .varint(let number)):
            relation = Relation(rawValue: ProtobufReader.enumeration(number)) ?? .unspecified
        case (2, .varint(let number)): items = Int(clamping: number)
        default: break
        }
    }
}
