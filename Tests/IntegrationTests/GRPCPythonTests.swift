import Foundation
import TestFolders
import Testing

/// `SIDECART_PYTHON` names an interpreter, such as that of a virtual environment.
private let python = ProcessInfo.processInfo.environment["SIDECART_PYTHON"] ?? "python3"

private func run(_ arguments: String...) -> (status: Int32, output: String) {
    let process = Process()
    let pipe = Pipe()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [python] + arguments
    process.standardOutput = pipe
    process.standardError = pipe
    guard (try? process.run()) != nil else { return (127, "") }
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: output, as: UTF8.self))
}

extension ProgramTests {
    /// A real server and gRPC's own packages for Python, unmodified.
    @Suite struct GRPCPythonTests {
        @Test(
            "grpcio calls every method, lists services by reflection and checks the health",
            .enabled(
                if: run("-c", "import grpc, grpc_tools, grpc_reflection, grpc_health").status == 0,
                "needs Python with grpcio, -tools, -reflection and -health-checking; SIDECART_PYTHON may name it"
            ))
        func everyMethod() throws {
            let shop = try TrainedShop.shared.get()
            let folder = TemporaryFolder()
            let server = try Server(
                bundle: shop.bundle, socket: folder["s"], "--events-db", folder["events.db"])
            let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
                .appendingPathComponent("../..").standardizedFileURL
            let (status, output) = run(
                root.appendingPathComponent("Tests/Python/grpc_server.py").path,
                root.appendingPathComponent("proto").path, folder["s"], shop.item(0))
            #expect(status == 0, "\(output)")
            #expect(output.hasPrefix("ok: "), "\(output)")
            #expect(server.end() == 0)
        }
    }
}
