import EventLoop
import RPC
import Testing

@Suite struct RouterTests {
    @Test func everyMethodIsFoundAndOnlyThose() throws {
        let router = Router()
        for i in 0..<50 {
            router.add("svc\(i % 7)", "m\(i)", role: .read) { _ throws(RPCError) in }
        }
        let caller = Caller(
            peer: PeerCredentials(processID: 1, userID: 2, groupID: 3), role: .read)
        func look(_ service: String, _ method: String) throws {
            try Array(service.utf8).withUnsafeBytes { service in
                try Array(method.utf8).withUnsafeBytes {
                    _ = try router.handler(service, $0, for: caller)
                }
            }
        }
        for i in 0..<50 { try look("svc\(i % 7)", "m\(i)") }
        #expect(throws: RPCError(.unimplemented, "service 'svc0' has no method 'm1'")) {
            try look("svc0", "m1")
        }
        #expect(throws: RPCError(.unimplemented, "there is no service 'svc' here")) {
            try look("svc", "m0")
        }
        #expect(throws: RPCError.self) { try look("", "") }
    }

    @Test func limitsThatDoNotFitAreNamed() {
        var limits = RPCLimits()
        #expect(limits.problems.isEmpty)
        limits.writeLowWaterBytes = limits.writeHighWaterBytes
        limits.frameBytesMax = 5 << 20
        limits.turnMax = .zero
        limits.pendingCallsPerConnectionMax = 0
        limits.pendingBytesMax = 0
        limits.queueWaitMax = .zero
        limits.connectionsMax = 0
        let named = [
            "writeLowWaterBytes", "frameBytesMax", "turnMax", "turnShareMax", "queueWaitMax",
            "connectionsMax", "pendingCallsPerConnectionMax", "pendingBytesMax",
        ]
        for name in named { #expect(limits.problems.contains { $0.contains(name) }, "\(name)") }
    }
}
