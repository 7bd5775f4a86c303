import RPC
import Testing

@Suite struct DeadlineTests {
    @Test func aTimeoutBecomesADeadline() {
        #expect(Deadline(timeoutNanoseconds: 0, readAt: 50) == .none)
        #expect(!Deadline.none.hasPassed(at: .max))
        #expect(Deadline(timeoutNanoseconds: -1, readAt: 50).hasPassed(at: 0))
        let deadline = Deadline(timeoutNanoseconds: 10, readAt: 50)
        #expect(!deadline.hasPassed(at: 59))
        #expect(deadline.hasPassed(at: 60))
        #expect(deadline.remaining(at: 53) == 7)
        #expect(deadline.remaining(at: 99) == 0)
        #expect(Deadline(timeoutNanoseconds: .max, readAt: 50) == .none)
    }
}
