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

    @Test(
        .enabled(
            if: Python.run("-c", "import grpc, grpc_tools").status == 0,
            "needs Python with grpcio and grpcio-tools; SIDECART_PYTHON may name it"),
        arguments: [
            "empty_unary", "large_unary", "custom_metadata", "status_code_and_message",
            "special_status_message", "unimplemented_method", "unimplemented_service",
            "cancel_after_begin", "timeout_on_sleeping_server", "concurrent_calls",
        ])
    func interoperabilityCasesPass(name: String) throws {
        let server = try TestServer(loopCount: 2)
        let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("..").standardizedFileURL.path
        let (status, output) = Python.run(
            "\(tests)/Python/grpc_interop.py", "\(tests)/Interop", server.path, name)
        #expect(status == 0, "\(output)")
        #expect(output.hasSuffix("ok\n"))
        server.sleepers.wake()
        server.expectEmpty()
    }
}
