import Glibc
import RPC
import Synchronization
import TestGRPC
import Testing
import Wire

@Suite(.timeLimit(.minutes(1))) struct GRPCDrainTests {
    @Test func aDrainAnswersWhatIsInFlightAndThenSaysGoodbye() throws {
        let server = try TestServer()
        let client = try GRPCClient(server.path)
        let long = try client.start("/test.Echo/Long", [1])
        let later = try client.start("/test.Echo/Later", [2])
        #expect(
            eventually { server.server.statistics.pendingCalls == 2 && server.gate.waiting == 1 })
        server.server.beginDrain(grace: .seconds(30))
        // First a warning that allows all streams, and what is asked then is still answered.
        try client.wait { client.goAways.count == 1 }
        #expect(client.goAways[0] == .init(lastStream: .max, code: 0, text: ""))
        // Then the end of what is taken.
        try client.wait { client.goAways.count == 2 }
        #expect(client.goAways[1].lastStream == later)
        #expect(client.goAways[1].code == 0)
        server.gate.open()
        for token in server.record.tokens.withLock({ $0 }) { token.answer() }
        #expect(try client.finish(long).messages == [[1]])
        #expect(try client.finish(later).code == .ok)
        try client.waitForEnd()
        server.server.join()
        #expect(server.server.statistics.connectionsAborted == 0)
        #expect(server.server.statistics.bufferBytes == 0)
    }

    @Test func anIdleClientIsLetGo() throws {
        let server = try TestServer(loopCount: 2)
        let clients = try (0..<4).map { _ in try GRPCClient(server.path) }
        for client in clients { #expect(try client.call().code == .ok) }
        server.server.drain(grace: .seconds(30))
        for client in clients {
            try client.waitForEnd()
            #expect(client.goAways.last?.code == 0)
        }
        #expect(server.server.statistics.connectionsAborted == 0)
    }

    @Test func whoWatchesLearnsOfTheDrainAndWhoConversesIsEnded() throws {
        let server = try TestServer()
        let client = try GRPCClient(server.path)
        let watch = try client.start("/test.Echo/Watch", [])
        let conversation = try client.start("/test.Echo/Converse", [1], ends: false)
        try client.wait {
            client.answer(watch).messages.count == 1
                && client.answer(conversation).messages.count == 1
        }
        #expect(client.answer(watch).messages == [Array("0".utf8)])
        server.record.watched.store(1, ordering: .relaxed)
        server.server.beginDrain(grace: .seconds(30))
        let watched = try client.finish(watch)
        #expect(watched.messages == [Array("0".utf8), Array("1".utf8)])
        #expect(watched.code == .unavailable)
        #expect(watched.message == "the server is shutting down")
        #expect(try client.finish(conversation).code == .unavailable)
        try client.waitForEnd()
        server.server.join()
        #expect(server.server.statistics.connectionsAborted == 0)
    }

    @Test func theGraceEndsWhatDoesNotEnd() throws {
        let server = try TestServer()
        let client = try GRPCClient(server.path)
        _ = try client.start("/test.Echo/Later", [2])
        #expect(eventually { server.server.statistics.pendingCalls == 1 })
        server.server.drain(grace: .milliseconds(150))
        try client.waitForEnd()
        #expect(server.server.statistics.brokenOff[.drained] == 1)
        #expect(client.goAways.last?.text == BreakOffReason.drained.rawValue)
        for token in server.record.tokens.withLock({ $0 }) { token.answer() }
    }
}
