import CSidecartProto
import EventLoop
import Glibc
import RPC
import Synchronization
import TestFolders
import TestFrames
import Testing
import Wire

/// An echo server in a folder of its own, drained when it goes.
final class TestServer {
    let folder = TemporaryFolder()
    let path: String
    let server: RPCServer
    /// Calls of `Hold` wait here until it is opened.
    let gate = Gate()
    let record = Record()
    /// Calls of the interoperability service that wait in vain.
    let sleepers = InteropService.Sleepers()

    /// - Parameter mode: of the socket and, with `x`, its folder.
    init(
        loopCount: Int = 1, limits: RPCLimits = RPCLimits(), mode: UInt16 = 0o600,
        access: AccessPolicy = AccessPolicy()
    ) throws {
        path = folder.path + "/s"
        let (gate, record, sleepers) = (self.gate, self.record, self.sleepers)
        var configuration = RPCServerConfiguration(
            path: path, mode: mode, loopCount: loopCount, limits: limits)
        configuration.access = access
        if mode != 0o600 { chmod(folder.path, 0o755) }
        configuration.onEvent = { event in
            record.events.withLock { $0.append(event) }
            guard case .brokeOff(let breakOff) = event else { return }
            record.brokenOff.withLock { $0.append(breakOff) }
        }
        server = try RPCServer(configuration) { lane in
            let router = makeEchoRouter(gate: gate, record: record, lane: lane)
            InteropService.register(in: router, sleepers)
            return router
        }
    }

    deinit {
        gate.open()
        sleepers.wake()
        server.drain(grace: .seconds(5))
    }

    func client() throws -> RawClient { try RawClient(path) }

    /// Checks that the server still answers a newcomer.
    func expectAnswers(_ location: SourceLocation = #_sourceLocation) throws {
        let client = try client()
        try client.send(requestFrame(stream: 1, payload: [42]))
        let reply = try #require(try client.receive(), sourceLocation: location)
        #expect(reply.payload == [42], sourceLocation: location)
    }

    /// Waits until all connections are gone, and checks that all their memory came back.
    func expectEmpty(_ location: SourceLocation = #_sourceLocation) {
        let server = self.server
        #expect(
            eventually { server.statistics.connections == 0 && server.statistics.bufferBytes == 0 },
            "\(server.statistics)", sourceLocation: location)
    }
}

/// Looks again and again, for at most 20 s, whether something that other threads bring about has
/// happened.
func eventually(_ condition: () -> Bool) -> Bool {
    let end = MonotonicClock.now() + 20_000_000_000
    while MonotonicClock.now() < end {
        if condition() { return true }
        sched_yield()
    }
    return condition()
}

/// Holds threads up until it is opened, for good.
final class Gate: Sendable {
    private let isOpen = Atomic<Bool>(false)
    private let waiters = Atomic<Int>(0)

    var waiting: Int { waiters.load(ordering: .acquiring) }
    func open() { isOpen.store(true, ordering: .releasing) }

    func pass() {
        waiters.add(1, ordering: .acquiringAndReleasing)
        while !isOpen.load(ordering: .acquiring) { sched_yield() }
    }
}

/// What a server has done, for tests to look at.
final class Record: Sendable {
    /// The payloads of `Long` calls, in the order in which they were begun in the background.
    let long = Locked<[[UInt8]]>([])
    /// Turns ended in the background.
    let backgroundTurns = Atomic<Int>(0)
    /// `Spin` calls answered.
    let spins = Atomic<Int>(0)
    /// What `Watch` answers.
    let watched = Atomic<Int>(0)
    let brokenOff = Locked<[BreakOff]>([])
    let events = Locked<[ServerEvent]>([])
    /// The tokens of `Later` and `Refused` calls, in their order, with what answers them.
    let tokens = Locked<[PutOff]>([])
}

/// A call whose answer waits for the test.
struct PutOff: Sendable {
    let token: ReplyToken
    let payload: [UInt8]
    let fails: Bool

