import Glibc
import RPC
import TestFrames
import Testing
import Wire

/// How a loop shares its time among connections, and how long it goes without looking up.
@Suite(.timeLimit(.minutes(1))) struct TurnTests {
    private func number(_ frame: ReceivedFrame?) throws -> Int {
        let payload = try #require(frame).payload
        return try #require(Int(String(decoding: payload, as: UTF8.self)))
    }

    @Test func whetherTheServerLivesIsAnsweredBeforeAFloodIs() throws {
        let server = try TestServer()
        let holder = try server.client()
        try holder.send(requestFrame(stream: 1, method: "Hold"))
        #expect(eventually { server.gate.waiting == 1 })
        // While a call holds the loop, all of this arrives: the loop finds it at once.
        let (connections, calls) = (32, 64)
        let flood = try (0..<connections).map { _ in try server.client() }
        for client in flood {
            try client.send(
                (0..<calls).flatMap {
                    requestFrame(
                        stream: UInt32(2 * $0 + 1), method: "Spin", payload: Array("250".utf8))
                })
        }
        let doctor = try server.client()
        try doctor.send(requestFrame(stream: 1, method: "Pulse"))
        server.gate.open()
        // A turn of 2 ms has time for 8 calls; the connections are accepted in one turn and read
        // in the next.
        #expect(try number(try doctor.receive()) <= 16)
        // Between two turns' worth of work the loop looks up again.
        for stream in stride(from: UInt32(3), to: 23, by: 2) {
            let before = server.record.spins.load(ordering: .relaxed)
            try doctor.send(requestFrame(stream: stream, method: "Pulse"))
            #expect(try number(try doctor.receive()) < before + connections * calls / 4)
        }
        for client in flood {
            for i in 0..<calls {
                #expect(try client.receive()?.header.stream == UInt32(2 * i + 1))
            }
        }
    }

    @Test func connectionsTakeTurnsByTime() throws {
        var limits = RPCLimits()
        (limits.turnMax, limits.turnShareMax) = (.milliseconds(1), .microseconds(100))
        let server = try TestServer(limits: limits)
        let (greedy, polite) = (try server.client(), try server.client())
        try polite.send(requestFrame(stream: 1))
        #expect(try polite.receive()?.code == .ok)
        try greedy.send(requestFrame(stream: 1, method: "Hold"))
        #expect(eventually { server.gate.waiting == 1 })
        let spin = Array("100".utf8)
        try greedy.send(
            (1...200).flatMap { requestFrame(stream: 2 * $0 + 1, method: "Spin", payload: spin) })
        try polite.send(
            requestFrame(stream: 3, method: "Spin", payload: spin)
                + requestFrame(stream: 5, method: "Spin", payload: spin)
                + requestFrame(stream: 7, method: "Count"))
        server.gate.open()
        for stream in [UInt32(3), 5, 7] {
            #expect(try polite.receive()?.header.stream == stream)
        }
        // Call by call: no turn of the greedy one is longer than its share.
        #expect(server.record.spins.load(ordering: .relaxed) < 150)
        for i in 0...200 { #expect(try greedy.receive()?.header.stream == UInt32(2 * i + 1)) }
    }

    @Test func anUrgentCallWhoseFrameCameInTwoPartsIsAnsweredAndOthersWait() throws {
        let server = try TestServer()
        let holder = try server.client()
        let clients = try (0..<2).map { _ in try server.client() }
        let frames = [
            requestFrame(stream: 1, method: "Pulse"),
            requestFrame(stream: 1, method: "Spin", payload: Array("250".utf8)),
        ]
        for (client, frame) in zip(clients, frames) {
            try client.send(frame[..<20])
            try server.expectAnswers()
        }
        try holder.send(
            requestFrame(stream: 1, method: "Hold")
                + (1..<200).flatMap {
                    requestFrame(stream: 2 * $0 + 1, method: "Spin", payload: Array("250".utf8))
                })
        #expect(eventually { server.gate.waiting == 1 })
        for (client, frame) in zip(clients, frames) {
            try client.send(frame[20...] + requestFrame(stream: 3, payload: [9]))
        }
        server.gate.open()
        #expect(try number(try clients[0].receive()) < 100)
        #expect(try clients[0].receive()?.payload == [9])
        #expect(try clients[1].receive()?.payload == Array("250".utf8))
        #expect(try clients[1].receive()?.payload == [9])
        for i in 0..<200 { #expect(try holder.receive()?.header.stream == UInt32(2 * i + 1)) }
    }
}

@Suite struct PatienceTests {
    private func limits() -> Patience.Limits {
        var limits = RPCLimits()
        limits.partialFrameMax = .seconds(4)
        limits.writeStallMax = .seconds(8)
        return Patience.Limits(limits)
    }

    @Test func aFrameMayTakeItsTimeAndTheNextOneHasItsOwn() {
        #expect(limits().interval == .seconds(1))
        var patience = Patience(limits())
        for _ in 0..<5 {
            #expect(patience.check(isInsideFrame: true, unsentBytes: 0, isIdle: false) == nil)
        }
        patience.frameEnded()
        for _ in 0..<5 {
            #expect(patience.check(isInsideFrame: true, unsentBytes: 0, isIdle: false) == nil)
        }
        #expect(patience.check(isInsideFrame: true, unsentBytes: 0, isIdle: false) == .unfinished)
    }

    @Test func aClientThatTakesAnythingIsNotStuck() {
        var patience = Patience(limits())
        for bytes in (100..<200).reversed() {
            #expect(patience.check(isInsideFrame: false, unsentBytes: bytes, isIdle: false) == nil)
        }
        for _ in 0..<8 {
            #expect(patience.check(isInsideFrame: false, unsentBytes: 100, isIdle: false) == nil)
        }
        #expect(patience.check(isInsideFrame: false, unsentBytes: 100, isIdle: false) == .unread)
    }
}
