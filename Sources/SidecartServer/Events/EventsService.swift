internal import CSidecartProto
internal import EventJournal
internal import Glibc
internal import Interactions
internal import RPC

/// `sidecart.v1.Events`. All of it is the work of the journal's thread, where the next batch can wait while a
/// loop's next call should not: the loop only copies a batch, and the journal's thread reads and checks it.
enum EventsService {
    static let batchMax = 1_000
    private static let historyMax = 1_000
    /// The end of the year 9999.
    private static let timeMax: Int64 = 253_402_300_799

    /// - Parameter journal: nil where the server keeps no events.
    static func register(in router: Router, _ journal: JournalWriter?) {
        let service = "sidecart.v1.Events"
        router.add(service, "Record", role: .write) { call throws(RPCError) in
            let journal = try JournalWriter.required(journal)
            try journal.submit(
                .record(Array(call.payload)), of: call, heldBytes: call.payload.count)
        }
        router.add(service, "History", role: .read) { call throws(RPCError) in
            let journal = try JournalWriter.required(journal)
            let request = try call.decode(sidecart__v1__history_request__init)
            let user = try FieldCheck.id(request.pointee.user_id, "user_id")
            let count = try FieldCheck.k(request.pointee.k, max: historyMax)
            try journal.submit(
                .history(user: Array(user), count: count), of: call, heldBytes: user.count)
        }
        router.add(service, "Forget", role: .write) { call throws(RPCError) in
            let journal = try JournalWriter.required(journal)
            let request = try call.decode(sidecart__v1__forget_request__init)
            let user = try FieldCheck.id(request.pointee.user_id, "user_id")
            try journal.submit(.forget(user: Array(user)), of: call, heldBytes: user.count)
        }
    }

    /// Reads a request of Record, in `arena`, which is as it was before at the end.
    ///
    /// - Throws: INVALID_ARGUMENT with what is wrong in it.
    static func readBatch(
        _ payload: [UInt8], in arena: MessageArena
    ) throws(RPCError) -> EventBatch {
        defer { arena.reset() }
        return try payload.withUnsafeBytes { bytes in
            Result { () throws(RPCError) in
                try readBatch(
                    MessageDecoder(arena: arena).request(bytes, sidecart__v1__record_request__init))
            }
        }.get()
    }

    private static func readBatch(
        _ request: UnsafeMutablePointer<Sidecart__V1__RecordRequest>
    ) throws(RPCError) -> EventBatch {
        let count = request.pointee.n_events
        try FieldCheck.limit(count, "events", max: batchMax)
        guard count > 0 else { throw RPCError(.invalidArgument, "events is empty") }
        let now = Int64(Glibc.time(nil))
        var batch = EventBatch(capacity: count)
        for position in 0..<count {
            let event = request.pointee.events[position]!
            try add(event.pointee, position, now: now, to: &batch)
        }
        return batch
    }

    private static func add(
        _ event: Sidecart__V1__Event, _ position: Int, now: Int64, to batch: inout EventBatch
    ) throws(RPCError) {
        var entry = EventBatch.Entry()
        func optional(
            _ data: ProtobufCBinaryData, _ field: @autoclosure () -> String
        ) throws(RPCError) -> Range<Int> {
            guard data.len > 0 else { return 0..<0 }
            return batch.add(try FieldCheck.id(data, "events[\(position)].\(field())"))
        }
        entry.id = try optional(event.event_id, "event_id")
        entry.user = try optional(event.user_id, "user_id")
        entry.item = batch.add(try FieldCheck.id(event.item_id, "events[\(position)].item_id"))
        entry.basket = try optional(event.basket_id, "basket_id")
        guard !entry.user.isEmpty || !entry.basket.isEmpty else {
            throw RPCError(
                .invalidArgument,
                "events[\(position)] has neither user_id nor basket_id; one of them is needed")
        }
        guard event.kind.rawValue >= 1, event.kind.rawValue <= 6,
            let kind = EventKind(rawValue: UInt8(event.kind.rawValue - 1))
        else {
            throw RPCError(
                .invalidArgument,
                event.kind.rawValue == 0
                    ? "events[\(position)].kind is missing"
                    : "events[\(position)].kind is \(event.kind.rawValue), which is no kind")
        }
        entry.kind = kind
        guard event.value.isFinite, event.value >= 0 || kind == .rating else {
            throw RPCError(
                .invalidArgument,
                "events[\(position)].value is \(event.value); it must be finite and, but for ratings, not below 0"
            )
        }
        entry.value = event.value == 0 && kind != .rating ? 1 : event.value
        guard 0...timeMax ~= event.time else {
            throw RPCError(
                .invalidArgument,
                "events[\(position)].time is \(event.time), not 0 to \(timeMax) seconds since 1970")
        }
        entry.time = event.time == 0 ? now : event.time
        guard event.price.isFinite, event.price >= 0 else {
            throw RPCError(
                .invalidArgument,
                "events[\(position)].price is \(event.price); it must be finite and not below 0")
        }
        (entry.slate, entry.price) = (event.slate_id, event.price)
        batch.append(entry)
    }
}
