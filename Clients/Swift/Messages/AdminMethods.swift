internal import Wire

/// `Admin.Status`
struct StatusMethod: ReadMethod {
    typealias Reply = ServerStatus
    static let service = "sidecart.v1.Admin"
    static let name = "Status"

    func encode(into writer: ProtobufWriter) {}
}

/// `Admin.Metrics`
struct MetricsMethod: ReadMethod {
    typealias Reply = MetricsText
    static let service = "sidecart.v1.Admin"
    static let name = "Metrics"
    var format: MetricsFormat

    func encode(into writer: ProtobufWriter) { writer.integer(1, UInt64(format.rawValue)) }
}

/// The answer to `Metrics`.
struct MetricsText {
    var text = ""
}

extension MetricsText: WireMessage {
    mutating func read(_ field: Int, _ value: ProtobufReader.Value) throws(ProtobufReader.Malformed)
    {
        switch (field, value) {
        case (1, .bytes(let bytes)): text = try ProtobufReader.text(bytes)
        default: break
        }
    }
}

/// `Admin.Outcomes`
struct OutcomesMethod: ReadMethod {
    typealias Reply = Outcomes
    static let service = "sidecart.v1.Admin"
    static let name = "Outcomes"

    func encode(into writer: ProtobufWriter) {}
}

extension Outcomes: WireMessage {
    mutating func read(_ field: Int, _ value: ProtobufReader.Value) throws(ProtobufReader.Malformed)
    {
        switch (field, value) {
        case (1, .varint(let number)): sinceSeconds = Int(clamping: number)
        case (2, .varint(let number)): slates = Int(clamping: number)
        case (3, .varint(let number)): missedSlates = Int(clamping: number)
        case (4, .varint(let number)): oldestSlateSeconds = Int(clamping: number)
        case (5, .varint(let number)): unknownSlateEvents = Int(clamping: number)
        case (6, .varint(let number)): notOnSlateEvents = Int(clamping: number)
        case (7, .varint(let number)): catalogItems = Int(clamping: number)
        case (8, .bytes(let bytes)): all = try Row(wire: bytes)
        case (9, .bytes(let bytes)): byTier.append(try Row(wire: bytes))
        case (10, .bytes(let bytes)): byReason.append(try Row(wire: bytes))
        case (11, .bytes(let bytes)): byRuleSet.append(try Row(wire: bytes))
        case (12, .bytes(let bytes)): byExploration.append(try Row(wire: bytes))
        default: break
        }
    }
}

extension Outcomes.Row: WireMessage {
    mutating func read(_ field: Int, _ value: ProtobufReader.Value) throws(ProtobufReader.Malformed)
    {
        switch (field, value) {
        case (1, .bytes(let bytes)): name = try ProtobufReader.text(bytes)
        case (2, .varint(let number)): impressions = Int(clamping: number)
        case (3, .varint(let number)): clicks = Int(clamping: number)
        case (4, .varint(let number)): purchases = Int(clamping: number)
        case (5, .fixed64(let bits)): revenue = Double(bitPattern: bits)
        case (6, .varint(let number)): itemsShown = Int(clamping: number)
        case (7, .varint(let number)): itemsSold = Int(clamping: number)
        default: break
        }
    }
}

/// `Admin.Drain`
struct DrainMethod: Method {
    static let service = "sidecart.v1.Admin"
    static let name = "Drain"
    var handsOver: Bool

    func encode(into writer: ProtobufWriter) { writer.bool(1, handsOver) }

    func decode(_ payload: UnsafeRawBufferPointer) throws(ProtobufReader.Malformed) {}
}

/// `grpc.health.v1.Health.Check`
struct HealthMethod: ReadMethod {
    typealias Reply = Health
    static let service = "grpc.health.v1.Health"
    static let name = "Check"
    var checked: String

    func encode(into writer: ProtobufWriter) { writer.string(1, checked) }
}

