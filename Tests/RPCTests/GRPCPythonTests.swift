import Foundation
import RPC
import TestPeers
import Testing

/// Stock clients of gRPC for Python, unmodified: the interoperability cases that a server with unary
/// methods and conversations can be asked.
@Suite(.timeLimit(.minutes(2))) struct GRPCPythonTests {
    @Test(
        .enabled(
            if: Python.run("-c", "import grpc, grpclib").status == 0,
            "needs Python with grpcio and grpclib; SIDECART_PYTHON may name it"),
        arguments: ["grpcio", "aio", "grpclib"])
    func stockClientsCallAndGetEveryStatus(client: String) throws {
        let server = try TestServer(loopCount: 2)
        let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../Python/grpc_echo.py").path
        let (status, output) = Python.run(script, client, server.path)
        #expect(status == 0, "\(output)")
        #expect(output.hasSuffix("ok\n"))
        #expect(server.server.statistics.connectionsAborted == 0)
    }
}
