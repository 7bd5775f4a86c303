import Foundation
import SidecartClient
import TestFolders
import TestGRPC
import Testing
import Wire

/// The bytes of a field with a length, of a message in the protobuf wire format.
private func fields(_ number: Int, of message: [UInt8]) throws -> [[UInt8]] {
    try message.withUnsafeBytes { bytes in
        var found: [[UInt8]] = []
        var reader = ProtobufReader(bytes)
        while let (field, value) = try reader.next() {
            if field == number, case .bytes(let bytes) = value { found.append(Array(bytes)) }
        }
        return found
    }
}

private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

private func field(_ number: UInt8, _ value: String) -> [UInt8] {
    [number << 3 | 2, UInt8(value.utf8.count)] + Array(value.utf8)
}

extension ProgramTests {
    /// The services of a real server, over gRPC.
    @Suite struct GRPCServingTests {
        private let shop: TrainedShop
        private let folder: TemporaryFolder
        private let server: Server

        init() throws {
            shop = try TrainedShop.shared.get()
            folder = TemporaryFolder()
            server = try Server(bundle: shop.bundle, socket: folder["s"])
        }

        @Test("A score is the same over ttrpc and gRPC")
        func score() throws {
            let items = (0..<20).map { shop.item($0) }
            let client = try GRPCClient(folder["s"])
            let answer = try client.call(
                "/sidecart.v1.Scoring/Score", items.flatMap { field(2, $0) })
            #expect(answer.code == .ok)
            let scores = try BlockingConnection(socketPath: folder["s"])
                .score(items, for: Context()).values
            let message = try #require(answer.messages.first)
            let packed = try #require(try fields(1, of: message).first)
            #expect(packed == scores.flatMap { withUnsafeBytes(of: $0) { Array($0) } })
            #expect(server.end(SIGTERM) == 0)
        }

        @Test("Its health is told, and told again when that changes")
        func health() throws {
            let client = try GRPCClient(folder["s"])
            let serving: [UInt8] = [0x08, 1]
            for name in ["", "sidecart.v1.Scoring", "sidecart.v1.Events", "grpc.health.v1.Health"] {
                let answer = try client.call("/grpc.health.v1.Health/Check", field(1, name))
                #expect(answer.messages == [serving], "\(name)")
            }
            let unknown = try client.call("/grpc.health.v1.Health/Check", field(1, "nobody"))
            #expect(unknown.code == .notFound)
            let watch = try client.start("/grpc.health.v1.Health/Watch", [])
            let strange = try client.start("/grpc.health.v1.Health/Watch", field(1, "nobody"))
            try client.wait {
                client.answer(watch).messages.count == 1
                    && client.answer(strange).messages.count == 1
            }
            #expect(client.answer(watch).messages == [serving])
            // SERVICE_UNKNOWN.
            #expect(client.answer(strange).messages == [[0x08, 3]])
            kill(server.processID, SIGTERM)
            // NOT_SERVING.
            #expect(try client.finish(watch).messages == [serving, [0x08, 2]])
            #expect(client.answer(watch).code == .unavailable)
            #expect(server.end() == 0)
        }

        @Test(
            "It lists its services and describes them to tools",
            arguments: ["grpc.reflection.v1", "grpc.reflection.v1alpha"])
        func reflection(package: String) throws {
            let client = try GRPCClient(folder["s"])
            let path = "/\(package).ServerReflection/ServerReflectionInfo"
            let stream = try client.start(path, field(7, ""), ends: false)
            func ask(_ question: [UInt8]) throws -> [UInt8] {
                let count = client.answer(stream).messages.count
                try client.send(stream, HTTP2Frames.message(question), ends: false)
                try client.wait { client.answer(stream).messages.count > count }
                let answer = client.answer(stream).messages[count]
                #expect(try fields(2, of: answer) == [question])
                return answer
            }
            try client.wait { client.answer(stream).messages.count == 1 }
            let list = try #require(try fields(6, of: client.answer(stream).messages[0]).first)
            let services = try fields(1, of: list).map { text(try fields(1, of: $0)[0]) }
            #expect(services == services.sorted())
            for service in [
                "sidecart.v1.Scoring", "sidecart.v1.Events", "sidecart.v1.Admin",
                "grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection",
            ] { #expect(services.contains(service)) }
            // Each of them is described, with all that its file imports.
            for service in services {
                let answer = try ask(field(4, service))
                let files = try #require(try fields(4, of: answer).first, "\(service)")
                let file = try #require(try fields(1, of: files).first)
                #expect(service.hasPrefix(text(try fields(2, of: file)[0]) + "."))
            }
            for symbol in [
                "sidecart.v1.Scoring.Score", "sidecart.v1.ScoreRequest",
                "sidecart.v1.ScoreRequest.items", "sidecart.v1.MetricsFormat",
                "grpc.health.v1.HealthCheckResponse.ServingStatus",
                "grpc.health.v1.HealthCheckResponse.SERVING",
            ] { #expect(try fields(4, of: ask(field(4, symbol))).isEmpty == false, "\(symbol)") }
            #expect(try fields(4, of: ask(field(3, "sidecart/v1/scoring.proto"))).isEmpty == false)
            #expect(try fields(5, of: ask(field(6, "sidecart.v1.ScoreRequest"))).isEmpty == false)
            for question in [
                field(4, "sidecart.v1.Nothing"), field(3, "nothing.proto"), field(6, "nothing"),
                field(5, ""), [],
            ] { #expect(try fields(7, of: ask(question)).isEmpty == false) }
            try client.send(stream, [], ends: true)
            #expect(try client.finish(stream).code == .ok)
            #expect(try client.call(path, [0xFF]).code == .invalidArgument)
            #expect(server.end(SIGTERM) == 0)
        }
    }
}