/// The answer to `Check`.
struct Health {
    var status = ServingStatus.unknown
}

extension Health: WireMessage {
    mutating func read(_ field: Int, _ value: ProtobufReader.Value) throws(ProtobufReader.Malformed)
    {
        switch (field, value) {
        case (1, .varint(let number)):
            status = ServingStatus(rawValue: ProtobufReader.enumeration(number)) ?? .unknown
        default: break
        }
    }
}

extension ServerStatus: WireMessage {
    mutating func read(_ field: Int, _ value: ProtobufReader.Value) throws(ProtobufReader.Malformed)
    {
        switch (field, value) {
        case (1, .bytes(let bytes)): version = try ProtobufReader.text(bytes)
        case (2, .bytes(let bytes)): modelVersion = try ProtobufReader.text(bytes)
        case (3, .bytes(let bytes)): modelKind = try ProtobufReader.text(bytes)
        case (4, .varint(let number)): items = Int(clamping: number)
        case (5, .varint(let number)): users = Int(clamping: number)
        case (6, .varint(let number)): dimensions = Int(clamping: number)
        case (7, .varint(let number)): threads = Int(clamping: number)
        case (8, .varint(let number)): connections = Int(clamping: number)
        case (9, .varint(let number)): calls = Int(clamping: number)
        case (10, .varint(let number)): failedCalls = Int(clamping: number)
        case (11, .varint(let number)): uptime = .milliseconds(Int(clamping: number))
        case (12, .varint(let number)): cpuTime = .microseconds(Int(clamping: number))
        case (13, .varint(let number)): residentBytes = Int(clamping: number)
        case (14, .varint(let number)): storeBytes = Int(clamping: number)
        case (15, .varint(let number)): storeBytesMax = Int(clamping: number)
        case (16, .varint(let number)): isDraining = number != 0
        case (17, .varint(let number)): processID = Int(clamping: number)
        case (18, .varint(let number)): brokenOffForeign = Int(clamping: number)
        case (19, .varint(let number)): brokenOffUnread = Int(clamping: number)
        case (20, .varint(let number)): brokenOffUnfinished = Int(clamping: number)
        case (21, .varint(let number)): brokenOffDrained = Int(clamping: number)
        case (22, .varint(let number)): movedCalls = Int(clamping: number)
        case (23, .varint(let number)): brokenOffCrowded = Int(clamping: number)
        case (24, .varint(let number)): brokenOffIdle = Int(clamping: number)
        case (25, .varint(let number)): refusedConnections = Int(clamping: number)
        case (26, .varint(let number)): refusedFrames = Int(clamping: number)
        case (27, .varint(let number)): deniedCalls = Int(clamping: number)
        case (28, .varint(let number)): bufferBytes = Int(clamping: number)
        case (29, .varint(let number)): bufferBytesMax = Int(clamping: number)
        case (30, .varint(let number)): brokenOffMalformed = Int(clamping: number)
        case (31, .varint(let number)): brokenOffFlooded = Int(clamping: number)
        case (32, .varint(let number)): journalWatermark = Int(clamping: number)
        case (33, .varint(let number)): journalCheck = JournalCheck(wire: number)
        case (34, .varint(let number)): onlineEvents = Int(clamping: number)
        case (35, .varint(let number)): onlineEventsMax = Int(clamping: number)
        case (36, .varint(let number)): onlineUsers = Int(clamping: number)
        case (37, .varint(let number)): onlineItems = Int(clamping: number)
        case (38, .varint(let number)): onlineBytes = Int(clamping: number)
        case (39, .varint(let number)): onlineBytesMax = Int(clamping: number)
        case (40, .varint(let number)): onlineLagEvents = Int(clamping: number)
        default: break
        }
    }
}

extension JournalCheck {
    /// A verdict that this library does not know says nothing.
    init(wire number: UInt64) {
        self =
            switch number {
            case 1: .running
            case 2: .passed
            case 3: .failed
            default: .none
            }
    }
}
