internal import CrossSell
internal import Metrics

extension ScoringCounters {
    static func add(_ lanes: [ScoringCounters], to writer: inout MetricsWriter) {
        func sum(_ count: Count) -> Int { lanes.reduce(0) { $0 + $1.value(count) } }
        writer.add(
            "sidecart_answers", .counter,
            "Answers of Score and Recommend, by method and by the tier that says how they were found."
        ) {
            for method in Method.allCases {
                for tier in Tier.allCases {
                    $0.add(
                        lanes.reduce(0) { $0 + $1.answers(method, tier) },
                        ["method": method.name, "tier": tier.name])
                }
            }
        }
        writer.add(
            "sidecart_slates_empty", .counter, "Slates without any item.",
            value: sum(.emptySlates))
        writer.add(
            "sidecart_slates_short", .counter,
            "Slates with fewer items than asked for, the empty ones included.",
            value: sum(.shortSlates))
        writer.add(
            "sidecart_slate_items", .counter, "Items on all slates.", value: sum(.slateItems))
        writer.add(
            "sidecart_ids", .counter,
            "Ids that Score and Recommend were asked about, by kind: users, and items of baskets, histories and rules."
        ) {
            $0.add(sum(.users), ["kind": "user"])
            $0.add(sum(.items), ["kind": "item"])
        }
        writer.add(
            "sidecart_ids_unknown", .counter,
            "Those of sidecart_ids_total that the model does not know."
        ) {
            $0.add(sum(.unknownUsers), ["kind": "user"])
            $0.add(sum(.unknownItems), ["kind": "item"])
        }
    }
}

extension Generation {
    func add(to writer: inout MetricsWriter, storeBytesMax: Int) {
        writer.add("sidecart_model_info", .gauge, "The model that serves; always 1.") {
            $0.add(1, ["version": version, "kind": kind])
        }
        writer.add(
            "sidecart_model_loaded_timestamp_seconds", .gauge,
            "When the model was loaded, in seconds since 1970.", value: loadedAt)
        writer.add(
            "sidecart_model_newest_event_timestamp_seconds", .gauge,
            "When the newest event that the model learned from took place, in seconds since 1970; without a sample where the bundle does not say."
        ) {
            if let newestEvent { $0.add(newestEvent) }
        }
        writer.add(
            "sidecart_model_items", .gauge, "Items that the model knows.", value: items.knownCount)
        writer.add(
            "sidecart_model_users", .gauge, "Users that the model knows.",
            value: userOrdinals.count)
        writer.add("sidecart_store_bytes", .gauge, "Memory of the embedding stores.") {
            $0.add(itemStore.bytes, ["store": "items"])
            $0.add(userStore.bytes, ["store": "users"])
        }
        writer.add(
            "sidecart_store_bytes_max", .gauge, "The cap on both stores together.",
            value: storeBytesMax)
    }
}
