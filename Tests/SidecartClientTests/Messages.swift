import CSidecartProto

/// Memory for generated C messages, freed with the arena.
final class Arena {
    private var blocks: [UnsafeMutableRawPointer] = []

    deinit { for block in blocks { block.deallocate() } }

    func array<T>(_ elements: [T]) -> UnsafeMutablePointer<T>? {
        let block = UnsafeMutablePointer<T>.allocate(capacity: max(1, elements.count))
        block.initialize(from: elements, count: elements.count)
        blocks.append(block)
        return block
    }

    func box<T>(_ value: T) -> UnsafeMutablePointer<T>? { array([value]) }

    func bytes(_ bytes: [UInt8]) -> ProtobufCBinaryData {
        ProtobufCBinaryData(len: bytes.count, data: array(bytes))
    }

    func bytes(_ text: String) -> ProtobufCBinaryData { bytes(Array(text.utf8)) }
}

func text(_ data: ProtobufCBinaryData) -> String {
    String(decoding: UnsafeBufferPointer(start: data.data, count: data.len), as: UTF8.self)
}

func texts(_ data: UnsafeMutablePointer<ProtobufCBinaryData>?, _ count: Int) -> [String] {
    UnsafeBufferPointer(start: data, count: count).map(text)
}

/// The wire form of an initialized protobuf-c message, whose first member is its `base`.
func pack<Message>(_ message: inout Message) -> [UInt8] {
    withUnsafePointer(to: &message) {
        let base = UnsafeRawPointer($0).assumingMemoryBound(to: ProtobufCMessage.self)
        var bytes = [UInt8](repeating: 0, count: protobuf_c_message_get_packed_size(base))
        _ = protobuf_c_message_pack(base, &bytes)
        return bytes
    }
}

/// A `ScoreResponse` with these scores.
func scoreResponse(
    _ scores: [Float], unknown: [UInt32] = [], tier: Sidecart__V1__Tier.RawValue = 1,
    version: String = "v1"
) -> [UInt8] {
    let arena = Arena()
    var response = Sidecart__V1__ScoreResponse()
    sidecart__v1__score_response__init(&response)
    response.n_scores = scores.count
    response.scores = arena.array(scores)
    response.n_unknown = unknown.count
    response.unknown = arena.array(unknown)
    response.tier = Sidecart__V1__Tier(rawValue: tier)
    response.model_version = arena.bytes(version)
    return pack(&response)
}

/// The ids in a `ScoreRequest`.
func scoreItems(_ payload: [UInt8]) -> [String] {
    guard let request = sidecart__v1__score_request__unpack(nil, payload.count, payload) else {
        return ["malformed"]
    }
    defer { sidecart__v1__score_request__free_unpacked(request, nil) }
    return texts(request.pointee.items, request.pointee.n_items)
}
