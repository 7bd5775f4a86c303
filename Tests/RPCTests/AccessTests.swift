import CPeerIdentity
import EventLoop
import Glibc
import RPC
import TestFrames
import TestGRPC
import Testing
import Wire

/// Who may do what.
@Suite(.timeLimit(.minutes(1))) struct AccessTests {
    private func peer(_ uid: UInt32, _ gid: UInt32 = 9) -> PeerCredentials {
        PeerCredentials(processID: 1, userID: uid, groupID: gid)
    }

    @Test func theOwnUserAndRootAreAdminsAndOthersRead() {
        let policy = AccessPolicy()
        #expect(policy.role(of: peer(0)) == .admin)
        #expect(policy.role(of: peer(geteuid())) == .admin)
        #expect(policy.role(of: peer(12345)) == .read)
    }

    @Test func theGreatestRoleOfUserAndGroupsCounts() {
        var policy = AccessPolicy()
        policy.allow(.write, userID: 1001)
        policy.allow(.admin, groupID: 50)
        policy.allow(.write, groupID: 51)
        #expect(policy.role(of: peer(1001)) == .write)
        #expect(policy.role(of: peer(1001, 50)) == .admin)
        #expect(policy.role(of: peer(1002, 51)) == .write)
        #expect(policy.role(of: peer(1002), supplementaryGroups: [7, 51, 50]) == .admin)
        #expect(policy.role(of: peer(1002), supplementaryGroups: [7]) == .read)
        // A lesser role takes nothing away.
        policy.allow(.write, userID: 0)
        #expect(policy.role(of: peer(0)) == .admin)
    }

    @Test func onceSomebodyIsNamedForReadingOthersMayNot() {
        var policy = AccessPolicy()
        policy.allow(.read, groupID: 50)
        policy.allow(.write, userID: 1001)
        #expect(policy.role(of: peer(1002)) == .none)
        #expect(policy.role(of: peer(1002, 50)) == .read)
        #expect(policy.role(of: peer(1001)) == .write)
        #expect(policy.role(of: peer(0)) == .admin)
    }

    @Test(
        "What another user may do follows from its uid, gid and other groups",
        .enabled(if: geteuid() == 0, "only root can be another user"),
        arguments: [
            (UInt32(65534), [UInt32](), Role.read), (1001, [], .write), (65534, [2002], .admin),
        ])
    func otherUsers(uid: UInt32, groups: [UInt32], role: Role) throws {
        var access = AccessPolicy()
        access.allow(.write, userID: 1001)
        access.allow(.admin, groupID: 2002)
        let server = try TestServer(mode: 0o666, access: access)
        let client = try server.client(uid: uid, groups: groups)
        for (stream, (method, needed)) in [
            ("Echo", Role.read), ("Long", .read), ("Write", .write), ("Steer", .admin),
        ].enumerated() {
            if method == "Long" { server.gate.open() }
            try client.send(
                requestFrame(stream: UInt32(2 * stream + 1), method: method, payload: [1]))
            let reply = try #require(try client.receive())
            #expect(reply.code == (role >= needed ? .ok : .permissionDenied), "\(method)")
            if role < needed {
                #expect(
                    reply.message
                        == "test.Echo/\(method) needs the role \(needed.name); uid \(uid) has the role \(role.name)"
                )
            }
        }
        let denied = [Role.write, .admin].filter { $0 > role }.count
        #expect(server.server.statistics.callsDenied == denied)
    }

    @Test(
        "Over gRPC another user is denied the same methods by the same words",
        .enabled(if: geteuid() == 0, "only root can be another user"))
    func otherUsersOverGRPC() throws {
        var access = AccessPolicy()
        access.allow(.read, userID: 1001)
        let server = try TestServer(mode: 0o666, access: access)
        let reader = try server.grpcClient(uid: 1001)
        let nobody = try server.grpcClient(uid: 1002)
        server.gate.open()
        for method in ["Echo", "Long", "Later", "Converse", "Watch", "Write", "Steer"] {
            let answer = try nobody.call("/test.Echo/\(method)")
            #expect(answer.code == .permissionDenied, "\(method)")
            #expect(answer.message.hasSuffix("; uid 1002 has no role"), "\(answer.message)")
        }
        #expect(try reader.call("/test.Echo/Long").code == .ok)
        for (method, role) in [("Write", "write"), ("Steer", "admin")] {
            let answer = try reader.call("/test.Echo/\(method)")
            #expect(answer.code == .permissionDenied)
            #expect(
                answer.message
                    == "test.Echo/\(method) needs the role \(role); uid 1001 has the role read")
        }
        #expect(server.server.statistics.callsDenied == 9)
    }

    @Test(
        "Connections of one uid are limited, and leave room to others",
        .enabled(if: geteuid() == 0, "only root can be another user"))
    func connectionsPerUID() throws {
        var limits = RPCLimits()
        (limits.connectionsMax, limits.connectionsPerUIDMax) = (10, 3)
        let server = try TestServer(limits: limits, mode: 0o666)
        let crowd = try (0..<5).map { _ in try server.client(uid: 4000, groups: []) }
        for client in crowd.prefix(3) {
            try client.send(requestFrame(stream: 1))
            #expect(try client.receive()?.code == .ok)
        }
        for client in crowd.dropFirst(3) { #expect(try client.receive() == nil) }
        try server.expectAnswers()
        #expect(server.server.statistics.connectionsRefused == 2)
        let refused = server.record.events.withLock { events in
            events.compactMap {
                if case .refusedConnection(let refused) = $0 { refused } else { nil }
            }
        }
        #expect(refused.map(\.peer.userID) == [4000, 4000])
        #expect(refused.first?.reason.description.contains("connectionsPerUIDMax") == true)
        withExtendedLifetime(crowd) {}
    }

    @Test func callsThatWaitCountAndTheSurplusIsRefusedAtOnce() throws {
        var limits = RPCLimits()
        limits.callsPerUIDMax = 10
        let server = try TestServer(limits: limits)
        let client = try server.client()
        // The first call takes longer than the connection's share of a turn, so that the others,
        // which were read with it, wait.
        var frames = requestFrame(stream: 1, method: "Spin", payload: Array("3000".utf8))
        frames += requestFrame(stream: 3, method: "Pulse")
        for call in 2...21 { frames += requestFrame(stream: UInt32(2 * call + 1), payload: [1]) }
        try client.send(frames)
        var codes: [UInt32: StatusCode] = [:]
        for _ in 0..<22 {
            let reply = try #require(try client.receive())
            codes[reply.header.stream] = reply.code
            if reply.code == .resourceExhausted {
                #expect(
                    reply.message.contains("has 10 calls in flight; the limit is callsPerUIDMax"))
            }
        }
        // An urgent call is answered all the same.
        let refused = codes.filter { $0.value == .resourceExhausted }.keys.sorted()
        let expected = Array(stride(from: UInt32(5), through: 23, by: 2))
        #expect(refused == expected)
        #expect(codes.filter { $0.value == .ok }.count == 12)
        // None of them counts any more.
        try client.send(
            requestFrame(stream: 45, payload: [2]) + requestFrame(stream: 47, payload: [3]))
        #expect(try client.receive()?.payload == [2])
        #expect(try client.receive()?.payload == [3])
        server.expectEmpty(clients: 1)
    }

    @Test func callsThatWaitGoWithTheirConnection() throws {
        var limits = RPCLimits()
        limits.callsPerUIDMax = 4
        let server = try TestServer(limits: limits)
        var gone = try (0..<3).map { _ in try server.client() }
        for client in gone {
            var frames = requestFrame(stream: 1, method: "Spin", payload: Array("1000".utf8))
            for call in 1...4 { frames += requestFrame(stream: UInt32(2 * call + 1)) }
            try client.send(frames)
        }
        // Not before they were accepted.
        #expect(eventually { server.server.statistics.connections == 3 })
        gone.removeAll()
        server.expectEmpty(clients: 0)
        let client = try server.client()
        var frames = requestFrame(stream: 1, method: "Spin", payload: Array("1000".utf8))
        for call in 1...4 { frames += requestFrame(stream: UInt32(2 * call + 1), payload: [1]) }
        try client.send(frames)
        for _ in 0..<5 { #expect(try client.receive()?.code == .ok) }
    }

    @Test func callsOfOneUIDInFlightAreLimited() throws {
        var limits = RPCLimits()
        limits.callsPerUIDMax = 2
        let server = try TestServer(limits: limits)
        let (first, second) = (try server.client(), try server.client())
        for client in [first, second] {
            try client.send(requestFrame(stream: 1, method: "Long", payload: [1]))
        }
        #expect(eventually { server.server.statistics.pendingCalls == 2 })
        try second.send(requestFrame(stream: 3, method: "Long", payload: [2]))
        let refused = try #require(try second.receive())
        #expect(refused.code == .resourceExhausted && refused.header.stream == 3)
        #expect(refused.message.contains("callsPerUIDMax"))
        server.gate.open()
        #expect(try first.receive()?.code == .ok)
        #expect(try second.receive()?.code == .ok)
        try second.send(requestFrame(stream: 5, method: "Long", payload: [3]))
        #expect(try second.receive()?.payload == [3])
        server.expectEmpty(clients: 2)
    }
}

