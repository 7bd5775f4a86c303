import EventLoop
import RPC
import Synchronization
import Wire

/// `grpc.testing.TestService`, as far as gRPC's interoperability cases ask a server with unary methods
/// and conversations; `Tests/Interop/messages.proto` has its messages.
enum InteropService {
    /// Calls of FullDuplexCall that ask for no response, and wait for it in vain until the end.
    final class Sleepers: Sendable {
        private let tokens = Locked<[ReplyToken]>([])

        var count: Int { tokens.withLock { $0.count } }

        func add(_ token: ReplyToken) { tokens.withLock { $0.append(token) } }

        /// Has all of them fail.
        func wake() {
            let sleeping = tokens.withLock { tokens in
                defer { tokens = [] }
                return tokens
            }
            for token in sleeping {
                token.door.submit { token.fail(RPCError(.unavailable, "woken up"), on: $0) }
            }
        }
    }

    private struct Request {
        var sizes: [Int] = []
        var status: (code: Int32, message: String)?
    }

    static func register(in router: Router, _ sleepers: Sleepers) {
        let service = "grpc.testing.TestService"
        router.add(service, "EmptyCall", role: .read) { call throws(RPCError) in
            try call.reply(payloadBytes: 0) { _ in }
        }
        router.add(service, "UnaryCall", role: .read) { call throws(RPCError) in
            try echoMetadata(call)
            try answer(call, parse(call, sizeField: 2))
        }
        router.add(service, "FullDuplexCall", role: .read, kind: .conversation) {
            call throws(RPCError) in
            try echoMetadata(call)
            let request = try parse(call, sizeField: nil)
            guard !request.sizes.isEmpty || request.status != nil else {
                return sleepers.add(try call.replyLater(heldBytes: 0))
            }
            try answer(call, request)
        }
        // Answered once its client has said all, which the case that asks for it never does.
        router.add(service, "StreamingInputCall", role: .read, kind: .conversation) {
            call throws(RPCError) in
            sleepers.add(try call.replyLater(heldBytes: 0))
        }
    }

    private static func answer(_ call: Call, _ request: Request) throws(RPCError) {
        if let status = request.status, status.code != 0 {
            throw RPCError(StatusCode(rawValue: status.code), status.message)
        }
        // {1 payload {2 body}}, of as many zeros as were asked for.
        let writer = ProtobufWriter()
        let zeros = [UInt8](repeating: 0, count: request.sizes.first ?? 0)
        writer.message(1) { payload in
            zeros.withUnsafeBytes { payload.bytes(2, $0) }
        }
        let bytes = writer.buffer.bytes
        try call.reply(payloadBytes: bytes.count) {
            if let start = bytes.baseAddress { $0.copyMemory(from: start, byteCount: bytes.count) }
        }
    }

    /// Sends back what its caller wants sent back.
    private static func echoMetadata(_ call: Call) throws(RPCError) {
        if let value = call.metadata["x-grpc-test-echo-initial"] {
            try call.addMetadata("x-grpc-test-echo-initial", value, .initial)
        }
        if let value = call.metadata["x-grpc-test-echo-trailing-bin"] {
            try call.addMetadata("x-grpc-test-echo-trailing-bin", value, .trailing)
        }
    }

    /// - Parameter sizeField: of a single response's size; nil where there is a list of them.
    private static func parse(_ call: Call, sizeField: Int?) throws(RPCError) -> Request {
        var request = Request()
        do {
            var reader = ProtobufReader(call.payload)
            while let (field, value) = try reader.next() {
                switch (field, value) {
                case (2, .varint(let size)) where sizeField == 2:
                    request.sizes = [Int(size)]
                case (2, .bytes(let parameters)) where sizeField == nil:
                    request.sizes.append(Int(try number(1, of: parameters)))
                case (7, .bytes(let status)):
                    request.status = (
                        Int32(truncatingIfNeeded: try number(1, of: status)),
                        try text(2, of: status)
                    )
                default: continue
                }
            }
        } catch {
            throw RPCError(.invalidArgument, "the request is no message of its method")
        }
        return request
    }

    private static func number(
        _ wanted: Int, of message: UnsafeRawBufferPointer
    ) throws -> UInt64 {
        var reader = ProtobufReader(message)
        var found: UInt64 = 0
        while let (field, value) = try reader.next() {
            if field == wanted, case .varint(let number) = value { found = number }
        }
        return found
    }

    private static func text(
        _ wanted: Int, of message: UnsafeRawBufferPointer
    ) throws -> String {
        var reader = ProtobufReader(message)
        var found = ""
        while let (field, value) = try reader.next() {
            if field == wanted, case .bytes(let bytes) = value {
                found = String(decoding: bytes, as: UTF8.self)
            }
        }
        return found
    }
}
