package import EventJournal
internal import EventLoop
internal import RPC

/// The one thread that has the journal.
///
/// Calls from all connections wait in its door. Whatever has come while a commit was under way goes
/// into the next one, so that one sync of the disk serves many calls; they are answered after it.
package final class JournalWriter: Sendable {
    package struct Settings: Sendable {
        /// Of the database file.
        package var path: String
        package var retention = Retention()
        package var options = Journal.Options()
        /// Whether calls wait until a server that has the file, and is being taken over from, has
        /// closed it; else such a file is an error.
        package var waitsForPredecessor = false
        /// Is told the prices and stocks of the catalog, before a change is acknowledged.
        package var catalog: CatalogOverlay
        /// Are told what came of their slates, before an event is acknowledged.
        package var models: ServedModels?

        package init(path: String, catalog: CatalogOverlay) {
            (self.path, self.catalog) = (path, catalog)
        }
    }

    private let thread: LoopThread
    private let worker: LoopBound<JournalWorker>
    private let position: JournalPosition

    /// Opens the journal.
    ///
    /// - Parameter onEvent: called on the journal's thread; must be quick.
    /// - Throws: ``JournalError``, or where no thread can be had.
    /// - Complexity: O(the journal's size); see ``Journal``.
    package init(
        _ settings: Settings, onEvent: @escaping @Sendable (JournalEvents) -> Void
    ) throws {
        let made = Locked<LoopBound<JournalWorker>?>(nil)
        let position = JournalPosition()
        self.position = position
        thread = try LoopThread.start(name: "sidecart-journal") { loop in
            // Where another server answers calls meanwhile, from the beginning.
            if settings.waitsForPredecessor { ProcessSettings.giveWayToCalls() }
            let worker = try JournalWorker(
                settings, position: position, loop: loop, onEvent: onEvent)
            ProcessSettings.giveWayToCalls()
            made.withLock { $0 = LoopBound(worker, to: loop) }
        }
        guard let worker = made.withLock({ $0 }) else {
            preconditionFailure("a journal's thread started without its worker")
        }
        self.worker = worker
    }

    /// How many events were ever recorded; nil until the journal is open.
    package var watermark: Int64? { position.watermark }

    /// Whether its file was found whole.
    package var check: JournalCheck { position.check }

    /// Has a call answered by the journal's thread.
    ///
    /// - Parameter heldBytes: what the work keeps in memory meanwhile.
    /// - Throws: RESOURCE_EXHAUSTED where too many calls wait.
    func submit(
        _ work: JournalRequest.Work, of call: Call, heldBytes: Int
    ) throws(RPCError) {
        let request = JournalRequest(
            token: try call.replyLater(heldBytes: heldBytes), work: work)
        thread.door.submit { [worker] in worker.value(on: $0).add(request) }
    }

    /// Finishes what waits, closes the journal and ends the thread.
    package func close() {
        thread.door.submit { [worker] in worker.value(on: $0).close() }
        thread.join()
    }

    static func required(_ journal: JournalWriter?) throws(RPCError) -> JournalWriter {
        guard let journal else {
            throw RPCError(
                .failedPrecondition,
                "the server keeps no events and no catalog; start it with --events-db FILE")
        }
        return journal
    }
}

/// What a journal does that its operator wants to know.
package enum JournalEvents: Sendable {
    case opened(path: String, watermark: Int64, milliseconds: Int64)
    /// Its file is whole, as was found after it was opened.
    case checked(milliseconds: Int64)
    /// So many of the events that it holds are in memory, for the models to answer with; so many were read
    /// from it, and the others from what the server before this one kept.
    case learned(events: Int, replayed: Int, milliseconds: Int64)
    /// Nothing more is recorded until the server is started again.
    case failed(JournalError)
    /// A write was refused, and what waited with it; the next one is tried again.
    case refused(JournalError)
    /// Events that were too old.
    case removedOld(Int)
}
