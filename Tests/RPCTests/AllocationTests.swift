import CAllocationCounter
import CSidecartProto
import RPC
import Synchronization
import TestFolders
import TestFrames
import Testing
import Wire

@Suite(.serialized, .timeLimit(.minutes(1))) struct AllocationTests {
    /// What the loop's thread had allocated when each call reached its handler.
    private final class Record: Sendable {
        let counts: Mutex<[Int]>

        init(capacity: Int) {
            var counts: [Int] = []
            counts.reserveCapacity(capacity)
            self.counts = Mutex(counts)
        }
    }

    @Test(
        "From one call to the next, from reading to writing, nothing is allocated",
        .enabled(if: sc_allocations_counted()), arguments: [1, 16])
    func calls(inFlight: Int) throws {
        let rounds = 40
        let record = Record(capacity: rounds * inFlight)
        let folder = TemporaryFolder()
        let server = try RPCServer(.init(path: folder["s"])) { _ in
            let router = Router()
            router.add("sidecart.v1.Scoring", "Score", role: .read) { call throws(RPCError) in
                let count = sc_allocations_of_thread()
                record.counts.withLock { $0.append(count) }
                let request = try call.decode(sidecart__v1__score_request__init)
                var response = Sidecart__V1__ScoreResponse()
                sidecart__v1__score_response__init(&response)
                var scores = Float(request.pointee.n_items)
                try withUnsafeMutablePointer(to: &scores) { scores throws(RPCError) in
                    (response.n_scores, response.scores) = (1, scores)
                    try call.reply(&response)
                }
            }
            return router
        }
        defer { server.drain(grace: .seconds(5)) }
        let client = try RawClient(folder["s"])
        var items: [[UInt8]] = []
        for item in 0..<50 { items.append(Array("item-\(item)".utf8)) }
        // Field 2 of ScoreRequest, items.
        let payload: [UInt8] = items.flatMap { [0x12, UInt8($0.count)] + $0 }
        var answers = 0
        for round in 0..<rounds {
            for call in 0..<inFlight {
                try client.send(
                    requestFrame(
                        stream: UInt32(2 * (round * inFlight + call) + 1),
                        service: "sidecart.v1.Scoring", method: "Score", payload: payload,
                        timeout: 10_000_000_000))
            }
            for _ in 0..<inFlight where try client.receive() != nil { answers += 1 }
        }
        #expect(answers == rounds * inFlight && server.statistics.callsFailed == 0)
        let counts = record.counts.withLock { $0 }
        try #require(counts.count == rounds * inFlight)
        #expect(counts[(counts.count / 2)...].allSatisfy { $0 == counts[counts.count / 2] })
        // The thread is not one that never allocates.
        #expect(counts[0] > 0)
    }
}
