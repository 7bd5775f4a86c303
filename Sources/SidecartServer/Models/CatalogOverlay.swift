internal import CrossSell
internal import EventLoop
internal import Interactions

/// The prices and stocks that the shop has told since its models were trained, outside of any model:
/// every model that is loaded is given them, and every change goes to all models in memory.
package final class CatalogOverlay: Sendable {
    private struct Facts: Sendable {
        var price: Float?
        var stock: Int32?
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
            for (item, facts) in state.facts { Self.tell(generation, item, facts) }
            state.generations.removeAll { $0.generation == nil }
            state.generations.append(Entry(generation: generation))
        }
    }

    /// Tells all models; what is nil stays as it was.
    func put(_ item: String, price: Float?, stock: Int32?) {
        guard price != nil || stock != nil else { return }
        state.withLock { state in
            var facts = state.facts[item] ?? Facts()
            (facts.price, facts.stock) = (price ?? facts.price, stock ?? facts.stock)
            state.facts[item] = facts
            for entry in state.generations {
                if let generation = entry.generation { Self.tell(generation, item, facts) }
            }
        }
    }

    /// Models that are loaded from now on are not told of an item.
    func remove(_ item: String) { state.withLock { $0.facts[item] = nil } }

    private static func tell(_ generation: Generation, _ item: String, _ facts: Facts) {
        generation.items.set(price: facts.price, stock: facts.stock, ofItem: item)
    }
}
