internal import EventJournal
internal import EventLoop
internal import Glibc
internal import RPC

/// What the journal's thread does: a transaction a turn for all that came (the work is in
/// `JournalWorker+Calls.swift`), and what can wait when nothing does.
final class JournalWorker {
    /// Time between two sweeps for what is too old.
    private static let sweepInterval = Duration.seconds(3_600)
    /// Time between two looks whether the server that is taken over from has closed it.
    private static let openInterval = Duration.milliseconds(5)
    /// Time between two tries to empty the log after somebody was forgotten.
    private static let logInterval = Duration.seconds(1)

    /// Time between two looks whether what was learned is to be kept for the next start, and how many events
    /// that is worth: so many are taken in within some hundredths of a second.
    private static let stateInterval = Duration.seconds(10)
    private static let stateEvents: Int64 = 65_536

    /// As a loop has for its calls; address space, not memory.
    private static let arenaBytesMax = RPCLimits().arenaBytesMax

    enum State {
        /// The server that is being taken over from has it; calls wait.
        case waiting
        case open(Journal)
        case unusable(JournalError)
    }

    let settings: JournalWriter.Settings
    private let loop: EventLoop
    private let onEvent: @Sendable (JournalEvents) -> Void
    var state = State.waiting
    var waiting: [JournalRequest] = []
    /// What the transaction under way records, with the positions of what was known before.
    var recorded: [(batch: EventBatch, duplicates: [UInt32])] = []
    var next = 0
    /// In which requests are read.
    let arena = MessageArena(capacity: JournalWorker.arenaBytesMax)
    let position: JournalPosition
    private var checker: JournalChecker?
    private let openTimer: Timer
    private let sweepTimer: Timer
    private let logTimer: Timer
    private let stateTimer: Timer
    /// How far a sweep is; nil where none is under way.
    private var sweep: (after: Int64, removed: Int)?

    init(
        _ settings: JournalWriter.Settings, position: JournalPosition, loop: EventLoop,
        onEvent: @escaping @Sendable (JournalEvents) -> Void
    ) throws {
        (self.settings, self.loop, self.onEvent) = (settings, loop, onEvent)
        self.position = position
        openTimer = try Timer(on: loop)
        sweepTimer = try Timer(on: loop)
        logTimer = try Timer(on: loop)
        stateTimer = try Timer(on: loop)
        loop.atTurnEnd { [self] in endTurn() }
        try openOrWait()
    }

    var online: OnlineLearner? { settings.models?.settings.online }

    private func openOrWait() throws(JournalError) {
        do {
            try open()
        } catch {
            guard settings.waitsForPredecessor, error.code == .inUse else { throw error }
            openTimer.start(after: Self.openInterval, every: Self.openInterval) { [unowned self] in
                tryToOpen()
            }
        }
    }

    private func open() throws(JournalError) {
        let start = MonotonicClock.now()
        let journal = try Journal(settings.path, settings.options)
        var items: [(item: String, entry: CatalogEntry)] = []
        try journal.readCatalog { item, entry in items.append((item, entry)) }
        tell(items)
        // Beside the journal, whose lock keeps other servers away.
        settings.models?.openSlates()
        state = .open(journal)
        position.advance(to: journal.watermark)
        onEvent(
            .opened(
                path: settings.path, watermark: journal.watermark,
                milliseconds: (MonotonicClock.now() - start) / 1_000_000))
        if journal.isChecked { position.check = .passed } else { checkMeanwhile() }
        if let online {
            let start = MonotonicClock.now()
            let (events, replayed) = try online.replay(journal, settings.retention)
            onEvent(
                .learned(
                    events: events, replayed: replayed,
                    milliseconds: (MonotonicClock.now() - start) / 1_000_000))
            stateTimer.start(after: Self.stateInterval, every: Self.stateInterval) {
                [unowned self] in keepState(unlessWithin: Self.stateEvents)
            }
        }
        guard !settings.retention.seconds.isEmpty else { return }
        sweepTimer.start(after: .zero, every: Self.sweepInterval) { [unowned self] in
            if sweep == nil { sweep = (0, 0) }
        }
    }

