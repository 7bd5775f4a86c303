internal import Bundles
package import CrossSell
internal import EmbeddingStore
internal import EventLoop
internal import Glibc
internal import Outcomes
internal import RPC

/// The models of a server: the one that serves, the one before it, and one that is being loaded or
/// is ready.
///
/// A model is loaded and freed on a thread of its own, at the lowest priority (the work is in
/// `ServedModels+Loading.swift`). To have it serve, each lane is given it, and takes it between two
/// calls.
package final class ServedModels: Sendable {
    /// What all models of a server have in common.
    package struct Settings: Sendable {
        /// Loops; each has two lanes.
        package var loopCount = 1
        /// The cap on the memory of all models together.
        package var bytesMax = 4 << 30
        package var engineLimits = EngineLimits()
        /// The rule sets that calls may name; nil for none.
        package var ruleBook: RuleBook?
        /// Where models may be loaded from; nil for the folder that the first bundle lies in.
        package var folder: String?

        /// Memory of the slates that were shown, to which clicks and purchases are tied.
        package var slateBytesMax = 64 << 20
        /// Of a file where the next life of the server finds these slates; nil for none.
        package var slatesPath: String?
        /// What the shop has told since the models were trained.
        package var catalog = CatalogOverlay()
        /// Puts recorded events to use at once; nil where they wait for the next training.
        package var online: OnlineLearner?

        package init() {}

        var laneCount: Int { 2 * loopCount }
    }

    struct State: Sendable {
        /// By number; empty until the server starts.
        var lanes: [ServingLane?]
        var serving: Resident
        var previous: Resident?
        var ready: Resident?
        var loading: ModelLoad?
        /// Of the bundle that was read last from where the server's own lies.
        var ownDigest: BundleDigest?
        /// The newest first.
        var failed: [ModelRecord] = []
        /// Out of use, and not yet left by every lane.
        var leaving: [LoadedModel] = []
        /// How many loads were begun.
        var loads = 1
        var retraining: RetrainingRecord?
    }

    /// How many of those that failed are remembered.
    static let failedMax = 8

    package let settings: Settings
    /// What was shown by whichever model, and what came of it.
    let outcomes: Outcomes
    /// By lane.
    let laneRecords: [LaneRecord]
    let folder: ModelsFolder
    /// Of the bundle that the server was started with.
    let ownPath: String
    private let onEvent: @Sendable (ModelEvent) -> Void
    let state: Locked<State>
    let budget: MemoryBudget
    let worker: LoopThread
    /// Calls `onEvent`: a loop that a model is promoted on does not wait until that was told.
    private let teller: LoopThread

    /// Loads the model that a server starts with.
    ///
    /// - Parameters:
    ///   - bundle: the server's own, which ``reload()`` looks for.
    ///   - first: serves at first in its place; where it cannot be loaded, `bundle` does.
    ///   - onEvent: called by one thread at a time, never by one that answers calls.
    /// - Throws: ``ModelError``, or where no thread can be had.
    package convenience init(
        bundle: String, startingWith first: String?, settings: Settings,
        onEvent: @escaping @Sendable (ModelEvent) -> Void
    ) throws {
        if let first {
            do {
                try self.init(own: bundle, path: first, settings: settings, onEvent: onEvent)
                return
            } catch let error as ModelError {
                onEvent(.refused(path: first, error))
            }
        }
        try self.init(own: bundle, path: bundle, settings: settings, onEvent: onEvent)
    }

    private init(
        own: String, path: String, settings: Settings,
        onEvent: @escaping @Sendable (ModelEvent) -> Void
    ) throws {
        (ownPath, self.settings, self.onEvent) = (own, settings, onEvent)
        budget = MemoryBudget(bytesMax: settings.bytesMax)
        let outcomes = Outcomes(
            tiers: Tier.allCases.map(\.name), lanes: settings.laneCount,
            bytesMax: settings.slateBytesMax, since: time(nil), path: settings.slatesPath)
        self.outcomes = outcomes
        laneRecords = (0..<settings.laneCount).map { _ in LaneRecord(slates: outcomes.makeLog()) }
        let load = ModelLoad(number: 1, path: path, promotes: true, isReload: false)
        let model = try Self.make(
            Self.read(path), at: path, settings, laneRecords, outcomes, budget)
        folder = try ModelsFolder(settings.folder ?? FolderPath.split(own).parent)
        let now = Calendar.now
        let first = Resident(
            model: model, number: 1, loadedAt: now, loadMilliseconds: load.milliseconds,
            warmUp: nil, promotedAt: now)
        state = Locked(
            State(
                lanes: Array(repeating: nil, count: settings.laneCount), serving: first,
                ownDigest: own == path ? model.digest : try? BundleDigest(at: own)))
        worker = try LoopThread.start(name: "sidecart-models") { _ in
            ProcessSettings.lowerThreadPriority()
        }
        teller = try LoopThread.start(name: "sidecart-notes") { _ in
            ProcessSettings.giveWayToCalls()
        }
        onEvent(.loaded(first.record(.serving)))
    }

    deinit {
        worker.door.submit { $0.stop() }
        teller.door.submit { $0.stop() }
    }

    /// Returns once everything that happened was told; what happens later is not told any more.
    package func finishTelling() {
        teller.door.submit { $0.stop() }
        teller.join()
    }

    func tell(_ event: ModelEvent) { teller.door.submit { [onEvent] _ in onEvent(event) } }

    // MARK: What there is

    /// What serves now.
    package var serving: ModelRecord { state.withLock { $0.serving.record(.serving) } }

    /// The one that serves, the previous one, one that is ready, one that is being loaded, and the
    /// newest that failed.
    package var records: [ModelRecord] {
        state.withLock { state in
            [
                state.serving.record(.serving), state.previous?.record(.previous),
                state.ready?.record(.ready), state.loading?.record,
            ].compactMap(\.self) + state.failed
        }
    }

    /// What the models in memory hold, about.
    package var bytes: Int { budget.used }

    /// Where bundles may be loaded from, without links.
    package var folderPath: String { folder.realPath }

    /// How retraining stands; nil where there is none.
    var retraining: RetrainingRecord? { state.withLock { $0.retraining } }

    /// Tells how retraining stands.
    package func note(_ retraining: RetrainingRecord) {
        state.withLock { $0.retraining = retraining }
    }

    /// Lets go of recent requests that name a user; calls that come later may name her again.
    func forgetRequests(of user: [UInt8]) {
        for lane in state.withLock({ $0.lanes }) { lane?.recent.forget(user) }
    }

    // MARK: Changes

    /// Starts to load a bundle, and returns at once.
    ///
    /// - Parameters:
    ///   - path: absolute, or below the folder of models.
    ///   - promotes: has it serve as soon as it is ready.
    /// - Throws: ``ModelError`` where the path leads outside of that folder, or another bundle is
    ///   being loaded.
    package func load(_ path: String, promotes: Bool) throws(ModelError) -> ModelRecord {
        try begin(folder.path(of: path), promotes: promotes, isReload: false)
    }

    /// Loads the bundle that the server was started with again, and has it serve, where its folder
    /// holds another one by now. Returns at once; what comes of it is told as an event.
    package func reload() {
        do throws(ModelError) {
            _ = try begin(ownPath, promotes: true, isReload: true)
        } catch {
            tell(.refused(path: ownPath, error))
        }
    }

    private func begin(
        _ path: String, promotes: Bool, isReload: Bool
    ) throws(ModelError) -> ModelRecord {
        let load = try state.withLock { state throws(ModelError) in
            if let loading = state.loading {
                throw ModelError(
                    .precondition,
                    "\(loading.path) is being loaded, for \(loading.milliseconds / 1_000) s now; one at a time"
                )
            }
            state.loads += 1
            let load = ModelLoad(
                number: state.loads, path: path, promotes: promotes, isReload: isReload)
            state.loading = load
            return load
        }
        worker.door.submit { [weak self] _ in self?.perform(load) }
        return load.record
    }

    /// Has a model serve: every call that begins after this has returned is answered by it.
    ///
    /// - Parameter version: of the model that is ready or of the previous one; empty takes the one
    ///   that is ready. The one that serves already may be named too, and then nothing changes.
    /// - Throws: ``ModelError`` where there is no such model.
    func promote(_ version: String) throws(ModelError) -> ModelRecord {
        try serve { state throws(ModelError) in
            if version.isEmpty {
                guard let ready = state.ready else {
                    throw ModelError(.precondition, "no model is ready; load one first")
                }
                return ready
            }
            let known = [state.ready, state.serving, state.previous].compactMap(\.self)
            guard let model = known.first(where: { $0.version == version }) else {
                throw ModelError(
                    .notFound,
                    "version \(version) is not in memory; there are "
                        + known.map(\.version).joined(separator: ", "))
            }
            return model
        }
    }

    /// Has the previous model serve again.
    ///
    /// - Throws: ``ModelError`` where there is none in memory.
    func rollback() throws(ModelError) -> ModelRecord {
        try serve { state throws(ModelError) in
            guard let previous = state.previous else {
                throw ModelError(
                    .precondition,
                    "no model served before \(state.serving.version), or it is no longer in memory")
            }
            return previous
        }
    }

    /// Gives every lane the model that is chosen.
    func serve(
        _ choose: (State) throws(ModelError) -> Resident
    ) throws(ModelError) -> ModelRecord {
        let (record, isNew) = try state.withLock { state throws(ModelError) in
            var chosen = try choose(state)
            guard chosen.number != state.serving.number else {
                return (chosen.record(.serving), false)
            }
            for (lane, services) in zip(state.lanes, chosen.model.lanes) { lane?.give(services) }
            if state.ready?.number == chosen.number { state.ready = nil }
            if let previous = state.previous, previous.number != chosen.number {
                state.leaving.append(previous.model)
            }
            chosen.promotedAt = Calendar.now
            (state.previous, state.serving) = (state.serving, chosen)
            return (chosen.record(.serving), true)
        }
        if isNew {
            tell(.promoted(record))
            freeWhatWasLeft()
        }
        return record
    }

    // MARK: Lanes

    var servingGeneration: Generation { state.withLock { $0.serving.model.generation } }

    /// Makes the lane that is being set up one of those that are given each new model.
    func makeLane(_ setup: LaneSetup) -> ServingLane {
        let number = 2 * setup.loopIndex + (setup.lane == .loop ? 0 : 1)
        return state.withLock { state in
            let lane = ServingLane(
                state.serving.model.lanes[number], door: setup.door
            ) { [weak self] in self?.freeWhatWasLeft() }
            state.lanes[number] = lane
            return lane
        }
    }

    /// Has the models freed that no lane holds; lanes call it whenever they leave one.
    func freeWhatWasLeft() {
        worker.door.submit { [weak self] _ in self?.free() }
    }
}
