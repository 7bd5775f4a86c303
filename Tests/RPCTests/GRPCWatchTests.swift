import EventLoop
import RPC
import TestFrames
import TestGRPC
import Testing
import Wire

/// Methods that answer again whenever their answer has changed.
@Suite(.timeLimit(.minutes(1))) struct GRPCWatchTests {
    @Test func aWatchEndsAtItsDeadline() throws {
        let server = try TestServer()
        let client = try GRPCClient(server.path)
        let start = MonotonicClock.now()
        let long = try client.start("/test.Echo/Watch", [], [("grpc-timeout", "1H")])
        let second = try client.start("/test.Echo/Watch", [], [("grpc-timeout", "120m")])
        let first = try client.start("/test.Echo/Watch", [], [("grpc-timeout", "60m")])
        for (stream, milliseconds) in [(first, 60), (second, 120)] {
            let answer = try client.finish(stream)
            #expect(answer.code == .deadlineExceeded && answer.messages.count == 1)
            #expect(MonotonicClock.now() - start >= milliseconds * 1_000_000)
        }
        #expect(client.answer(long).messages.count == 1 && client.answer(long).closeCode == nil)
        #expect(server.server.statistics.connections == 1)
    }

    @Test func whatIsWatchedForLongIsToldAsIfAskedNow() throws {
        var limits = RPCLimits()
        limits.queueWaitMax = .milliseconds(1)
        let server = try TestServer(limits: limits)
        let client = try GRPCClient(server.path)
        let watch = try client.start("/test.Echo/Watch", [], [("grpc-timeout", "30S")])
        try client.wait { client.answer(watch).messages.count == 1 }
        // Longer than a call may wait for its turn.
        let other = try server.client()
        try other.send(requestFrame(stream: 1, method: "Spin", payload: Array("5000".utf8)))
        _ = try other.receive()
        server.record.watched.store(1, ordering: .relaxed)
        server.server.beginDrain(grace: .seconds(5))
        let answer = try client.finish(watch)
        #expect(answer.messages == [Array("0".utf8), Array("1".utf8)])
        #expect(answer.code == .unavailable)
    }
}