    private func checkMeanwhile() {
        let start = MonotonicClock.now()
        let (door, worker) = (loop.door, LoopBound(self, to: loop))
        checker = try? JournalChecker(settings.path) { damage in
            door.submit { worker.value(on: $0).didCheck(damage, since: start) }
        }
        if checker == nil {
            fail(JournalError.unchecked(settings.path))
        }
    }

    private func didCheck(_ damage: JournalError?, since start: Int64) {
        if let damage { return fail(damage) }
        position.check = .passed
        onEvent(.checked(milliseconds: (MonotonicClock.now() - start) / 1_000_000))
    }

    private func tryToOpen() {
        do throws(JournalError) {
            try open()
        } catch {
            guard error.code != .inUse else { return }
            fail(error)
        }
        openTimer.stop()
    }

    func add(_ request: JournalRequest) { waiting.append(request) }

    /// Works off what waits, and lets go of the file.
    func close() {
        if case .waiting = state {
            state = .unusable(JournalError.closed(settings.path))
        }
        workOff()
        keepState(unlessWithin: 1)
        settings.models?.keepSlates()
        // First, so that the journal is the last to let go of the file, and moves the log into it.
        checker?.cancel()
        state = .unusable(JournalError.closed(settings.path))
        loop.stop()
    }

    private func endTurn() {
        workOff()
        guard case .open(let journal) = state, journal.failure == nil else { return }
        if sweep != nil {
            sweepOn(journal)
        } else if journal.needsIndexing {
            do throws(JournalError) {
                try transact(journal) { () throws(JournalError) in try journal.advanceIndex() }
            } catch {
                // It is tried again with the next call.
                return tell(error)
            }
        } else if online?.advanceItems() != true {
            return
        }
        loop.skipNextWait()
    }

    // MARK: What can wait

    /// Keeps what was learned for the next start, unless what is kept lacks fewer events.
    private func keepState(unlessWithin events: Int64) {
        guard let online, case .open(let journal) = state, journal.failure == nil else { return }
        if let kept = journal.keptSequence, journal.watermark - kept < events { return }
        do throws(JournalError) {
            try online.keepState(in: journal)
        } catch {
            tell(error)
        }
    }

    func emptyLogLater(_ journal: Journal) {
        logTimer.start(after: Self.logInterval, every: Self.logInterval) { [unowned self] in
            if (try? journal.emptyLog()) ?? true { logTimer.stop() }
        }
    }

    private func sweepOn(_ journal: Journal) {
        guard let (after, removed) = sweep else { return }
        do throws(JournalError) {
            var slice: (next: Int64?, removed: Int) = (nil, 0)
            try transact(journal) { () throws(JournalError) in
                slice = try journal.removeOld(
                    settings.retention, after: after, now: Int64(Glibc.time(nil)))
            }
            sweep = slice.next.map { ($0, removed + slice.removed) }
            if sweep == nil, removed + slice.removed > 0 {
                online?.removeOld(settings.retention)
                onEvent(.removedOld(removed + slice.removed))
            }
        } catch {
            tell(error)
            sweep = nil
        }
    }

    // MARK: Transactions

    /// Runs a transaction; where it throws nothing of it was done.
    func transact(
        _ journal: Journal, _ body: () throws(JournalError) -> Void
    ) throws(JournalError) {
        try journal.begin()
        do throws(JournalError) {
            try body()
        } catch {
            journal.rollBack()
            throw error
        }
        try journal.commit()
    }

    func tell(_ error: JournalError) {
        if case .open(let journal) = state, let failure = journal.failure {
            fail(failure)
        } else {
            onEvent(.refused(error))
        }
    }

    /// Nothing more is read or written, since what is there may be wrong.
    func fail(_ error: JournalError) {
        if case .unusable = state { return }
        if error.code == .damaged { position.check = .failed }
        onEvent(.failed(error))
        state = .unusable(error)
    }
}
