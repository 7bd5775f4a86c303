internal import Bundles
package import CrossSell
internal import EventLoop
internal import Glibc
internal import Outcomes
internal import RPC

/// The models of a server: which one serves, and how another one comes to.
///
/// A model is loaded on a thread of its own, at the lowest priority, with all that serving it takes.
/// Then each lane is given it and takes it between two calls. What no lane holds any more is freed
/// on that same thread.
package final class ServedModels: Sendable {
    /// What all models of a server have in common.
    package struct Settings: Sendable {
        /// Loops; each has two lanes.
        package var loopCount = 1
        /// The cap on the vectors of one model.
        package var storeBytesMax = 4 << 30
        package var engineLimits = EngineLimits()
        /// The rule sets that calls may name; nil for none.
        package var ruleBook: RuleBook?

        /// Memory of the slates that were shown, to which clicks and purchases are tied.
        package var slateBytesMax = 64 << 20

        package init() {}

        var laneCount: Int { 2 * loopCount }
    }

    private struct State: Sendable {
        var serving: LoadedModel
        /// By number; empty until the server starts.
        var lanes: [ServingLane?]
        /// Served once and not yet freed.
        var leaving: [LoadedModel] = []
    }

    package let settings: Settings
    /// What was shown by whichever model, and what came of it.
    let outcomes: Outcomes
    /// By lane.
    let records: [LaneRecord]
    /// Of the bundle that the server was started with.
    private let path: String
    private let onEvent: @Sendable (ModelEvent) -> Void
    private let state: Locked<State>
    private let worker: LoopThread

    /// Loads the model that a server starts with.
    ///
    /// - Parameter onEvent: called on any thread; must be quick.
    /// - Throws: ``ModelError``, or where no thread can be had.
    package init(
        bundle path: String, settings: Settings,
        onEvent: @escaping @Sendable (ModelEvent) -> Void
    ) throws {
        (self.path, self.settings, self.onEvent) = (path, settings, onEvent)
        let outcomes = Outcomes(
            tiers: Tier.allCases.map(\.name), lanes: settings.laneCount,
            bytesMax: settings.slateBytesMax, since: time(nil))
        self.outcomes = outcomes
        records = (0..<settings.laneCount).map { _ in LaneRecord(slates: outcomes.makeLog()) }
        let first = try LoadedModel(at: path, for: settings, records: records, outcomes: outcomes)
        state = Locked(
            State(serving: first, lanes: Array(repeating: nil, count: settings.laneCount)))
        worker = try LoopThread.start(name: "sidecart-models") { _ in
            ProcessSettings.lowerThreadPriority()
        }
        onEvent(.loaded(ModelSummary(first)))
    }

    deinit { worker.door.submit { $0.stop() } }

    /// What serves now.
    package var serving: ModelSummary { state.withLock { ModelSummary($0.serving) } }

    var servingGeneration: Generation { state.withLock { $0.serving.generation } }

    /// Makes the lane that is being set up one of those that are given each new model.
    func makeLane(_ setup: LaneSetup) -> ServingLane {
        let number = 2 * setup.loopIndex + (setup.lane == .loop ? 0 : 1)
        return state.withLock { state in
            let lane = ServingLane(state.serving.lanes[number], door: setup.door) { [weak self] in
                self?.freeWhatWasLeft()
            }
            state.lanes[number] = lane
            return lane
        }
    }

    /// Loads the bundle that the server was started with again, and serves it, where its folder holds
    /// another one than what serves. Returns at once; what comes of it is told as an event.
    package func reload() {
        worker.door.submit { [weak self] _ in self?.reloadIfChanged() }
    }

    // MARK: On the worker's thread

    private func reloadIfChanged() {
        do throws(ModelError) {
            let serving = state.withLock { $0.serving.digest }
            // Where there is no manifest, reading the bundle says so.
            if let serving, let now = try? BundleDigest(at: path), now == serving {
                return onEvent(.unchanged(path: path))
            }
            let model = try LoadedModel(
                at: path, for: settings, records: records, outcomes: outcomes)
            onEvent(.loaded(ModelSummary(model)))
            serve(model)
        } catch {
            onEvent(.refused(path: path, error))
        }
    }

    private func serve(_ model: LoadedModel) {
        state.withLock { state in
            for (lane, services) in zip(state.lanes, model.lanes) { lane?.give(services) }
            state.leaving.append(state.serving)
            state.serving = model
        }
        onEvent(.promoted(ModelSummary(model)))
        freeWhatWasLeft()
    }

    /// Frees the models that no lane holds; lanes call it whenever they leave one.
    private func freeWhatWasLeft() {
        worker.door.submit { [weak self] _ in
            guard let self else { return }
            let free = state.withLock { state in
                let lanes = state.lanes.compactMap(\.self)
                let free = state.leaving.filter { !$0.isHeld(by: lanes) }
                state.leaving.removeAll { model in free.contains { $0 === model } }
                return free
            }
            // They go here, outside the lock.
            for model in free { onEvent(.freed(ModelSummary(model))) }
        }
    }
}
