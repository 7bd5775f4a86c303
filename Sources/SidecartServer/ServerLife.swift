internal import EventLoop
internal import Glibc
internal import RPC
internal import Synchronization

/// What the admin service knows of the server it runs in.
final class ServerLife: Sendable {
    let configuration: SidecartServer.Configuration
    let models: ServedModels
    let journal: JournalWriter?
    private let started = ContinuousClock.now
    /// The same in seconds since 1970.
    let startTimeSeconds = Int(time(nil))
    private let draining = Atomic(false)
    private let onDrainRequest: @Sendable (DrainRequest) -> Void
    /// Set once, right after the server started; calls may come in before.
    private let attached = Locked<RPCServer?>(nil)

    init(
        configuration: SidecartServer.Configuration, models: ServedModels,
        journal: JournalWriter?, onDrainRequest: @escaping @Sendable (DrainRequest) -> Void
    ) {
        self.configuration = configuration
        (self.models, self.journal) = (models, journal)
        self.onDrainRequest = onDrainRequest
    }

    func attach(_ server: RPCServer) { attached.withLock { $0 = server } }

    func detach() { attached.withLock { $0 = nil } }

    var rpc: RPCServer? { attached.withLock { $0 } }

    func statistics() -> RPCStatistics? { rpc?.statistics }

    func requestDrain(_ request: DrainRequest) { onDrainRequest(request) }

    /// False where a drain had begun before.
    func beginDrain() -> Bool {
        draining.compareExchange(expected: false, desired: true, ordering: .relaxed).exchanged
    }

    var isDraining: Bool { draining.load(ordering: .relaxed) }

    var uptimeMilliseconds: UInt64 {
        let (seconds, attoseconds) = (ContinuousClock.now - started).components
        return UInt64(seconds) * 1_000 + UInt64(attoseconds / 1_000_000_000_000_000)
    }
}
