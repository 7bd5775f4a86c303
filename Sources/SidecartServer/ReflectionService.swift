internal import Buffers
internal import RPC
internal import Wire

/// `grpc.reflection.v1.ServerReflection`, and the same as `v1alpha`: tells tools which services there
/// are and what their messages look like. The two differ by name alone.
///
/// Messages are read and written here by their field numbers.
struct ReflectionService {
    private static let names = [
        "grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection",
    ]

    private let descriptors = DescriptorSet.ofContract
    private unowned let router: Router

    static func register(in router: Router) {
        let reflection = ReflectionService(router: router)
        for name in names {
            router.add(name, "ServerReflectionInfo", role: .read, kind: .conversation) {
                call throws(RPCError) in
                let answer = try reflection.answer(call.payload)
                try call.reply(payloadBytes: answer.count) {
                    if let start = answer.bytes.baseAddress {
                        $0.copyMemory(from: start, byteCount: answer.count)
                    }
                }
            }
        }
    }

    private init(router: Router) { self.router = router }

    /// A ServerReflectionResponse to a ServerReflectionRequest.
    private func answer(_ request: UnsafeRawBufferPointer) throws(RPCError) -> ByteBuffer {
        let response = ProtobufWriter()
        response.length(2, request.count)
        response.buffer.append(request)
        do {
            try answer(request, in: response)
        } catch {
            throw RPCError(.invalidArgument, "the request is no ServerReflectionRequest")
        }
        return response.buffer
    }

    private func answer(
        _ request: UnsafeRawBufferPointer, in response: ProtobufWriter
    ) throws(ProtobufReader.Malformed) {
        var question: (number: Int, value: UnsafeRawBufferPointer)?
        var reader = ProtobufReader(request)
        while let (number, value) = try reader.next() {
            if (3...7).contains(number), case .bytes(let bytes) = value {
                question = (number, bytes)
            }
        }
        guard let question else {
            return refuse(.invalidArgument, "the request asks for nothing", in: response)
        }
        let text = String(decoding: question.value, as: UTF8.self)
        switch question.number {
        case 3: tell(descriptors.closure(ofFile: text), "file '\(text)'", in: response)
        case 4: tell(descriptors.closure(ofSymbol: text), "symbol '\(text)'", in: response)
        case 5: refuse(.notFound, "there are no extensions here", in: response)
        case 6:
            guard descriptors.hasMessage(text) else {
                return refuse(.notFound, "there is no message '\(text)' here", in: response)
            }
            // Nothing here is extended.
            let numbers = ProtobufWriter()
            numbers.string(1, text)
            response.bytes(5, numbers.buffer.bytes)
        default:
            let list = ProtobufWriter()
            for service in Set(router.methods.map(\.service)).sorted() {
                let entry = ProtobufWriter()
                entry.string(1, service)
                list.bytes(1, entry.buffer.bytes)
            }
            response.bytes(6, list.buffer.bytes)
        }
    }

    private func tell(_ files: [DescriptorSet.File]?, _ what: String, in response: ProtobufWriter) {
        guard let files else {
            return refuse(.notFound, "there is no \(what) here", in: response)
        }
        let list = ProtobufWriter()
        for file in files { file.bytes.withUnsafeBytes { list.bytes(1, $0) } }
        response.bytes(4, list.buffer.bytes)
    }

    private func refuse(_ code: StatusCode, _ message: String, in response: ProtobufWriter) {
        let error = ProtobufWriter()
        error.integer(1, UInt64(code.rawValue))
        error.string(2, message)
        response.bytes(7, error.buffer.bytes)
    }
}
