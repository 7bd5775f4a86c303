internal import CSidecartProto
internal import EventJournal
internal import RPC

/// `sidecart.v1.Catalog`: checks what is said of items, and leaves the rest to the journal's thread.
enum CatalogService {
    private static let batchMax = 1_000

    /// - Parameter journal: nil where the server keeps no events.
    static func register(in router: Router, _ journal: JournalWriter?) {
        let service = "sidecart.v1.Catalog"
        router.add(service, "Put", role: .write) { call throws(RPCError) in
            let journal = try JournalWriter.required(journal)
            let request = try call.decode(sidecart__v1__put_items_request__init)
            let count = request.pointee.n_items
            try check(count, "items")
            var items: [(item: [UInt8], entry: CatalogEntry)] = []
            for position in 0..<count {
                let item = request.pointee.items[position]!.pointee
                let id = try FieldCheck.id(item.item_id, "items[\(position)].item_id")
                items.append((Array(id), try CatalogMessage.entry(item, "items[\(position)]")))
            }
            try journal.submit(.put(items), of: call, heldBytes: call.payload.count)
        }
        router.add(service, "Remove", role: .write) { call throws(RPCError) in
            let journal = try JournalWriter.required(journal)
            let request = try call.decode(sidecart__v1__remove_items_request__init)
            let ids = try ids(request.pointee.item_ids, request.pointee.n_item_ids)
            try journal.submit(.remove(ids), of: call, heldBytes: call.payload.count)
        }
        router.add(service, "Get", role: .read) { call throws(RPCError) in
            let journal = try JournalWriter.required(journal)
            let request = try call.decode(sidecart__v1__get_items_request__init)
            let ids = try ids(request.pointee.item_ids, request.pointee.n_item_ids)
            try journal.submit(.get(ids), of: call, heldBytes: call.payload.count)
        }
    }

    private static func ids(
        _ list: UnsafeMutablePointer<ProtobufCBinaryData>?, _ count: Int
    ) throws(RPCError) -> [[UInt8]] {
        try check(count, "item_ids")
        var ids: [[UInt8]] = []
        for position in 0..<count {
            ids.append(Array(try FieldCheck.id(list![position], "item_ids[\(position)]")))
        }
        return ids
    }

    private static func check(_ count: Int, _ field: String) throws(RPCError) {
        try FieldCheck.limit(count, field, max: batchMax)
        guard count > 0 else { throw RPCError(.invalidArgument, "\(field) is empty") }
    }
}
