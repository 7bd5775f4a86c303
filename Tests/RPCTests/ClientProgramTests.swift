import RPC
import TestPeers
import Testing

/// Stock clients of Go and C++, unmodified, at a server that can answer with every status.
@Suite(.timeLimit(.minutes(2))) struct ClientProgramTests {
    private static let programs = [
        ClientProgram("go-everycall", "ttrpc"), ClientProgram("go-everycall", "grpc"),
        ClientProgram("cpp-everycall"),
    ]

    @Test(
        "Clients of Go and C++ get every status with its message",
        .enabled(if: programs.contains(where: \.isBuilt), Comment(rawValue: ClientProgram.skipped)),
        arguments: programs.filter(\.isBuilt))
    func everyStatus(program: ClientProgram) throws {
        let server = try TestServer(loopCount: 2)
        let (status, output) = program.run(server.path, ["statuses"])
        #expect(status == 0 && output == "ok\n", "\(output)")
        // 17 codes with three messages each.
        #expect(server.server.statistics.calls == 51)
        server.expectEmpty()
    }
}
