internal import CSidecartProto
internal import RPC

/// `sidecart.v1.Models`: which models are in memory, and which one serves.
enum ModelsService {
    static func register(in router: Router, _ models: ServedModels) {
        let service = "sidecart.v1.Models"
        router.add(service, "List", role: .read) { call throws(RPCError) in
            try list(call, models)
        }
        router.add(service, "Load", role: .admin) { call throws(RPCError) in
            try load(call, models)
        }
        router.add(service, "Promote", role: .admin) { call throws(RPCError) in
            try promote(call, models)
        }
        router.add(service, "Rollback", role: .admin) { call throws(RPCError) in
            try rollback(call, models)
        }
    }

    private static func list(_ call: Call, _ models: ServedModels) throws(RPCError) {
        _ = try call.decode(sidecart__v1__list_models_request__init)
        let records = models.records
        var response = Sidecart__V1__ListModelsResponse()
        sidecart__v1__list_models_response__init(&response)
        response.n_models = records.count
        response.models = try call.arena.messages(records.count)
        for (place, record) in records.enumerated() {
            response.models[place] = try message(record, call.arena)
        }
        response.bytes = UInt64(models.bytes)
        response.bytes_max = UInt64(models.settings.bytesMax)
        response.folder = try call.arena.text(models.folder.path)
        if let retraining = models.retraining {
            response.retraining = try message(retraining, call.arena)
        }
        try call.reply(&response)
    }

    private static func load(_ call: Call, _ models: ServedModels) throws(RPCError) {
        let request = try call.decode(sidecart__v1__load_model_request__init)
        let path = try text(request.pointee.path, "path")
        let record = try attempt { () throws(ModelError) in
            try models.load(path, promotes: request.pointee.promote != 0)
        }
        var response = Sidecart__V1__LoadModelResponse()
        sidecart__v1__load_model_response__init(&response)
        response.model = try message(record, call.arena)
        try call.reply(&response)
    }

    private static func promote(_ call: Call, _ models: ServedModels) throws(RPCError) {
        let request = try call.decode(sidecart__v1__promote_model_request__init)
        let version = try text(request.pointee.version, "version")
        let record = try attempt { () throws(ModelError) in try models.promote(version) }
        var response = Sidecart__V1__PromoteModelResponse()
        sidecart__v1__promote_model_response__init(&response)
        response.model = try message(record, call.arena)
        try call.reply(&response)
    }

    private static func rollback(_ call: Call, _ models: ServedModels) throws(RPCError) {
        _ = try call.decode(sidecart__v1__rollback_model_request__init)
        let record = try attempt { () throws(ModelError) in try models.rollback() }
        var response = Sidecart__V1__RollbackModelResponse()
        sidecart__v1__rollback_model_response__init(&response)
        response.model = try message(record, call.arena)
        try call.reply(&response)
    }

    private static func attempt(
        _ change: () throws(ModelError) -> ModelRecord
    ) throws(RPCError) -> ModelRecord {
        do throws(ModelError) {
            return try change()
        } catch {
            throw error.rpcError
        }
    }

    private static func text(
        _ data: ProtobufCBinaryData, _ field: String
    ) throws(RPCError) -> String {
        guard
            let text = String(
                validating: UnsafeRawBufferPointer(start: data.data, count: data.len), as: UTF8.self
            )
        else { throw RPCError(.invalidArgument, "\(field) is not valid UTF-8") }
        return text
    }

