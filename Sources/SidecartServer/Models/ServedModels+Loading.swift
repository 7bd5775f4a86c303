internal import Bundles
internal import CrossSell
internal import EmbeddingStore
internal import Outcomes

/// What is done on the thread that loads and frees models.
extension ServedModels {
    func perform(_ load: ModelLoad) {
        do throws(ModelError) {
            let path = load.isReload ? load.path : try folder.resolve(load.path)
            if load.isReload, isUnchanged(path) {
                state.withLock { $0.loading = nil }
                return tell(.unchanged(path: path))
            }
            let resident = try read(path, load)
            state.withLock { state in
                if let ready = state.ready { state.leaving.append(ready.model) }
                (state.loading, state.ready) = (nil, resident)
                if load.isReload { state.ownDigest = resident.model.digest }
            }
            tell(.loaded(resident.record(.ready)))
            free()
            if load.promotes { _ = try serve { _ in resident } }
        } catch {
            let record = load.failed(error)
            state.withLock { state in
                state.loading = nil
                state.failed = Array(([record] + state.failed).prefix(Self.failedMax))
            }
            tell(.refused(path: load.path, error))
        }
    }

    /// Whether the server's own bundle is the one that was read last. Where there is no manifest,
    /// reading the bundle says so.
    private func isUnchanged(_ path: String) -> Bool {
        let before = state.withLock { $0.ownDigest }
        guard let before, let found = try? BundleDigest(at: path) else { return false }
        return found == before
    }

    private func read(_ path: String, _ load: ModelLoad) throws(ModelError) -> Resident {
        let bundle = try Self.read(path)
        let model: LoadedModel
        do throws(ModelError) {
            model = try Self.make(bundle, at: path, settings, laneRecords, outcomes, budget)
        } catch {
            guard error.code == .exhausted, giveWay() else { throw error }
            model = try Self.make(bundle, at: path, settings, laneRecords, outcomes, budget)
        }
        let (serving, requests) = state.withLock { state in
            (state.serving.model, state.lanes.compactMap(\.self).flatMap(\.recent.requests))
        }
        let warmUp = WarmUp(
            of: model, beside: serving, requests, arenaBytesMax: Self.arenaBytesMax)
        return Resident(
            model: model, number: load.number, loadedAt: Calendar.now,
            loadMilliseconds: load.milliseconds, warmUp: warmUp)
    }

    /// Frees what is not needed to serve: a model that is ready, and the previous one.
    ///
    /// - Returns: whether there was any.
    private func giveWay() -> Bool {
        let isAny = state.withLock { state in
            let models = [state.ready, state.previous].compactMap { $0?.model }
            (state.ready, state.previous) = (nil, nil)
            state.leaving += models
            return !models.isEmpty
        }
        free()
        return isAny
    }

    /// Frees the models that no lane holds.
    func free() {
        var free = state.withLock { state in
            let lanes = state.lanes.compactMap(\.self)
            let free = state.leaving.filter { !$0.isHeld(by: lanes) }
            state.leaving.removeAll { model in free.contains { $0 === model } }
            return free
        }
        let names = free.map { (version: $0.generation.version, path: $0.path) }
        // They go here, outside the lock.
        free = []
        for (version, path) in names { tell(.freed(version: version, path: path)) }
    }

    static func read(_ path: String) throws(ModelError) -> ModelBundle {
        do throws(BundleError) {
            return try ModelBundle.read(from: path)
        } catch {
            throw ModelError(.invalid, "\(error)")
        }
    }

    static func make(
        _ bundle: ModelBundle, at path: String, _ settings: Settings, _ records: [LaneRecord],
        _ outcomes: Outcomes, _ budget: MemoryBudget
    ) throws(ModelError) -> LoadedModel {
        do throws(StoreError) {
            return try LoadedModel(
                bundle, at: path, for: settings, records: records, outcomes: outcomes,
                within: budget)
        } catch {
            throw ModelError(
                .exhausted,
                "\(path) does not fit into --store-mebibytes-max \(settings.bytesMax >> 20): \(error)"
            )
        }
    }

    /// Of the memory in which a request is decoded.
    private static let arenaBytesMax = 16 << 20
}
