package import Interactions
package import ModelParts

/// A trained model with all that serving it takes: what a bundle's folder holds.
///
/// Named so because Foundation has a `Bundle` too. Shapes: `I` = `items.count`, `U` =
/// `users.count`.
package struct ModelBundle: Sendable {
    package var info: BundleInfo
    /// `1...2^31 - 1` items, or none.
    package var items: IdentifierTable
    /// Empty where the bundle knows no users.
    package var users: IdentifierTable
    /// By item number; `catalog.count == I`.
    package var catalog: Catalog
    package var parts: ModelParts
    /// `[U, I]`: who took what, in the order of time, newest last. Columns do not ascend, and may
    /// repeat; values are quantities. nil where no histories are known.
    package var histories: SparseMatrix?
    /// Of a bundle that was read: tells it from any other.
    package internal(set) var digest: BundleDigest?

    package init(
        info: BundleInfo, items: IdentifierTable, users: IdentifierTable = IdentifierTable(),
        catalog: Catalog = Catalog(), parts: ModelParts, histories: SparseMatrix? = nil
    ) {
        self.info = info
        self.items = items
        self.users = users
        self.catalog = catalog
        self.catalog.grow(to: items.count)
        self.parts = parts
        self.histories = histories
    }

    /// What serves while a model is trained or judged: ids are ordinals in decimal.
    ///
    /// - Parameter histories: users x items, what each user took, oldest first.
    package init(numbering parts: ModelParts, histories: SparseMatrix, itemCount: Int) {
        self.init(
            info: BundleInfo(version: "judged", kind: "judged"),
            items: IdentifierTable((0..<itemCount).lazy.map { "\($0)" }),
            users: IdentifierTable((0..<histories.rows).lazy.map { "\($0)" }), parts: parts,
            histories: histories)
    }
}

/// What is told about a model, as opposed to computed from it. All of it is data: two runs that
/// give the same info and the same tensors write the same bytes.
package struct BundleInfo: Equatable, Sendable {
    /// Names this bundle among others, such as `2024-05-01a`; 1 to 128 bytes, none of them a
    /// control character.
    package var version: String
    /// The algorithm, such as `ials`; under the same rule as `version`.
    package var kind: String
    package var hyperparameters: [String: Double] = [:]
    package var seed: UInt64?
    /// When it was trained, such as `2024-05-01T12:00:00Z`; the caller's word.
    package var created: String?
    package var data: DataSummary?
    /// Such as `ndcg@10`; finite.
    package var metrics: [String: Double] = [:]
    /// Named tables of figures from training, such as how the quality falls with the length of
    /// lists; finite. Serving reads none of it.
    package var notes: [String: [String: Double]] = [:]
    /// How ids that differ in spelling were one when the events were read; those of requests are
    /// found in the same way.
    package var folding = IdentifierFolding()

    package init(version: String, kind: String) {
        self.version = version
        self.kind = kind
    }
}

/// The events a model was trained on.
package struct DataSummary: Codable, Equatable, Sendable {
    package var events: Int
    package var users: Int
    package var items: Int
    package var baskets: Int
    /// Tells whether two models saw the same data; SHA-256 in hexadecimal where Sidecart computed
    /// it.
    package var digest: String
    /// When the newest event took place, in seconds since 1970; nil where no event had a time.
    package var newestEvent: Int?
    /// The kinds of events that say that somebody took an item, such as `purchase`; nil for purchases.
    package var kinds: [String]?
    /// Where these are ratings alone, the least one that says that an item was liked; nil where all do.
    package var likedMin: Float?

    enum CodingKeys: String, CodingKey {
        case events, users, items, baskets, digest, kinds
        case newestEvent = "newest_event_seconds"
        case likedMin = "liked_min"
    }

    package init(
        events: Int, users: Int, items: Int, baskets: Int, digest: String, newestEvent: Int? = nil
    ) {
        self.events = events
        self.users = users
        self.items = items
        self.baskets = baskets
        self.digest = digest
        self.newestEvent = newestEvent
    }
}

/// The names within a bundle's folder, and its limits.
package enum BundleFormat {
    /// 1 spelled its tensors `neighbours`.
    package static let version = 2
    package static let manifestName = "manifest.json"
    package static let tensorsName = "tensors.safetensors"
    package static let manifestBytesMax = 1 << 20
    /// Embedding dimensions, D.
    package static let dimensionsMax = VectorRule.dimensionsMax
    /// The largest Euclidean norm of a vector.
    package static let normMax = VectorRule.normMax
    /// What every score, weight, lift, count and price is within: large enough for anything
    /// counted, small enough that sums over a whole catalog stay finite.
    package static let values: ClosedRange<Float> = -1e12...1e12
    /// What no score that can be made from a bundle may pass.
    package static let scoreMax = 1e30
    /// Layers of a ranker.
    package static let rankerLayersMax = 8
    /// Inputs and outputs of a ranker's layer; room for two vectors and all features.
    package static let layerWidthMax = 2 * dimensionsMax + 64
}
