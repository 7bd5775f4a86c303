internal import Bundles
internal import Interactions
internal import ModelParts

/// What an engine's scratch memory takes.
enum EngineMemory {
    /// About, in bytes: a column a feature, and marks, flags, scores and an order of the candidates.
    static func bytes(of generation: Generation) -> Int {
        let features = RankerFeature.allCases.filter(generation.canSay).count
        return generation.items.count * (4 * features + 48)
    }
}

extension ModelBundle {
    /// What a generation holds of it beside vectors, about, in bytes: lists by relation twice, as they
    /// are looked up and as they are summed; weights, histories, profiles; tables of ids and texts.
    var bytesBesideVectors: Int {
        var bytes = items.count * Self.bytesPerItem + users.count * Self.bytesPerUser
        for lists in parts.neighbors.values {
            bytes += 24 * lists.items.count + 16 * lists.offsets.count
        }
        for lists in [parts.itemWeights, parts.userLists].compactMap(\.self) {
            bytes += 8 * lists.items.count + 8 * lists.offsets.count
        }
        if let histories { bytes += 8 * histories.nonZeroCount + 8 * histories.rows }
        if let habits = parts.profiles?.habits {
            bytes += 28 * habits.items.count + 8 * habits.offsets.count
        }
        return bytes
    }

    /// Ids and titles twice, with their hash table; facts, sales and ranks.
    private static let bytesPerItem = 250
    /// An id and its place in a hash table.
    private static let bytesPerUser = 50
}
