import Foundation
import RPC
import Testing

/// `SIDECART_PYTHON` names an interpreter, such as that of a virtual environment.
private let python = ProcessInfo.processInfo.environment["SIDECART_PYTHON"] ?? "python3"

private func run(_ arguments: String...) -> (status: Int32, output: String) {
    let process = Process()
    let pipe = Foundation.Pipe()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [python] + arguments
    process.standardOutput = pipe
    process.standardError = pipe
    guard (try? process.run()) != nil else { return (127, "") }
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: output, as: UTF8.self))
}

/// Stock clients of gRPC for Python, unmodified: the interoperability cases that a server with unary
/// methods and conversations can be asked.
@Suite(.timeLimit(.minutes(2))) struct GRPCPythonTests {
    @Test(
        .enabled(
            if: run("-c", "import grpc, grpclib").status == 0,
            "needs Python with grpcio and grpclib; SIDECART_PYTHON may name it"),
        arguments: ["grpcio", "aio", "grpclib"])
    func stockClientsCallAndGetEveryStatus(client: String) throws {
        let server = try TestServer(loopCount: 2)
        let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../Python/grpc_echo.py").path
        let (status, output) = run(script, client, server.path)
        #expect(status == 0, "\(output)")
        #expect(output.hasSuffix("ok\n"))
        #expect(server.server.statistics.connectionsAborted == 0)
    }
}