extension TestServer {
    /// A client that another user has connected.
    func client(uid: UInt32, groups: [UInt32]) throws -> RawClient {
        let path = path
        return try asUser(uid, groups) { try RawClient(path) }
    }

    func grpcClient(uid: UInt32) throws -> GRPCClient {
        let path = path
        return try asUser(uid, []) { try GRPCClient(path) }
    }

    /// What is made on a thread that is another user, whose sockets are that user's.
    private func asUser<Client>(
        _ uid: UInt32, _ groups: [UInt32], _ make: @escaping @Sendable () throws -> Client
    ) throws -> Client {
        let made = Locked<Box<Client>?>(nil)
        let thread = try LoopThread.start(name: "another-user") { _ in
            #expect(sc_thread_becomes(uid, uid, groups, groups.count) == 0)
            made.withLock { $0 = try? Box(content: make()) }
        }
        thread.door.submit { $0.stop() }
        thread.join()
        return try #require(made.withLock { $0 }).content
    }

    func expectEmpty(clients: Int) {
        #expect(
            eventually {
                server.statistics.connections == clients && server.statistics.heldBytes == 0
            }, "\(server.statistics)")
    }
}

/// `@unchecked Sendable`: made on one thread, used on another after the first has ended.
private struct Box<Content>: @unchecked Sendable {
    let content: Content
}
