internal import EventJournal
internal import EventLoop
internal import Glibc
internal import RPC

/// What the journal's thread does: a transaction a turn for all that came, and what can wait when
/// nothing does.
final class JournalWorker {
    /// Events after which a transaction is committed though more wait.
    private static let transactionEventsMax = 32_768
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

    private enum State {
        /// The server that is being taken over from has it; calls wait.
        case waiting
        case open(Journal)
        case unusable(JournalError)
    }

    private let settings: JournalWriter.Settings
    private let loop: EventLoop
    private let onEvent: @Sendable (JournalEvents) -> Void
    private var state = State.waiting
    private var waiting: [JournalRequest] = []
    /// What the transaction under way records, with the positions of what was known before.
    private var recorded: [(batch: EventBatch, duplicates: [UInt32])] = []
    private var next = 0
    /// In which requests are read.
    private let arena = MessageArena(capacity: JournalWorker.arenaBytesMax)
    private let position: JournalPosition
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

    private var online: OnlineLearner? { settings.models?.settings.online }

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

    // MARK: Calls

    private func workOff() {
        while next < waiting.count {
            switch state {
            case .waiting: return
            case .open(let journal): workOffSome(journal)
            case .unusable(let error):
                var answered = AnswerSheet()
                answered.add(waiting[next].token, .failure(error.rpcError))
                answered.send()
                next += 1
            }
        }
        waiting.removeAll(keepingCapacity: waiting.count < 4_096)
        next = 0
    }

    /// Works off what goes into one transaction. What only reads comes after it, and whether or not
    /// it succeeded.
    private func workOffSome(_ journal: Journal) {
        var answered = AnswerSheet()
        var (reads, catalogChanges): ([JournalRequest], [JournalRequest.Work]) = ([], [])
        do throws(JournalError) {
            try transact(journal) { () throws(JournalError) in
                var events = 0
                while next < waiting.count, events < Self.transactionEventsMax {
                    let request = waiting[next]
                    if case .forget = request.work { break }
                    next += 1
                    if request.work.isRead {
                        reads.append(request)
                        continue
                    }
                    do throws(JournalError) {
                        let answer = try change(journal, request, &events)
                        answered.add(request.token, answer)
                        if case .success = answer { catalogChanges.append(request.work) }
                    } catch {
                        answered.add(request.token, .failure(error.rpcError))
                        throw error
                    }
                }
            }
        } catch {
            // None of it was done, whatever was answered before in the transaction.
            answered.failAll(error)
            tell(error)
            catalogChanges = []
            recorded = []
        }
        position.advance(to: journal.watermark)
        // Before the acknowledgement, so that a call that is made after it knows of them.
        for work in catalogChanges { tellModels(work) }
        online?.record(recorded)
        for (batch, duplicates) in recorded {
            settings.models?.noteOutcomes(of: batch, duplicates: duplicates)
        }
        recorded.removeAll()
        for request in reads { answered.add(request.token, read(journal, request)) }
        answered.send()
        if next < waiting.count, case .forget(let user) = waiting[next].work {
            next += 1
            forget(journal, user, waiting[next - 1].token)
        }
    }

    private func change(
        _ journal: Journal, _ request: JournalRequest, _ events: inout Int
    ) throws(JournalError) -> JournalAnswer {
        if request.token.deadline.hasPassed(at: MonotonicClock.now()) {
            return .failure(
                RPCError(
                    .deadlineExceeded,
                    "the deadline passed while the call waited for the journal; it changed nothing")
            )
        }
        switch request.work {
        case .record(let payload):
            let batch: EventBatch
            do throws(RPCError) {
                batch = try EventsService.readBatch(payload, in: arena)
            } catch {
                return .failure(error)
            }
            do throws(JournalError) {
                try journal.check(batch)
            } catch  where error.code == .invalid {
                return .failure(error.rpcError)
            }
            events += batch.count
            let outcome = try journal.record(batch)
            recorded.append((batch, outcome.duplicates))
            return .success(JournalMessage.recorded(outcome))
        case .put(let items):
            var replaced = 0
            for (item, entry) in items {
                let isKnown = try item.withBytes { (id) throws(JournalError) in
                    try journal.put(id, entry)
                }
                if isKnown { replaced += 1 }
            }
            return .success(
                JournalMessage.put(added: items.count - replaced, replaced: replaced))
        case .remove(let items):
            var removed = 0
            for item in items {
                let isKnown = try item.withBytes { (id) throws(JournalError) in
                    try journal.remove(id)
                }
                if isKnown { removed += 1 }
            }
            return .success(JournalMessage.removed(removed))
        case .forget, .history, .get: preconditionFailure("\(request.work) is no change of many")
        }
    }

    private func tellModels(_ work: JournalRequest.Work) {
        switch work {
        case .put(let items):
            tell(items.map { (String(decoding: $0.item, as: UTF8.self), $0.entry) })
        case .remove(let items):
            settings.catalog.remove(items.map { String(decoding: $0, as: UTF8.self) })
        default: break
        }
    }

    private func tell(_ items: [(item: String, entry: CatalogEntry)]) {
        let added = settings.catalog.put(items)
        if !added.isEmpty { online?.learn(added: added) }
    }

    private func read(_ journal: Journal, _ request: JournalRequest) -> JournalAnswer {
        do throws(JournalError) {
            switch request.work {
            case .history(let user, let count):
                let events = try user.withBytes { (id) throws(JournalError) in
                    try journal.history(ofUser: id, count: count)
                }
                guard let events else {
                    return .failure(
                        RPCError(
                            .notFound,
                            "user_id \(String(decoding: user, as: UTF8.self)) has no events"))
                }
                return .success(JournalMessage.history(events, user: user))
            case .get(let items):
                var found: [(item: [UInt8], entry: CatalogEntry?)] = []
                for item in items {
                    let entry = try item.withBytes { (id) throws(JournalError) in
                        try journal.catalogEntry(id)
                    }
                    found.append((item, entry))
                }
                return .success(JournalMessage.catalog(found))
            default: preconditionFailure("\(request.work) does not only read")
            }
        } catch {
            tell(error)
            return .failure(error.rpcError)
        }
    }

    private func forget(_ journal: Journal, _ user: [UInt8], _ token: ReplyToken) {
        var answered = AnswerSheet()
        do throws(JournalError) {
            var receipt = ForgetReceipt()
            try transact(journal) { () throws(JournalError) in
                receipt = try user.withBytes { (id) throws(JournalError) in
                    try journal.forget(user: id)
                }
            }
            online?.forget(user: user)
            settings.models?.forgetRequests(of: user)
            receipt.isLogEmpty = try journal.emptyLog()
            if !receipt.isLogEmpty { emptyLogLater(journal) }
            answered.add(token, .success(JournalMessage.forgotten(receipt, user: user)))
        } catch {
            tell(error)
            answered.add(token, .failure(error.rpcError))
        }
        answered.send()
    }

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

    private func emptyLogLater(_ journal: Journal) {
        logTimer.start(after: Self.logInterval, every: Self.logInterval) { [unowned self] in
            if (try? journal.emptyLog()) ?? true { logTimer.stop() }
        }
    }

    // MARK: What can wait

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
    private func transact(
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

    private func tell(_ error: JournalError) {
        if case .open(let journal) = state, let failure = journal.failure {
            fail(failure)
        } else {
            onEvent(.refused(error))
        }
    }

    /// Nothing more is read or written, since what is there may be wrong.
    private func fail(_ error: JournalError) {
        if case .unusable = state { return }
        if error.code == .damaged { position.check = .failed }
        onEvent(.failed(error))
        state = .unusable(error)
    }
}