    private static func message(
        _ record: ModelRecord, _ arena: MessageArena
    ) throws(RPCError) -> UnsafeMutablePointer<Sidecart__V1__Model> {
        let message = try arena.message(Sidecart__V1__Model.self, sidecart__v1__model__init)
        message.pointee.number = UInt64(record.number)
        message.pointee.state = record.state.message
        message.pointee.path = try arena.text(record.path)
        message.pointee.version = try arena.text(record.version)
        message.pointee.kind = try arena.text(record.kind)
        message.pointee.items = UInt64(record.items)
        message.pointee.users = UInt64(record.users)
        message.pointee.dimensions = UInt32(record.dimensions)
        message.pointee.bytes = UInt64(record.bytes)
        message.pointee.loaded_at_milliseconds = record.loadedAt
        message.pointee.load_milliseconds = UInt64(record.loadMilliseconds)
        message.pointee.promoted_at_milliseconds = record.promotedAt
        message.pointee.digest = try arena.text(record.digest)
        message.pointee.failure = try arena.text(record.failure)
        if let warmUp = record.warmUp {
            message.pointee.warm_up = try self.message(warmUp, arena)
        }
        return message
    }

    private static func message(
        _ warmUp: WarmUp, _ arena: MessageArena
    ) throws(RPCError) -> UnsafeMutablePointer<Sidecart__V1__WarmUp> {
        let message = try arena.message(Sidecart__V1__WarmUp.self, sidecart__v1__warm_up__init)
        message.pointee.requests = UInt32(warmUp.requests)
        message.pointee.refused = UInt32(warmUp.refused)
        message.pointee.refusal = try arena.text(warmUp.refusal)
        message.pointee.shared = warmUp.shared
        message.pointee.same_first = warmUp.sameFirst
        message.pointee.microseconds = warmUp.microseconds
        message.pointee.serving_microseconds = warmUp.servingMicroseconds
        return message
    }
}

extension ModelsService {
    private static func message(
        _ record: RetrainingRecord, _ arena: MessageArena
    ) throws(RPCError) -> UnsafeMutablePointer<Sidecart__V1__Retraining> {
        let message = try arena.message(
            Sidecart__V1__Retraining.self, sidecart__v1__retraining__init)
        message.pointee.schedule = try arena.text(record.schedule)
        message.pointee.started_at_milliseconds = record.startedAt
        message.pointee.next_at_milliseconds = record.nextAt
        message.pointee.n_verdicts = record.verdicts.count
        message.pointee.verdicts = try arena.messages(record.verdicts.count)
        for (place, verdict) in record.verdicts.enumerated() {
            message.pointee.verdicts[place] = try self.message(verdict, arena)
        }
        return message
    }

    private static func message(
        _ verdict: RetrainingVerdict, _ arena: MessageArena
    ) throws(RPCError) -> UnsafeMutablePointer<Sidecart__V1__Verdict> {
        let message = try arena.message(Sidecart__V1__Verdict.self, sidecart__v1__verdict__init)
        message.pointee.at_milliseconds = verdict.at
        message.pointee.promoted = verdict.promoted ? 1 : 0
        message.pointee.reason = try arena.text(verdict.reason)
        message.pointee.version = try arena.text(verdict.version)
        message.pointee.path = try arena.text(verdict.path)
        message.pointee.against = try arena.text(verdict.against)
        message.pointee.measure = try arena.text(verdict.measure)
        message.pointee.queries = UInt32(verdict.queries)
        message.pointee.candidate = verdict.candidate
        message.pointee.running = verdict.running
        message.pointee.low = verdict.low
        message.pointee.high = verdict.high
        return message
    }
}

extension ModelError {
    fileprivate var rpcError: RPCError {
        switch code {
        case .invalid: RPCError(.invalidArgument, description)
        case .notFound: RPCError(.notFound, description)
        case .precondition: RPCError(.failedPrecondition, description)
        case .exhausted: RPCError(.resourceExhausted, description)
        }
    }
}

extension ModelRecord.State {
    fileprivate var message: Sidecart__V1__ModelState {
        switch self {
        case .loading: SIDECART__V1__MODEL_STATE__MODEL_STATE_LOADING
        case .ready: SIDECART__V1__MODEL_STATE__MODEL_STATE_READY
        case .serving: SIDECART__V1__MODEL_STATE__MODEL_STATE_SERVING
        case .previous: SIDECART__V1__MODEL_STATE__MODEL_STATE_PREVIOUS
        case .failed: SIDECART__V1__MODEL_STATE__MODEL_STATE_FAILED
        }
    }
}
