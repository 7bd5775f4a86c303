/// What happens to the models of a server, for its log.
package enum ModelEvent: Sendable {
    /// It is in memory, and checked.
    case loaded(ModelSummary)
    /// It serves.
    case promoted(ModelSummary)
    /// It is about to be freed.
    case freed(ModelSummary)
    /// The bundle at a path is what serves already.
    case unchanged(path: String)
    /// What is at a path cannot be served; what served before serves on.
    case refused(path: String, ModelError)
}

/// What identifies a model, and its size.
package struct ModelSummary: Sendable {
    package let path: String
    package let version: String
    /// The algorithm, such as `ials`.
    package let kind: String
    package let items: Int
    package let users: Int
    package let dimensions: Int
    /// How long it took to load, in seconds.
    package let loadSeconds: Double

    init(_ model: LoadedModel) {
        let generation = model.generation
        path = model.path
        version = generation.version
        kind = generation.kind
        items = generation.items.count
        users = generation.userOrdinals.count
        dimensions = generation.dimensions
        loadSeconds = model.loadSeconds
    }
}
