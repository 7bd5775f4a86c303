internal import CrossSell
internal import EventJournal
internal import EventLoop
internal import Interactions

/// What the shop has told of its items since its models were trained, outside of any model: every model
/// that is loaded is given it, and every change goes to all models in memory. Items that a model does not
/// know are added to it, where it has room for some.
package final class CatalogOverlay: Sendable {
    private struct Facts: Sendable {
        var price: Float?
        var stock: Int32?
        var availableFrom: Int64?
        var isDiscontinued: Bool?
        /// Kept only where some model did not know the item when it was told.
        var description: ItemDescription?

        var isEmpty: Bool {
            price == nil && stock == nil && availableFrom == nil && isDiscontinued == nil
                && description == nil
        }
    }

    private struct Entry: Sendable {
        weak var generation: Generation?
    }

    private struct State: Sendable {
        var facts: [String: Facts] = [:]
        var generations: [Entry] = []
    }

    private let state = Locked(State())

    package init() {}

    /// Gives a model all that was told, and from now on what is told.
    func adopt(_ generation: Generation) {
        state.withLock { state in
            let items = state.facts.keys.sorted()
            _ = Self.tell(generation, items, state.facts)
            state.generations.removeAll { $0.generation == nil }
            state.generations.append(Entry(generation: generation))
        }
    }

    /// Tells all models; what is nil stays as it was.
    ///
    /// - Returns: the items that were added to some model, which knew nothing of them.
    func put(_ items: [(item: String, entry: CatalogEntry)]) -> [String] {
        state.withLock { state in
            let generations = state.generations.compactMap(\.generation)
            for (item, entry) in items {
                var facts = state.facts[item] ?? Facts()
                facts.price = entry.price.map { Float($0) } ?? facts.price
                facts.stock = entry.stock.map { Int32(clamping: $0) } ?? facts.stock
                facts.availableFrom = entry.availableFrom ?? facts.availableFrom
                facts.isDiscontinued = entry.isDiscontinued ?? facts.isDiscontinued
                if generations.isEmpty
                    || generations.contains(where: { $0.items.ordinal(of: item) == nil })
                {
                    var description = facts.description ?? ItemDescription()
                    description.take(entry)
                    facts.description = description
                }
                state.facts[item] = facts.isEmpty ? nil : facts
            }
            let names = items.map(\.item)
            var added: [String] = []
            for generation in generations { added += Self.tell(generation, names, state.facts) }
            return added
        }
    }

    /// Models that are loaded from now on are not told of some items, and those that were added to a model
    /// are taken off its slates.
    func remove(_ items: [String]) {
        state.withLock { state in
            for item in items {
                state.facts[item] = nil
                for generation in state.generations.compactMap(\.generation) {
                    if let ordinal = generation.items.ordinal(of: item) {
                        generation.items.withdraw(Int(ordinal))
                    }
                }
            }
        }
    }

    /// - Returns: the items that were added.
    private static func tell(
        _ generation: Generation, _ items: [String], _ facts: [String: Facts]
    ) -> [String] {
        let unknown = items.compactMap { item in
            facts[item]?.description.flatMap { $0.tellsKind ? (id: item, description: $0) : nil }
        }
        let added = generation.add(unknown)
        for item in items {
            guard let facts = facts[item], let ordinal = generation.items.ordinal(of: item) else {
                continue
            }
            generation.items.set(
                price: facts.price, stock: facts.stock, availableFrom: facts.availableFrom,
                isDiscontinued: facts.isDiscontinued, of: Int(ordinal))
        }
        return added
    }
}

extension ItemDescription {
    /// Takes over what an entry says, and keeps the rest.
    fileprivate mutating func take(_ entry: CatalogEntry) {
        title = entry.title ?? title
        price = entry.price.map { Float($0) } ?? price
        group = entry.group ?? group
        if let path = entry.category { category = CatalogMessage.levels(path) }
        if let list = entry.attributes { attributes = CatalogMessage.attributes(list) }
    }
}
