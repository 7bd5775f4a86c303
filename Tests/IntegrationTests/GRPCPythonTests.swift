import Foundation
import TestFolders
import TestPeers
import Testing

extension ProgramTests {
    /// A real server and gRPC's own packages for Python, unmodified.
    @Suite struct GRPCPythonTests {
        @Test(
            "grpcio calls every method, lists services by reflection and checks the health",
            .enabled(
                if: Python.run("-c", "import grpc, grpc_tools, grpc_reflection, grpc_health").status
                    == 0,
                "needs Python with grpcio, -tools, -reflection and -health-checking; SIDECART_PYTHON may name it"
            ))
        func everyMethod() throws {
            let shop = try TrainedShop.shared.get()
            let folder = TemporaryFolder()
            let server = try Server(
                bundle: shop.bundle, socket: folder["s"], "--events-db", folder["events.db"])
            let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
                .appendingPathComponent("../..").standardizedFileURL
            let (status, output) = Python.run(
                root.appendingPathComponent("Tests/Python/grpc_server.py").path,
                root.appendingPathComponent("proto").path, folder["s"], shop.item(0))
            #expect(status == 0, "\(output)")
            #expect(output.hasPrefix("ok: "), "\(output)")
            #expect(server.end() == 0)
        }
    }
}
