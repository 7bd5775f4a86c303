internal import Metrics

extension OnlineLearner {
    func add(to writer: inout MetricsWriter) {
        let figures = figures
        writer.add(
            "sidecart_online_events", .gauge,
            "Recorded events in memory, which models answer with until they were trained with them.",
            value: figures.events)
        writer.add(
            "sidecart_online_events_max", .gauge, "The most events that are kept in memory.",
            value: figures.eventsMax)
        writer.add(
            "sidecart_online_events_expired", .counter,
            "Events that went from memory to make room; the next training still learns from them.",
            value: figures.expired)
        writer.add(
            "sidecart_online_events_passed_over", .counter,
            "Events that were not taken in, as there was no room for more ids of items; the next training learns from them.",
            value: figures.passedOver)
        writer.add(
            "sidecart_online_users", .gauge, "Users who have some of the events in memory.",
            value: figures.users)
        writer.add(
            "sidecart_online_items", .gauge, "Items that were in any event since the start.",
            value: figures.items)
        writer.add(
            "sidecart_online_lag_events", .gauge,
            "Events that are durable and not in memory yet; none of them is acknowledged.",
            value: lag)
        writer.add(
            "sidecart_online_bytes", .gauge,
            "Memory of these events and of what models counted of them, about.",
            value: figures.bytes)
        writer.add(
            "sidecart_online_bytes_max", .gauge, "The cap on sidecart_online_bytes.",
            value: bytesMax)
        func add(
            _ name: String, _ help: String, _ value: (OnlineLearner.Figures.Model) -> Int
        ) {
            writer.add(name, .gauge, help) {
                for model in figures.models { $0.add(value(model), ["version": model.version]) }
            }
        }
        add(
            "sidecart_online_baskets",
            "Baskets since a model was trained, of those in memory, by the model's version."
        ) { $0.baskets }
        add(
            "sidecart_online_pairs",
            "Pairs of items that these baskets hold together, each once in both directions."
        ) { $0.pairs }
        add(
            "sidecart_online_items_waiting",
            "Items whose vectors are still to be solved anew, as somebody took them."
        ) { $0.waitingItems }
        add(
            "sidecart_online_pairs_dropped",
            "Pairs that were given up for want of room."
        ) { $0.droppedPairs }
    }
}
