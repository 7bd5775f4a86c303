internal import Wire

/// `Models.List`
struct ListModelsMethod: ReadMethod {
    typealias Reply = ModelList
    static let service = "sidecart.v1.Models"
    static let name = "List"

    func encode(into writer: ProtobufWriter) {}
}

/// `Models.Load`
struct LoadModelMethod: Method {
    typealias Reply = ModelAnswer
    static let service = "sidecart.v1.Models"
    static let name = "Load"
    var path: String
    var promotes: Bool

    func encode(into writer: ProtobufWriter) {
        writer.string(1, path)
        writer.bool(2, promotes)
    }
}

/// `Models.Promote`
struct PromoteModelMethod: Method {
    typealias Reply = ModelAnswer
    static let service = "sidecart.v1.Models"
    static let name = "Promote"
    var version: String

    func encode(into writer: ProtobufWriter) { writer.string(1, version) }
}

/// `Models.Rollback`
struct RollbackModelMethod: Method {
    typealias Reply = ModelAnswer
    static let service = "sidecart.v1.Models"
    static let name = "Rollback"

    func encode(into writer: ProtobufWriter) {}
}

/// The answer to `Load`, `Promote` and `Rollback`.
struct ModelAnswer {
    var model = ServedModel()
}

extension ModelAnswer: WireMessage {
    mutating func read(_ field: Int, _ value: ProtobufReader.Value) throws(ProtobufReader.Malformed)
    {
        switch (field, value) {
        case (1, .bytes(let bytes)): model = try ServedModel(wire: bytes)
        default: break
        }
    }
}

extension ModelList: WireMessage {
    mutating func read(_ field: Int, _ value: ProtobufReader.Value) throws(ProtobufReader.Malformed)
    {
        switch (field, value) {
        case (1, .bytes(let bytes)): models.append(try ServedModel(wire: bytes))
        case (2, .varint(let number)): self.bytes = Int(clamping: number)
        case (3, .varint(let number)): bytesMax = Int(clamping: number)
        case (4, .bytes(let bytes)): folder = try ProtobufReader.text(bytes)
        case (5, .bytes(let bytes)): retraining = try Retraining(wire: bytes)
        default: break
        }
    }
}

extension ServedModel: WireMessage {
    mutating func read(_ field: Int, _ value: ProtobufReader.Value) throws(ProtobufReader.Malformed)
    {
        switch (field, value) {
        case (1, .varint(let number)): self.number = Int(clamping: number)
        case (2, .varint(let number)):
            state = State(rawValue: ProtobufReader.enumeration(number)) ?? .unknown
        case (3, .bytes(let bytes)): path = try ProtobufReader.text(bytes)
        case (4, .bytes(let bytes)): version = try ProtobufReader.text(bytes)
        case (5, .bytes(let bytes)): kind = try ProtobufReader.text(bytes)
        case (6, .varint(let number)): items = Int(clamping: number)
        case (7, .varint(let number)): users = Int(clamping: number)
        case (8, .varint(let number)): dimensions = Int(clamping: number)
        case (9, .varint(let number)): self.bytes = Int(clamping: number)
        case (10, .varint(let number)): loadedAtMilliseconds = Int(clamping: number)
        case (11, .varint(let number)): loadTime = .milliseconds(Int(clamping: number))
        case (12, .varint(let number)): promotedAtMilliseconds = Int(clamping: number)
        case (13, .bytes(let bytes)): digest = try ProtobufReader.text(bytes)
        case (14, .bytes(let bytes)): failure = try ProtobufReader.text(bytes)
        case (15, .bytes(let bytes)): warmUp = try WarmUp(wire: bytes)
        default: break
        }
    }
}

extension ServedModel.WarmUp: WireMessage {
    mutating func read(_ field: Int, _ value: ProtobufReader.Value) throws(ProtobufReader.Malformed)
    {
        switch (field, value) {
        case (1, .varint(let number)): requests = Int(clamping: number)
        case (2, .varint(let number)): refused = Int(clamping: number)
        case (3, .bytes(let bytes)): refusal = try ProtobufReader.text(bytes)
        case (4, .fixed32(let bits)): shared = Float(bitPattern: bits)
        case (5, .fixed32(let bits)): sameFirst = Float(bitPattern: bits)
        case (6, .fixed32(let bits)): microseconds = Float(bitPattern: bits)
        case (7, .fixed32(let bits)): servingMicroseconds = Float(bitPattern: bits)
        default: break
        }
    }
}

extension Retraining: WireMessage {
    mutating func read(_ field: Int, _ value: ProtobufReader.Value) throws(ProtobufReader.Malformed)
    {
        switch (field, value) {
        case (1, .bytes(let bytes)): schedule = try ProtobufReader.text(bytes)
        case (2, .varint(let number)): startedAtMilliseconds = Int(clamping: number)
        case (3, .varint(let number)): nextAtMilliseconds = Int(clamping: number)
        case (4, .bytes(let bytes)): verdicts.append(try Verdict(wire: bytes))
        default: break
        }
    }
}

extension Retraining.Verdict: WireMessage {
    mutating func read(_ field: Int, _ value: ProtobufReader.Value) throws(ProtobufReader.Malformed)
    {
        switch (field, value) {
        case (1, .varint(let number)): atMilliseconds = Int(clamping: number)
        case (2, .varint(let number)): isPromoted = number != 0
        case (3, .bytes(let bytes)): reason = try ProtobufReader.text(bytes)
        case (4, .bytes(let bytes)): version = try ProtobufReader.text(bytes)
        case (5, .bytes(let bytes)): path = try ProtobufReader.text(bytes)
        case (6, .bytes(let bytes)): against = try ProtobufReader.text(bytes)
        case (7, .bytes(let bytes)): measure = try ProtobufReader.text(bytes)
        case (8, .varint(let number)): queries = Int(clamping: number)
        case (9, .fixed64(let bits)): candidate = Double(bitPattern: bits)
        case (10, .fixed64(let bits)): running = Double(bitPattern: bits)
        case (11, .fixed64(let bits)): low = Double(bitPattern: bits)
        case (12, .fixed64(let bits)): high = Double(bitPattern: bits)
        default: break
        }
    }
}
