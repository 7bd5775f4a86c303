internal import EventLoop
internal import Synchronization

/// What a server remembers of a process whose connections wasted its time: for a while those that it
/// has, and those that it makes anew, are served slowly.
///
/// The kernel tells which process it was that connected; see ``PeerCredentials/processID``.
final class PeerProcess: Sendable {
    /// For so long after its last offence.
    private static let penaltyNanoseconds: Int64 = 500_000_000

    private let slowUntil = Atomic<Int64>(0)

    /// Whether it is served slowly.
    func isSlow(at now: Int64) -> Bool { now < slowUntil.load(ordering: .relaxed) }

    /// Notes that it has sent more than its calls need, or what made the server end a connection.
    func offend(at now: Int64) {
        slowUntil.store(now + Self.penaltyNanoseconds, ordering: .relaxed)
    }
}

/// The processes that are connected, and those that were and are still served slowly.
struct PeerProcesses {
    /// Past so many, those that are not connected are forgotten.
    private static let countMax = 1024

    private var processes: [Int32: (process: PeerProcess, connections: Int)] = [:]

    /// Counts one more connection of a process. One that the kernel cannot name here, as it lives in
    /// another space of process ids (0), is one of its own for each connection.
    mutating func enter(_ processID: Int32) -> PeerProcess {
        guard processID > 0 else { return PeerProcess() }
        if processes.count >= Self.countMax {
            processes = processes.filter { $0.value.connections > 0 }
        }
        let (process, connections) = processes[processID] ?? (PeerProcess(), 0)
        processes[processID] = (process, connections + 1)
        return process
    }

    mutating func leave(_ processID: Int32, at now: Int64) {
        guard let (process, connections) = processes[processID] else { return }
        let isForgotten = connections == 1 && !process.isSlow(at: now)
        processes[processID] = isForgotten ? nil : (process, connections - 1)
    }
}
