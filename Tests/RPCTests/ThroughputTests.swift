import EventLoop
import Glibc
import RPC
import Synchronization
import TestFolders
import TestFrames
import Testing
import Wire

/// What a small call costs: a request of 1.3 KB, a reply of 0.5 KB.
///
/// Runs briefly, as a test, so that it cannot rot; `SIDECART_MEASURE=200000 swift test -c release
/// --filter ThroughputTests` makes that many calls and prints the figures.
@Suite(.serialized, .timeLimit(.minutes(1))) struct ThroughputTests {
    @Test(arguments: [1, 64])
    func smallCallsAreAnswered(inFlight: Int) throws {
        let asked = getenv("SIDECART_MEASURE").flatMap { Int(String(cString: $0)) }
        let count = (asked ?? 640) / inFlight * inFlight
        let folder = TemporaryFolder()
        let server = try RPCServer(.init(path: folder.path + "/s")) { _ in
            let router = Router()
            router.add("sidecart.v1.Scoring", "Score", role: .read) { call throws(RPCError) in
                try call.reply(payloadBytes: 500) { memset($0, 1, 500) }
            }
            return router
        }
        defer { server.drain(grace: .seconds(5)) }
        let client = try RawClient(folder.path + "/s")
        var batch = (0..<inFlight).map {
            requestFrame(
                stream: UInt32(2 * $0 + 1), service: "sidecart.v1.Scoring", method: "Score",
                payload: [UInt8](repeating: 9, count: 1300), timeout: 10_000_000_000)
        }.flatMap { $0 }
        let frameBytes = batch.count / inFlight
        var replies = [UInt8](repeating: 0, count: inFlight * 515)

        let cpuBefore = cpuNanoseconds(of: server)
        let start = MonotonicClock.now()
        for round in 0..<(count / inFlight) {
            for i in 0..<inFlight {
                let stream = UInt32(2 * (round * inFlight + i) + 1).bigEndian
                batch.withUnsafeMutableBytes {
                    $0.storeBytes(of: stream, toByteOffset: i * frameBytes + 4, as: UInt32.self)
                }
            }
            try client.exchange(batch, for: &replies)
        }
        let elapsed = MonotonicClock.now() - start
        let cpu = cpuNanoseconds(of: server) - cpuBefore
        let last = replies.suffix(515).withUnsafeBytes { FrameHeader($0) }
        #expect(last == .init(dataBytes: 505, stream: UInt32(2 * count - 1), kind: .response))
        #expect(server.statistics.calls == count)
        #expect(server.statistics.callsFailed == 0)
        if asked != nil {
            print(
                "\(inFlight) in flight: \(count * 1_000_000_000 / Int(elapsed)) calls/s,",
                "server cpu \(cpu / Int64(count)) ns/call")
        }
    }

    /// CPU time of the server's only loop.
    private func cpuNanoseconds(of server: RPCServer) -> Int64 {
        let (time, done) = (Shared(), Shared())
        server.doors[0].submit { _ in
            var now = timespec()
            clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now)
            time.value.store(
                Int64(now.tv_sec) * 1_000_000_000 + Int64(now.tv_nsec), ordering: .relaxed)
            done.value.store(1, ordering: .releasing)
        }
        #expect(eventually { done.value.load(ordering: .acquiring) == 1 })
        return time.value.load(ordering: .relaxed)
    }
}

private final class Shared: Sendable {
    let value = Atomic<Int64>(0)
}

extension RawClient {
    /// Sends `request` and reads exactly as many bytes as `replies` has.
    fileprivate func exchange(_ request: [UInt8], for replies: inout [UInt8]) throws {
        let sent = request.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress!, $0.count, 0) }
        guard sent == request.count else { throw Failure(errno: errno) }
        let wanted = replies.count
        let got = replies.withUnsafeMutableBytes {
            Glibc.recv(descriptor, $0.baseAddress!, wanted, Int32(MSG_WAITALL))
        }
        guard got == wanted else { throw Failure(errno: errno) }
    }
}
