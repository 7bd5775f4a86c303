internal import CrossSell
internal import Glibc

/// One model of a server, as it is told to those who ask.
package struct ModelRecord: Sendable {
    package enum State: Sendable {
        case loading, ready, serving, previous, failed
    }

    /// Counts what the server has loaded, from 1.
    package let number: Int
    package let state: State
    package let path: String
    /// Empty, as all that follows, while it is not known.
    package var version = ""
    /// The algorithm, such as `ials`.
    package var kind = ""
    package var items = 0
    package var users = 0
    package var dimensions = 0
    /// What it holds in memory, about.
    package var bytes = 0
    /// When it had been loaded or had failed to be, in milliseconds since 1970.
    package var loadedAt: Int64 = 0
    package var loadMilliseconds = 0
    /// When it came to serve last; 0 for never.
    package var promotedAt: Int64 = 0
    /// Of the bundle's manifest, in hexadecimal.
    package var digest = ""
    /// Why it could not be loaded.
    package var failure = ""
    package var warmUp: WarmUp?
}

/// A model in memory, and what has become of it.
struct Resident: Sendable {
    let model: LoadedModel
    let number: Int
    let loadedAt: Int64
    let loadMilliseconds: Int
    let warmUp: WarmUp?
    var promotedAt: Int64 = 0

    var version: String { model.generation.version }

    func record(_ state: ModelRecord.State) -> ModelRecord {
        let generation = model.generation
        return ModelRecord(
            number: number, state: state, path: model.path, version: generation.version,
            kind: generation.kind, items: generation.items.knownCount,
            users: generation.userOrdinals.count, dimensions: generation.dimensions,
            bytes: generation.bytes, loadedAt: loadedAt, loadMilliseconds: loadMilliseconds,
            promotedAt: promotedAt, digest: model.digest?.text ?? "", warmUp: warmUp)
    }
}

/// A model that is being loaded.
struct ModelLoad: Sendable {
    let number: Int
    let path: String
    /// Has it serve once it is ready.
    let promotes: Bool
    /// Of the bundle that the server was started with: wherever that lies, and only if it is another
    /// one than what serves.
    let isReload: Bool
    private let started = ContinuousClock.now

    init(number: Int, path: String, promotes: Bool, isReload: Bool) {
        (self.number, self.path) = (number, path)
        (self.promotes, self.isReload) = (promotes, isReload)
    }

    var milliseconds: Int { Int((ContinuousClock.now - started) / .milliseconds(1)) }

    var record: ModelRecord {
        ModelRecord(number: number, state: .loading, path: path, loadMilliseconds: milliseconds)
    }

    func failed(_ error: ModelError) -> ModelRecord {
        ModelRecord(
            number: number, state: .failed, path: path, loadedAt: Calendar.now,
            loadMilliseconds: milliseconds, failure: error.description)
    }
}

enum Calendar {
    /// Milliseconds since 1970.
    static var now: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000
    }
}
