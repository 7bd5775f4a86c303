import Foundation
import SidecartClient
import Synchronization
import TestFolders
import Testing

/// Calls that are made more than once, or together.
extension ClientTests {
    private func retrying(_ change: (inout SidecartConfiguration) -> Void = { _ in })
        -> SidecartClient
    {
        client {
            $0.retries.attemptsMax = 3
            $0.retries.pause = .nanoseconds(1)
            $0.retries.pauseMax = .nanoseconds(1)
            change(&$0)
        }
    }

    /// Fails a request as a server does that is ending.
    private func fail(_ connection: PeerConnection) async throws {
        try connection.fail(try await connection.request(), code: 14, "not now")
    }

    // MARK: Retries

    @Test func `A call that asks is made again where nobody served it`() async throws {
        let peer = try ScriptedPeer(folder["s"])
        let client = retrying()
        let connection = try await warmUp(client, peer)
        async let value = score(client, "a")
        for _ in 0..<2 { try await fail(connection) }
        try connection.answer(try await connection.request(), scoreResponse([5]))
        #expect(try await value == 5)
        // Three attempts are all.
        async let found = sidecartError { try await client.status() }
        for _ in 0..<3 { try await fail(connection) }
        #expect(await found == SidecartError(.unavailable, "not now", origin: .server))
    }

    @Test func `A call that changes something, or fails otherwise, is not made again`() async throws
    {
        let peer = try ScriptedPeer(folder["s"])
        let client = retrying()
        let connection = try await warmUp(client, peer)
        async let removed = sidecartError { try await client.removeItems(["a"]) }
        try await fail(connection)
        #expect(await removed?.code == .unavailable)
        async let found = sidecartError { try await client.status() }
        try connection.fail(try await connection.request(), code: 8, "full")
        #expect(await found?.code == .resourceExhausted)
        async let value = score(client, "next")
        let next = try await connection.request()
        #expect(scoreItems(next.payload) == ["next"])
        try connection.answer(next, scoreResponse([1]))
        #expect(try await value == 1)
    }

    @Test func `Calls are made again only while most calls succeed`() async throws {
        let peer = try ScriptedPeer(folder["s"])
        let client = retrying {
            $0.retries.attemptsMax = 10
            $0.retries.tokensMax = 4
            $0.retries.tokensPerSuccess = 0.5
        }
        let connection = try await warmUp(client, peer)
        // Of 4 tokens more than 2 must be left: two attempts, and then one.
        for attempts in [2, 1] {
            async let found = sidecartError { try await client.status() }
            for _ in 0..<attempts { try await fail(connection) }
            #expect(await found?.code == .unavailable)
        }
        // One is left; six calls that succeed give 3 back, which are enough for one attempt more.
        for _ in 0..<6 {
            async let value = score(client, "a")
            try connection.answer(try await connection.request(), scoreResponse([1]))
            #expect(try await value == 1)
        }
        async let found = sidecartError { try await client.status() }
        for _ in 0..<2 { try await fail(connection) }
        #expect(await found?.code == .unavailable)
    }

    // MARK: Hedging

    @Test func `Of a hedged call the answer that comes first is taken`() async throws {
        let peer = try ScriptedPeer(folder["s"])
        let client = client { $0.hedgingDelay = .milliseconds(1) }
        async let value = score(client, "a")
        let connection = try await peer.accept()
        let slow = try await connection.request()
        let hedge = try await connection.request()
        #expect(scoreItems(hedge.payload) == ["a"] && hedge.stream != slow.stream)
        try connection.answer(hedge, scoreResponse([2]))
        #expect(try await value == 2)
        // The other one is given up, and its answer is dropped.
        try connection.answer(slow, scoreResponse([1]))
        while client.callsInFlight > 0 { await Task.yield() }
        async let failed = sidecartError { try await client.status() }
        let (first, second) = (try await connection.request(), try await connection.request())
        try connection.fail(first, code: 14, "not here")
        try connection.fail(second, code: 5, "not found")
        #expect(await failed?.code == .notFound)
    }

    // MARK: Readiness

    @Test func `A client waits until a server says that it serves`() async throws {
        let client = client()
        let late = await sidecartError {
            try await client.waitUntilReady(timeout: .milliseconds(30))
        }
        #expect(late?.code == .deadlineExceeded && late?.message.contains(folder["s"]) == true)
        async let ready: Void = client.waitUntilReady()
        let peer = try ScriptedPeer(folder["s"])
        let connection = try await peer.accept()
        for status: UInt8 in [2, 1] {
            let request = try await connection.request()
            #expect(request.service == "grpc.health.v1.Health" && request.method == "Check")
            try connection.answer(request, [0x08, status])
        }
        try await ready
    }

    @Test func `A server that comes back is found within a tenth of a second`() {
        // The longest pause between two attempts, with its random part.
        #expect(SidecartConfiguration().reconnectDelayMax * 1.2 < .milliseconds(100))
    }

    // MARK: Batches

