import Buffers
import CSidecartProto
import RPC
import TestFrames
import Wire

extension FuzzTarget {
    /// Frames as a connection meets them, and the envelope in each that is whole.
    static let frames = FuzzTarget(
        name: "frames",
        seeds: [
            requestFrame(stream: 1),
            requestFrame(stream: 3, timeout: 5_000_000, metadata: [("a", "b"), ("c", "")]),
            requestFrame(stream: 1) + requestFrame(stream: 3, payload: []),
        ]
    ) { bytes in
        bytes.withUnsafeBytes { bytes in
            var decoder = FrameDecoder(dataBytesMax: 1 << 16, pool: BufferPool())
            var rest = bytes
            // Each event takes at least a byte, or is the last.
            for _ in 0...bytes.count {
                let left = rest.count
                switch decoder.next(&rest) {
                case .frame(let header, let data):
                    precondition(data.count == header.dataBytes)
                    _ = try? RequestEnvelope(data, metadataCountMax: 8)
                default: if rest.count == left { return }
                }
            }
        }
    }

    /// Each request message of the contract, decoded in an arena as a server does.
    static let requests: [FuzzTarget] = [
        request("score", sidecart__v1__score_request__init),
        request("recommend", sidecart__v1__recommend_request__init),
        request("related", sidecart__v1__related_request__init),
        request("get-embeddings", sidecart__v1__get_embeddings_request__init),
        request("put-embeddings", sidecart__v1__put_embeddings_request__init),
        request("delete-embeddings", sidecart__v1__delete_embeddings_request__init),
        request("nearest", sidecart__v1__nearest_request__init),
        request("record", sidecart__v1__record_request__init),
        request("history", sidecart__v1__history_request__init),
        request("forget", sidecart__v1__forget_request__init),
        request("put-items", sidecart__v1__put_items_request__init),
        request("remove-items", sidecart__v1__remove_items_request__init),
        request("get-items", sidecart__v1__get_items_request__init),
        request("user-profile", sidecart__v1__user_profile_request__init),
        request("item-profile", sidecart__v1__item_profile_request__init),
        request("list-models", sidecart__v1__list_models_request__init),
        request("load-model", sidecart__v1__load_model_request__init),
        request("promote-model", sidecart__v1__promote_model_request__init),
        request("rollback-model", sidecart__v1__rollback_model_request__init),
        request("status", sidecart__v1__status_request__init),
        request("metrics", sidecart__v1__metrics_request__init),
        request("outcomes", sidecart__v1__outcomes_request__init),
        request("drain", sidecart__v1__drain_request__init),
        request("health-check", grpc__health__v1__health_check_request__init),
    ]

    private static func request<Message>(
        _ name: String, _ initialize: @escaping @Sendable (UnsafeMutablePointer<Message>?) -> Void
    ) -> FuzzTarget {
        FuzzTarget(name: name, seeds: messages) { bytes in
            let arena = MessageArena(capacity: 1 << 16)
            bytes.withUnsafeBytes { bytes in
                do throws(MessageDecoder.Failure) {
                    let message = try MessageDecoder(arena: arena).decode(bytes, initialize)
                    // What was understood can be written again.
                    let base = UnsafeRawPointer(message).assumingMemoryBound(
                        to: ProtobufCMessage.self)
                    var packed = [UInt8](
                        repeating: 0, count: protobuf_c_message_get_packed_size(base))
                    let count = protobuf_c_message_pack(base, &packed)
                    precondition(count == packed.count)
                } catch { precondition(error == .malformed || error == .exhausted) }
            }
        }
    }

    /// A RecommendRequest with every field, two embeddings, an event, an item of the catalog, and the empty
    /// message.
    private static let messages: [[UInt8]] = [
        [0x0A, 14, 0x0A, 2, 117, 49, 0x12, 1, 97, 0x12, 1, 98, 0x1A, 2, 99, 100]
            + [0x10, 0xAC, 2, 0x1A, 1, 120, 0x1A, 2, 121, 121, 0x20, 1, 0x28, 1, 0x30, 3, 0x38, 1],
        [0x08, 1, 0x12, 13, 0x0A, 1, 97, 0x12, 8, 1, 2, 3, 4, 5, 6, 7, 8],
        [0x0A, 4, 1, 2, 3, 4, 0x0D, 5, 6, 7, 8, 0x98, 6, 1],
        [0x0A, 28, 0x0A, 1, 101, 0x12, 1, 117, 0x1A, 1, 105, 0x20, 4, 0x2D, 0, 0, 0x80, 0x3F]
            + [0x30, 1, 0x3A, 1, 98, 0x40, 7, 0x4D, 0, 0, 0x20, 0x41],
        [0x0A, 24, 0x0A, 1, 105, 0x12, 1, 116, 0x1A, 1, 99, 0x1A, 1, 100, 0x25, 0, 0, 0x20, 0x41]
            + [0x28, 3, 0x32, 1, 103, 0x40, 1],
        [],
    ]
}
