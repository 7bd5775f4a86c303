import Bundles
import Foundation
import Interactions
import Training

/// Where the time of a training went, in seconds; the parts and `other` add up to `total`.
struct TrainingTimes: Encodable, CustomStringConvertible {
    let read: Double
    /// Making matrices of events, and gathering what serving needs of them.
    let prepare: Double
    /// Choosing a model or a blend's weights; 0 where neither was asked for.
    let choose: Double
    let train: Double
    let neighbors: Double
    let write: Double
    let other: Double
    let total: Double

    init(_ timings: TrainingTimings, read: Double, write: Double, total: Double) {
        self.read = read
        prepare = timings.preparation + timings.bundle
        choose = timings.choice
        train = timings.model
        neighbors = timings.neighbors
        self.write = write
        other = max(0, total - read - prepare - choose - train - neighbors - write)
        self.total = total
    }

    var description: String {
        let parts = [
            ("read", read), ("prepare", prepare), ("choose", choose), ("train", train),
            ("neighbors", neighbors), ("write", write), ("other", other),
        ]
        let shown = parts.filter { $0.1 >= 0.005 }
            .map { String(format: "%@ %.2f s", $0.0, $0.1) }
        return String(format: "%.2f s", total)
            + (shown.isEmpty ? "" : ": " + shown.joined(separator: ", "))
    }
}

/// What a training made, for people and for pipes.
struct TrainingSummary: Encodable, CustomStringConvertible {
    let bundle: String
    let version: String
    let kind: String
    let items: Int
    let users: Int
    let dimensions: Int
    /// Pairs of items that were bought together, or rules from one to another; nil where the model
    /// looked for none.
    let complements: Int?
    let seconds: TrainingTimes
    let peakMemoryBytes: Int
    let read: ReadReport

    init(_ bundle: ModelBundle, at path: String, times: TrainingTimes, read: ReadReport) {
        self.bundle = path
        version = bundle.info.version
        kind = bundle.info.kind
        items = bundle.items.count
        users = bundle.users.count
        dimensions = bundle.parts.embeddings?.items.columns ?? 0
        complements = bundle.parts.neighbors[.complement]?.confidences.count { $0 > 0 }
        seconds = times
        peakMemoryBytes = PeakMemory.bytes
        self.read = read
    }

    var description: String {
        let size = dimensions > 0 ? ", \(dimensions) dimensions" : ""
        let pairs = complements.map {
            ", \($0.grouped) \(kind == "association" ? "rules" : "pairs that go together")"
        }
        return """
            \(bundle): \(kind) \(version), \(items.grouped) items, \(users.grouped) users\(size)\(pairs ?? "")
            \(seconds), peak memory \(peakMemoryBytes >> 20) MiB
            next: sidecart serve --bundle \(bundle) --socket /tmp/sidecart.sock
            """
    }
}
