import Bundles
import Interactions
import ModelParts
import Models

/// A bundle of seeded random vectors: ids of 12 bytes, one user, no events.
struct SyntheticVectors {
    let bundle: ModelBundle
    let user = "user-0000001"

    init(items count: Int, dimensions: Int) {
        var random = SeededGenerator(seed: 1)
        func vectors(_ rows: Int) -> Matrix {
            Matrix(
                rows: rows, columns: dimensions,
                values: (0..<rows * dimensions).map { _ in Float(random.nextNormal()) })
        }
        let items = IdentifierTable((0..<count).map(Self.id))
        var parts = ModelParts(popularity: Array(repeating: 1, count: count))
        parts.embeddings = EmbeddingParts(items: vectors(count), users: vectors(1), foldIn: nil)
        bundle = ModelBundle(
            info: BundleInfo(version: "synthetic", kind: "synthetic"), items: items,
            users: IdentifierTable([user]), parts: parts)
    }

    /// Ids spread over the whole store.
    func sample(_ count: Int) -> [String] {
        (0..<count).map { Self.id($0 * bundle.items.count / count) }
    }

    private static func id(_ number: Int) -> String {
        let digits = String(number)
        return "item-" + String(repeating: "0", count: 7 - digits.count) + digits
    }
}
