internal import Wire

/// `Events.Record`
struct RecordMethod: Method {
    typealias Reply = RecordReceipt
    static let service = "sidecart.v1.Events"
    static let name = "Record"
    var events: [Event]

    /// Gives an id to each event that has none.
    init(_ events: [Event]) {
        self.events = events
        for i in events.indices where events[i].id.isEmpty { self.events[i].id = EventID.random() }
    }

    func encode(into writer: ProtobufWriter) {
        for event in events {
            writer.message(1) { writer in
                writer.string(1, event.id)
                writer.string(2, event.userID)
                writer.string(3, event.itemID)
                writer.integer(4, UInt64(event.kind.rawValue))
                writer.float(5, event.value)
                writer.integer(6, UInt64(bitPattern: event.time))
                writer.string(7, event.basketID)
                writer.integer(8, event.slateID)
                writer.float(9, event.price)
            }
        }
    }
}

/// `Events.History`
struct HistoryMethod: ReadMethod {
    typealias Reply = History
    static let service = "sidecart.v1.Events"
    static let name = "History"
    var user: String
    var count: Int

    func encode(into writer: ProtobufWriter) throws(SidecartError) {
        writer.string(1, user)
        writer.integer(2, try wireCount(count, "count"))
    }
}

/// `Events.Forget`
struct ForgetMethod: Method {
    typealias Reply = ForgetReceipt
    static let service = "sidecart.v1.Events"
    static let name = "Forget"
    var user: String

    func encode(into writer: ProtobufWriter) { writer.string(1, user) }
}

struct History: WireMessage, Sendable {
    var events: [Event] = []

    mutating func read(_ field: Int, _ value: ProtobufReader.Value) throws(ProtobufReader.Malformed)
    {
        if case (1, .bytes(let bytes)) = (field, value) { events.append(try Event(wire: bytes)) }
    }
}

extension Event: WireMessage {
    init() { self.init(.view, of: "", value: 0) }

    mutating func read(_ field: Int, _ value: ProtobufReader.Value) throws(ProtobufReader.Malformed)
    {
        switch (field, value) {
        case (1, .bytes(let bytes)): id = try ProtobufReader.text(bytes)
        case (2, .bytes(let bytes)): userID = try ProtobufReader.text(bytes)
        case (3, .bytes(let bytes)): itemID = try ProtobufReader.text(bytes)
        case (4, .varint(let number)):
            guard let kind = Kind(rawValue: ProtobufReader.enumeration(number)) else {
                throw ProtobufReader.Malformed()
            }
            self.kind = kind
        case (5, .fixed32(let bits)): self.value = Float(bitPattern: bits)
        case (6, .varint(let number)): time = Int64(bitPattern: number)
        case (7, .bytes(let bytes)): basketID = try ProtobufReader.text(bytes)
        default: break
        }
    }
}

extension RecordReceipt: WireMessage {
    init() { self.init(recorded: 0) }

    mutating func read(_ field: Int, _ value: ProtobufReader.Value) throws(ProtobufReader.Malformed)
    {
        switch (field, value) {
        case (1, .varint(let number)): recorded = Int(clamping: number)
        case (2, _): try ProtobufReader.integers(value, into: &duplicates)
        case (3, .varint(let number)): watermark = Int64(bitPattern: number)
        default: break
        }
    }
}

extension ForgetReceipt: WireMessage {
    init() { self.init(userID: "", isLogEmptied: false) }

    mutating func read(_ field: Int, _ value: ProtobufReader.Value) throws(ProtobufReader.Malformed)
    {
        switch (field, value) {
        case (1, .bytes(let bytes)): userID = try ProtobufReader.text(bytes)
        case (2, .varint(let number)): events = Int(clamping: number)
        case (3, .varint(let number)): oldestTime = Int64(bitPattern: number)
        case (4, .varint(let number)): newestTime = Int64(bitPattern: number)
        case (5, .varint(let number)): isLogEmptied = number != 0
        case (6, .bytes(let bytes)): remains.append(try ProtobufReader.text(bytes))
        default: break
        }
    }
}

/// Ids for events that have none.
enum EventID {
    private static let digits = Array("0123456789abcdef".utf8)

    /// A random UUID (version 4, RFC 9562) in lower case, the form that takes the least room.
    static func random() -> String {
        var generator = SystemRandomNumberGenerator()
        var words = (generator.next(), generator.next())
        words.0 = words.0 & 0xffff_ffff_ffff_0fff | 0x4000
        words.1 = words.1 & 0x3fff_ffff_ffff_ffff | 0x8000_0000_0000_0000
        return String(unsafeUninitializedCapacity: 36) { text in
            var place = 0
            for nibble in 0..<32 {
                if [8, 12, 16, 20].contains(nibble) {
                    text[place] = UInt8(ascii: "-")
                    place += 1
                }
                let word = nibble < 16 ? words.0 : words.1
                text[place] = digits[Int(word >> (60 - 4 * UInt64(nibble % 16)) & 15)]
                place += 1
            }
            return 36
        }
    }
}