    @Test func `Slates asked for together are answered each by itself`() async throws {
        let peer = try ScriptedPeer(folder["s"])
        let client = client()
        let contexts = ["a", "b", "c"].map { Context(userID: $0) }
        async let results = client.recommend(forEach: contexts)
        let connection = try await peer.accept()
        var requests: [PeerRequest] = []
        for _ in contexts { requests.append(try await connection.request()) }
        try connection.answer(requests[2], [0x1A, 1, UInt8(ascii: "3")])
        try connection.fail(requests[1], code: 3, "no such thing")
        try connection.answer(requests[0], [0x1A, 1, UInt8(ascii: "1")])
        let found = try await results
        #expect(try found[0].get().modelVersion == "1" && found[2].get().modelVersion == "3")
        #expect(throws: SidecartError(.invalidArgument, "no such thing", origin: .server)) {
            try found[1].get()
        }
        #expect(try await client.recommend(forEach: []).isEmpty)
        #expect(client.callsInFlight == 0)
    }

    @Test func `A batch that is cancelled waits for nothing`() async throws {
        let peer = try ScriptedPeer(folder["s"])
        let client = client()
        let task = Task { try await client.recommend(forEach: [Context(), Context()]) }
        let connection = try await peer.accept()
        for _ in 0..<2 { _ = try await connection.request() }
        task.cancel()
        #expect(await sidecartError { try await task.value }?.code == .cancelled)
        #expect(client.callsInFlight == 0)
    }

    // MARK: Around calls

    private final class Seen: SidecartInterceptor {
        let calls = Mutex<[String]>([])

        func intercept<Reply: Sendable>(
            _ method: String, _ call: @Sendable () async throws(SidecartError) -> Reply
        ) async throws(SidecartError) -> Reply {
            do throws(SidecartError) {
                let reply = try await call()
                calls.withLock { $0.append("\(method) ok") }
                return reply
            } catch {
                calls.withLock { $0.append("\(method) \(error)") }
                throw error
            }
        }
    }

    @Test func `An interceptor stands around every call`() async throws {
        let peer = try ScriptedPeer(folder["s"])
        let seen = Seen()
        var patient = SidecartConfiguration()
        patient.timeout = .seconds(30)
        let client = SidecartClient(
            socketPath: folder["s"], configuration: patient, interceptor: seen)
        let connection = try await warmUp(client, peer)
        async let removed = sidecartError { try await client.removeItems(["a"]) }
        try connection.fail(try await connection.request(), code: 7, "not you")
        #expect(await removed?.code == .permissionDenied)
        #expect(
            seen.calls.withLock { $0 } == [
                "sidecart.v1.Scoring/Score ok",
                "sidecart.v1.Catalog/Remove permissionDenied: not you",
            ])
    }

    private struct Fake: SidecartService {
        func score(_ items: [String], for context: Context, timeout: Duration?) -> Scores {
            Scores(values: [], tier: .popular, modelVersion: "")
        }
        func recommend(for context: Context, _ options: SlateOptions, timeout: Duration?) -> Slate {
            Slate(items: [], tier: .popular, modelVersion: context.userID)
        }
        func related(
            to item: String, by relations: [Relation], count: Int, timeout: Duration?
        ) -> RelatedItems { RelatedItems(items: [], modelVersion: "") }
        func record(_ events: [Event], timeout: Duration?) -> RecordReceipt {
            RecordReceipt(recorded: events.count)
        }
        func history(ofUser user: String, count: Int, timeout: Duration?) -> [Event] { [] }
        func forget(
            user: String, timeout: Duration?
        ) throws(SidecartError) -> ForgetReceipt {
            throw SidecartError(.notFound, user, origin: .server)
        }
    }

    @Test func `Code that asks can be tried with a fake`() async throws {
        let services: [any SidecartService] = [Fake(), client()]
        let slate = try await services[0].recommend(
            for: Context(userID: "u"), SlateOptions(count: 3), timeout: nil)
        #expect(slate.modelVersion == "u")
        #expect(
            await sidecartError { try await services[0].forget(user: "u", timeout: nil) }?.code
                == .notFound)
        #expect(
            await sidecartError { try await services[1].forget(user: "u", timeout: nil) }?.code
                == .unavailable)
    }

    @Test func `Values can be kept as JSON, and in sets`() throws {
        func roundTrip<Value: Codable & Hashable>(_ value: Value) throws {
            let data = try JSONEncoder().encode(value)
            #expect(try Set([value, JSONDecoder().decode(Value.self, from: data)]).count == 1)
        }
        try roundTrip(SidecartContext(userID: "u", basket: ["a", "b"]))
        var options = SlateOptions(count: 7)
        options.boosts = [Boost(.category("Tea"), by: 2), Boost(.item("a"), by: 0.5)]
        options.exploration = Exploration(share: 0.1, seed: .max)
        try roundTrip(options)
        try roundTrip(Slate(items: [], tier: .full, modelVersion: "1", unknown: ["x"]))
    }
}
