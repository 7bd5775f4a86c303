import Foundation
import Interactions
import SidecartClient

extension ModelList {
    init(_ model: ServedModel) {
        self.init()
        models = [model]
    }

    /// A table, and below it what a line has no room for.
    var text: String {
        var table = Table([
            "state", "version", "kind", ">items", ">users", ">MiB", "loaded", "promoted", "folder",
        ])
        var notes: [String] = []
        for model in models {
            table.add([
                "\(model.state)", model.version, model.kind, model.items.grouped,
                model.users.grouped, ((model.bytes + (1 << 19)) >> 20).grouped,
                model.loadedAtMilliseconds.shownTime, model.promotedAtMilliseconds.shownTime,
                model.path,
            ])
            // It names the folder or file itself.
            if !model.failure.isEmpty { notes.append(model.failure) }
            if let warmUp = model.warmUp { notes.append("\(model.version): \(warmUp.text)") }
        }
        if bytesMax > 0 {
            notes.append(
                "\((bytes >> 20).grouped) of \((bytesMax >> 20).grouped) MiB; models are loaded from \(folder)"
            )
        }
        notes += retraining?.lines ?? []
        return ([table.render()] + notes.map(\.withoutControls)).joined(separator: "\n")
    }
}

extension Retraining {
    /// The last verdicts shown to people; `--json` has all.
    private static let shownMax = 5

    fileprivate var lines: [String] {
        let now =
            startedAtMilliseconds > 0
            ? "one runs since \(startedAtMilliseconds.shownTime)"
            : nextAtMilliseconds > 0
                ? "the next one at \(nextAtMilliseconds.shownTime)" : "none runs"
        return ["retraining \(schedule): \(now)"]
            + verdicts.prefix(Self.shownMax).map { "  \($0.text)" }
    }
}

extension Retraining.Verdict {
    /// Such as `2024-06-02T03:10:00Z promoted 20240602T030800Z: mrr@10 .1801 over 400 baskets,
    /// 20240601T030700Z .1742, difference -.0011 to +.0130`.
    fileprivate var text: String {
        let figures =
            queries == 0
            ? ""
            : String(
                format: ": %@ %.4f over %d baskets, %@ %.4f, difference %+.4f to %+.4f", measure,
                candidate, queries, against, running, low, high)
        let what = isPromoted ? "promoted \(version)" : "not promoted (\(reason))"
        return "\(atMilliseconds.shownTime) \(what)\(figures)"
    }
}

extension ServedModel.WarmUp {
    /// Such as `32 recent requests: 91 % of slates as before, first item the same in 75 %, 46 µs each
    /// after 52`.
    var text: String {
        func percent(_ share: Float) -> String { "\(Int((share * 100).rounded())) %" }
        let answers =
            "\(requests) recent requests: \(percent(shared)) of slates as by the model that served, first item the same in "
            + "\(percent(sameFirst)); \(Int(microseconds.rounded())) µs each, \(Int(servingMicroseconds.rounded())) by that model"
        return refused == 0 ? answers : "\(answers); \(refused) refused: \(refusal)"
    }
}

extension Int {
    /// A time in milliseconds since 1970, such as `2024-06-02T03:00:00Z`; `-` for 0.
    fileprivate var shownTime: String {
        self == 0 ? "-" : isoTime(Int64(self / 1_000))
    }
}

/// Fields bear the names that the JSON form of proto3 gives the contract's.
struct ModelListJSON: Encodable {
    let models: [ModelJSON]
    let bytes: Int
    let bytesMax: Int
    let folder: String
    let retraining: RetrainingJSON?

    init(_ list: ModelList) {
        models = list.models.map(ModelJSON.init)
        retraining = list.retraining.map(RetrainingJSON.init)
        (bytes, bytesMax, folder) = (list.bytes, list.bytesMax, list.folder)
    }
}

struct RetrainingJSON: Encodable {
    struct Verdict: Encodable {
        let atMilliseconds: Int
        let promoted: Bool
        let reason: String
        let version: String
        let path: String
        let against: String
        let measure: String
        let queries: Int
        let candidate: Double
        let running: Double
        let low: Double
        let high: Double

        init(_ verdict: Retraining.Verdict) {
            atMilliseconds = verdict.atMilliseconds
            promoted = verdict.isPromoted
            reason = verdict.reason
            version = verdict.version
            path = verdict.path
            against = verdict.against
            measure = verdict.measure
            queries = verdict.queries
            (candidate, running) = (verdict.candidate, verdict.running)
            (low, high) = (verdict.low, verdict.high)
        }
    }

    let schedule: String
    let startedAtMilliseconds: Int
    let nextAtMilliseconds: Int
    let verdicts: [Verdict]

    init(_ retraining: Retraining) {
        schedule = retraining.schedule
        startedAtMilliseconds = retraining.startedAtMilliseconds
        nextAtMilliseconds = retraining.nextAtMilliseconds
        verdicts = retraining.verdicts.map(Verdict.init)
    }
}

struct ModelJSON: Encodable {
    struct WarmUp: Encodable {
        let requests: Int
        let refused: Int
        let refusal: String
        let shared: Float
        let sameFirst: Float
        let microseconds: Float
        let servingMicroseconds: Float
    }

    let number: Int
    let state: String
    let path: String
    let version: String
    let kind: String
    let items: Int
    let users: Int
    let dimensions: Int
    let bytes: Int
    let loadedAtMilliseconds: Int
    let loadMilliseconds: Int
    let promotedAtMilliseconds: Int
    let digest: String
    let failure: String
    let warmUp: WarmUp?

    init(_ model: ServedModel) {
        number = model.number
        state = "\(model.state)"
        path = model.path
        version = model.version
        kind = model.kind
        items = model.items
        users = model.users
        dimensions = model.dimensions
        bytes = model.bytes
        loadedAtMilliseconds = model.loadedAtMilliseconds
        loadMilliseconds = Int(model.loadTime / .milliseconds(1))
        promotedAtMilliseconds = model.promotedAtMilliseconds
        digest = model.digest
        failure = model.failure
        warmUp = model.warmUp.map {
            WarmUp(
                requests: $0.requests, refused: $0.refused, refusal: $0.refusal, shared: $0.shared,
                sameFirst: $0.sameFirst, microseconds: $0.microseconds,
                servingMicroseconds: $0.servingMicroseconds)
        }
    }
}
