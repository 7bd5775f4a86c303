internal import CSidecartProto
internal import CrossSell
internal import EmbeddingStore
internal import Interactions
internal import RPC

/// `sidecart.v1.Embeddings` for one lane and one model: reads, replaces and searches its vectors.
final class EmbeddingsService {
    private let engine: Engine
    private var ids: [IDView] = []
    private var puts: [EmbeddingStore.Entry] = []
    private var nearest: NearestResults

    /// The most ids or vectors in one batch.
    private static let batchMax = 1_000

    init(engine: Engine) {
        self.engine = engine
        nearest = NearestResults(capacity: engine.limits.slateItems)
    }

    static func register(in router: Router, _ lane: ServingLane) {
        let service = "sidecart.v1.Embeddings"
        router.add(service, "Get", role: .read) { call throws(RPCError) in
            try lane.services.embeddings.get(call)
        }
        router.add(service, "Put", role: .write) { call throws(RPCError) in
            try lane.services.embeddings.put(call)
        }
        router.add(service, "Delete", role: .write) { call throws(RPCError) in
            try lane.services.embeddings.delete(call)
        }
        router.add(service, "Nearest", role: .read) { call throws(RPCError) in
            try lane.services.embeddings.nearest(call)
        }
    }

    private func get(_ call: Call) throws(RPCError) {
        let request = try call.decode(sidecart__v1__get_embeddings_request__init)
        let reader = try self.space(request.pointee.space).reader
        try FieldCheck.fill(
            &ids, "ids", request.pointee.ids, request.pointee.n_ids, max: Self.batchMax)
        var response = Sidecart__V1__GetEmbeddingsResponse()
        sidecart__v1__get_embeddings_response__init(&response)
        response.embeddings = try call.arena.messages(ids.count)
        response.unknown = try call.arena.array(of: UInt32.self, ids.count)
        for (position, id) in ids.enumerated() {
            guard let row = reader.find(id) else {
                response.unknown[response.n_unknown] = UInt32(position)
                response.n_unknown += 1
                continue
            }
            let message = try call.arena.message(
                Sidecart__V1__Embedding.self, sidecart__v1__embedding__init)
            message.pointee.id = id.binaryData
            message.pointee.n_vector = engine.generation.dimensions
            message.pointee.vector = try call.arena.array(
                of: Float.self, reader.paddedDimensions)
            reader.read(row, into: message.pointee.vector)
            response.embeddings[response.n_embeddings] = message
            response.n_embeddings += 1
        }
        try call.reply(&response)
    }

    private func put(_ call: Call) throws(RPCError) {
        let request = try call.decode(sidecart__v1__put_embeddings_request__init)
        let space = try self.space(request.pointee.space)
        let count = request.pointee.n_embeddings
        try FieldCheck.limit(count, "embeddings", max: Self.batchMax)
        puts.removeAll(keepingCapacity: true)
        for position in 0..<count {
            let embedding = request.pointee.embeddings[position]!.pointee
            let id = try FieldCheck.id(embedding.id, "embeddings[\(position)].id")
            let vector = try FieldCheck.vector(
                embedding.vector, embedding.n_vector, "embeddings[\(position)].vector",
                dimensions: engine.generation.dimensions)
            // An id of the catalog keeps its number through deletion and return.
            puts.append(.init(id: id, vector: vector, ordinal: space.ordinal(id)))
        }
        var response = Sidecart__V1__PutEmbeddingsResponse()
        sidecart__v1__put_embeddings_response__init(&response)
        do {
            let outcome = try space.store.put(puts)
            response.added = UInt32(outcome.added)
            response.replaced = UInt32(outcome.replaced)
        } catch {
            throw RPCError(
                error.code == .resourceExhausted ? .resourceExhausted : .invalidArgument,
                error.description)
        }
        try call.reply(&response)
    }

    private func delete(_ call: Call) throws(RPCError) {
        let request = try call.decode(sidecart__v1__delete_embeddings_request__init)
        let store = try self.space(request.pointee.space).store
        try FieldCheck.fill(
            &ids, "ids", request.pointee.ids, request.pointee.n_ids, max: Self.batchMax)
        var response = Sidecart__V1__DeleteEmbeddingsResponse()
        sidecart__v1__delete_embeddings_response__init(&response)
        for id in ids where store.delete(id) { response.deleted += 1 }
        try call.reply(&response)
    }

    private func nearest(_ call: Call) throws(RPCError) {
        let request = try call.decode(sidecart__v1__nearest_request__init)
        let reader = try self.space(request.pointee.space).reader
        let k = try FieldCheck.k(request.pointee.k, max: engine.limits.slateItems)
        let vector = try FieldCheck.vector(
            request.pointee.vector, request.pointee.n_vector, "vector",
            dimensions: engine.generation.dimensions)
        if try LongCalls.move(call, estimate: engine.scanNanoseconds(rows: reader.store.count)) {
            return
        }
        do {
            try reader.nearest(to: vector, k: k, into: &nearest)
        } catch {
            throw RPCError(.invalidArgument, "vector: \(error.description)")
        }
        var response = Sidecart__V1__NearestResponse()
        sidecart__v1__nearest_response__init(&response)
        response.neighbors = try call.arena.messages(nearest.count)
        for rank in 0..<nearest.count {
            let message = try call.arena.message(
                Sidecart__V1__Neighbor.self, sidecart__v1__neighbor__init)
            message.pointee.id = nearest[rank].row.id.binaryData
            message.pointee.score = nearest[rank].score
            response.neighbors[rank] = message
            response.n_neighbors += 1
        }
        try call.reply(&response)
    }

    /// One table of vectors with what numbers its ids.
    private struct SpaceView {
        let store: EmbeddingStore
        let reader: StoreReader
        let ordinal: (IDView) -> UInt32?
    }

    private func space(_ space: Sidecart__V1__Space) throws(RPCError) -> SpaceView {
        let model = engine.generation
        guard model.dimensions > 0 else {
            throw RPCError(.failedPrecondition, "the model \(model.kind) has no embeddings")
        }
        switch space {
        case SIDECART__V1__SPACE__ITEMS:
            return SpaceView(
                store: model.itemStore, reader: engine.itemReader,
                ordinal: { model.items.ordinal(of: $0) })
        case SIDECART__V1__SPACE__USERS:
            return SpaceView(
                store: model.userStore, reader: engine.userReader,
                ordinal: { id in
                    model.userOrdinals.index(of: id.assumingMemoryBound(to: UInt8.self))
                        .map { UInt32($0) }
                })
        default: throw RPCError(.invalidArgument, "space is missing: ITEMS or USERS")
        }
    }
}