    /// Answers from the calling thread, by way of the loop.
    func answer() {
        token.door.submit { [self] loop in
            if fails { return token.fail(RPCError(.notFound, "no such thing"), on: loop) }
            var response = Sidecart__V1__ScoreResponse()
            sidecart__v1__score_response__init(&response)
            var scores = payload.prefix(1).map { Float($0) }
            scores.withUnsafeMutableBufferPointer {
                (response.n_scores, response.scores) = ($0.count, $0.baseAddress)
                token.reply(&response, on: loop)
            }
        }
    }
}

/// Methods of `test.Echo`: Echo answers its payload, Count how many Echo calls the loop has made,
/// Fail fails, Status fails with the code in the payload's first byte and the rest for a message, Silent forgets to answer, Big answers as many bytes as its payload says (decimal),
/// Hold waits at the gate, Late waits until its deadline has passed, Spin for as many microseconds
/// as its payload says, Write and Steer answer the payload to writers and admins, Pulse (urgent) answers how many Spin calls were made, Long goes to the
/// background, waits there at the gate and answers its payload, Later answers once the
/// test says so (a score, the first byte), Refused fails then, Forgotten drops its token, Backlog answers the background's
/// backlog in nanoseconds, Converse (of several messages) answers each payload and fails at an empty one, ConverseLater is its like of Later, Watch
/// answers the record's `watched` and again when that has changed, Metadata answers the value of `key`, Peer the caller's process id,
/// Describe answers its payload behind the metadata `before` and in front of `after` and `after-bin` (in the
/// background where the payload is empty), and fails with them where the payload is 0.
/// `test.Proto/Score` decodes a ScoreRequest and answers one score an item.
func makeEchoRouter(gate: Gate, record: Record, lane: LaneSetup) -> Router {
    let router = Router()
    func answer(_ call: Call, _ bytes: UnsafeRawBufferPointer) throws(RPCError) {
        try call.reply(payloadBytes: bytes.count) {
            if let start = bytes.baseAddress { $0.copyMemory(from: start, byteCount: bytes.count) }
        }
    }
    func number(_ call: Call) -> Int { Int(String(decoding: call.payload, as: UTF8.self)) ?? 0 }

    if lane.lane == .background {
        lane.atTurnEnd { record.backgroundTurns.add(1, ordering: .relaxed) }
    }
    func answer(_ call: Call, _ text: String) throws(RPCError) {
        let text = Array(text.utf8)
        try call.reply(payloadBytes: text.count) { target in
            text.withUnsafeBytes { target.copyMemory(from: $0.baseAddress!, byteCount: $0.count) }
        }
    }

    router.add("test.Echo", "Long", role: .read) { call throws(RPCError) in
        guard call.lane == .background else {
            return try call.moveToBackground(estimatedNanoseconds: 1000)
        }
        let payload = Array(call.payload)
        record.long.withLock { $0.append(payload) }
        gate.pass()
        try answer(call, call.payload)
    }
    for name in ["Later", "Refused", "ConverseLater"] {
        let kind = name == "ConverseLater" ? Router.Kind.conversation : .unary
        router.add("test.Echo", name, role: .read, kind: kind) { call throws(RPCError) in
            let putOff = PutOff(
                token: try call.replyLater(heldBytes: call.payload.count),
                payload: Array(call.payload), fails: name == "Refused")
            record.tokens.withLock { $0.append(putOff) }
        }
    }
    router.add("test.Echo", "Forgotten", role: .read) { call throws(RPCError) in
        _ = try call.replyLater(heldBytes: 1)
    }
    router.add("test.Echo", "Write", role: .write) { call throws(RPCError) in
        try answer(call, call.payload)
    }
    router.add("test.Echo", "Steer", role: .admin) { call throws(RPCError) in
        try answer(call, call.payload)
    }
    router.add("test.Echo", "Backlog", role: .read) { call throws(RPCError) in
        try answer(call, "\(call.backgroundBacklogNanoseconds)")
    }
    router.add("test.Echo", "Pulse", role: .read, isUrgent: true) { call throws(RPCError) in
        try answer(call, "\(record.spins.load(ordering: .relaxed))")
    }
    router.add("test.Echo", "Converse", role: .read, kind: .conversation) { call throws(RPCError) in
        guard !call.payload.isEmpty else { throw RPCError(.outOfRange, "nothing was said") }
        try answer(call, call.payload)
    }
    router.add("test.Echo", "Watch", role: .read, kind: .watch) { call throws(RPCError) in
        try answer(call, "\(record.watched.load(ordering: .relaxed))")
    }
    var echoes = 0
    router.add("test.Echo", "Echo", role: .read) { call throws(RPCError) in
        echoes += 1
        try answer(call, call.payload)
    }
    router.add("test.Echo", "Count", role: .read) { call throws(RPCError) in
        try answer(call, "\(echoes)")
    }
    router.add("test.Echo", "Fail", role: .read) { _ throws(RPCError) in
        throw RPCError(.notFound, "no such thing")
    }
    router.add("test.Echo", "Status", role: .read) { call throws(RPCError) in
        throw RPCError(
            StatusCode(rawValue: Int32(call.payload[0])),
            String(decoding: call.payload.dropFirst(), as: UTF8.self))
    }
    router.add("test.Echo", "Silent", role: .read) { _ throws(RPCError) in }
    router.add("test.Echo", "Big", role: .read) { call throws(RPCError) in
        let count = number(call)
        try call.reply(payloadBytes: count) { memset($0, 7, count) }
    }
    router.add("test.Echo", "Hold", role: .read) { call throws(RPCError) in
        gate.pass()
        try answer(call, call.payload)
    }
    router.add("test.Echo", "Late", role: .read) { call throws(RPCError) in
        while !call.deadline.hasPassed(at: MonotonicClock.now()) {}
        try answer(call, call.payload)
    }
    router.add("test.Echo", "Spin", role: .read) { call throws(RPCError) in
        let end = MonotonicClock.now() + 1000 * Int64(number(call))
        while MonotonicClock.now() < end {}
        record.spins.add(1, ordering: .relaxed)
        try answer(call, call.payload)
    }
    router.add("test.Echo", "Metadata", role: .read) { call throws(RPCError) in
        guard let value = call.metadata["key"] else { throw RPCError(.notFound, "key") }
        try answer(call, value)
    }
    router.add("test.Echo", "Describe", role: .read) { call throws(RPCError) in
        if call.payload.isEmpty, call.lane == .loop {
            return try call.moveToBackground(estimatedNanoseconds: 1000)
        }
        func add(_ name: String, _ value: [UInt8], _ place: ResponseMetadata.Place) throws(RPCError)
        {
            try value.withUnsafeBufferPointer { value throws(RPCError) in
                try call.addMetadata(name, UnsafeRawBufferPointer(value), place)
            }
        }
        try add("before", Array("first".utf8), .initial)
        try add("before", Array("second".utf8), .initial)
        try add("after", Array("text".utf8), .trailing)
        try add("after-bin", [0, 255, 1], .trailing)
        if call.payload.first == 0 { throw RPCError(.aborted, "as asked") }
        try answer(call, call.payload)
    }
    router.add("test.Echo", "Peer", role: .read) { call throws(RPCError) in
        var peer = (call.peer.processID, call.peer.userID, call.peer.groupID)
        try call.reply(payloadBytes: 12) { target in
            withUnsafeBytes(of: &peer) { target.copyMemory(from: $0.baseAddress!, byteCount: 12) }
        }
    }
    var scores = [Float](repeating: 0, count: 4096)
    router.add("test.Proto", "Score", role: .read) { call throws(RPCError) in
        let request = try call.decode(sidecart__v1__score_request__init)
        let count = request.pointee.n_items
        guard count <= scores.count else { throw RPCError(.invalidArgument, "items") }
        for i in 0..<count { scores[i] = Float(request.pointee.items[i].len) }
        var response = Sidecart__V1__ScoreResponse()
        sidecart__v1__score_response__init(&response)
        try scores.withUnsafeMutableBufferPointer { scores throws(RPCError) in
            response.n_scores = count
            response.scores = scores.baseAddress
            try call.reply(&response)
        }
    }
    return router
}
