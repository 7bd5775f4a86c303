internal import CSidecartProto
internal import CrossSell
internal import EmbeddingStore
internal import Glibc
internal import Metrics
internal import RPC

/// `sidecart.v1.Admin`: what is running and how it does, and how to stop it gently.
final class AdminService {
    private let lane: ServingLane
    let life: ServerLife
    private let version = TextBytes(SidecartServer.version)

    init(lane: ServingLane, life: ServerLife) {
        self.lane = lane
        self.life = life
    }

    func register(in router: Router) {
        let service = "sidecart.v1.Admin"
        router.add(service, "Status", role: .read, isUrgent: true) { [self] call throws(RPCError) in
            try status(call)
        }
        router.add(service, "Metrics", role: .read) { [self] call throws(RPCError) in
            try tellMetrics(call)
        }
        router.add(service, "Outcomes", role: .read) { [self] call throws(RPCError) in
            try tellOutcomes(call)
        }
        router.add(service, "Drain", role: .admin) { [self] call throws(RPCError) in
            let request = try call.decode(sidecart__v1__drain_request__init)
            var response = Sidecart__V1__DrainResponse()
            sidecart__v1__drain_response__init(&response)
            try call.reply(&response)
            life.requestDrain(
                DrainRequest(peer: call.peer, handsOver: request.pointee.hand_over != 0))
        }
    }

    private func tellMetrics(_ call: Call) throws(RPCError) {
        let request = try call.decode(sidecart__v1__metrics_request__init)
        let format: MetricsWriter.Format =
            switch request.pointee.format {
            case SIDECART__V1__METRICS_FORMAT__PROMETHEUS_TEXT: .prometheus
            case SIDECART__V1__METRICS_FORMAT__OPENMETRICS_TEXT: .openMetrics
            default:
                throw RPCError(
                    .invalidArgument,
                    "format is \(request.pointee.format.rawValue), which is not known")
            }
        if call.lane == .loop {
            return try call.moveToBackground(estimatedNanoseconds: 2_000_000)
        }
        let text = ServerMetrics(life: life).text(format)
        var response = Sidecart__V1__MetricsResponse()
        sidecart__v1__metrics_response__init(&response)
        try text.withUnsafeBufferPointer { text throws(RPCError) in
            response.text = UnsafeRawBufferPointer(text).binaryData
            try call.reply(&response)
        }
    }

    private func status(_ call: Call) throws(RPCError) {
        _ = try call.decode(sidecart__v1__status_request__init)
        let statistics = life.statistics()
        let model = lane.services.engine.generation
        var response = Sidecart__V1__StatusResponse()
        sidecart__v1__status_response__init(&response)
        response.version = version.binaryData
        response.model_version = model.versionBytes.binaryData
        response.model_kind = model.kindBytes.binaryData
        response.items = UInt64(model.items.knownCount)
        response.users = UInt64(model.userOrdinals.count)
        response.dimensions = UInt32(model.dimensions)
        response.threads = UInt32(life.configuration.serving.loopCount)
        response.connections = UInt64(statistics?.connections ?? 0)
        response.calls = UInt64(statistics?.calls ?? 0)
        response.failed_calls = UInt64(statistics?.callsFailed ?? 0)
        response.moved_calls = UInt64(statistics?.callsMoved ?? 0)
        func brokenOff(_ reason: BreakOffReason) -> UInt64 {
            UInt64(statistics?.brokenOff[reason] ?? 0)
        }
        response.broken_off_foreign = brokenOff(.foreign)
        response.broken_off_unread = brokenOff(.unread)
        response.broken_off_unfinished = brokenOff(.unfinished)
        response.broken_off_drained = brokenOff(.drained)
        response.broken_off_crowded = brokenOff(.crowded)
        response.broken_off_idle = brokenOff(.idle)
        response.broken_off_malformed = brokenOff(.malformed)
        response.broken_off_flooded = brokenOff(.flooded)
        response.refused_connections = UInt64(statistics?.connectionsRefused ?? 0)
        response.refused_frames = UInt64(statistics?.framesRefused ?? 0)
        response.denied_calls = UInt64(statistics?.callsDenied ?? 0)
        response.buffer_bytes = UInt64(statistics?.heldBytes ?? 0)
        response.buffer_bytes_max = UInt64(life.configuration.serving.limits.bufferBytesMax)
        response.uptime_milliseconds = life.uptimeMilliseconds
        response.cpu_microseconds = ProcessUsage.cpuMicroseconds
        response.resident_bytes = ProcessUsage.residentBytes
        response.store_bytes = UInt64(life.models.bytes)
        response.store_bytes_max = UInt64(life.models.settings.bytesMax)
        response.draining = life.isDraining ? 1 : 0
        response.pid = UInt32(getpid())
        tellJournal(&response)
        try call.reply(&response)
    }
}

extension AdminService {
    /// What waits for nobody: the journal's thread may be at work on all of it.
    private func tellJournal(_ response: inout Sidecart__V1__StatusResponse) {
        guard let journal = life.journal, let watermark = journal.watermark else { return }
        response.journal_watermark = UInt64(watermark)
        response.journal_check =
            switch journal.check {
            case .running: SIDECART__V1__JOURNAL_CHECK__JOURNAL_CHECK_RUNNING
            case .passed: SIDECART__V1__JOURNAL_CHECK__JOURNAL_CHECK_PASSED
            case .failed: SIDECART__V1__JOURNAL_CHECK__JOURNAL_CHECK_FAILED
            }
        guard let online = life.models.settings.online else { return }
        let figures = online.figures
        response.online_events = UInt64(figures.events)
        response.online_events_max = UInt64(figures.eventsMax)
        response.online_users = UInt64(figures.users)
        response.online_items = UInt64(figures.items)
        response.online_bytes = UInt64(figures.bytes)
        response.online_bytes_max = UInt64(online.bytesMax)
        response.online_lag_events = UInt64(online.lag)
    }
}

/// A string that lies still, for messages that borrow it.
final class TextBytes {
    private let bytes: UnsafeMutableRawBufferPointer

    init(_ text: String) {
        bytes = .allocate(byteCount: text.utf8.count, alignment: 1)
        bytes.copyBytes(from: text.utf8)
    }

    deinit { bytes.deallocate() }

    var binaryData: ProtobufCBinaryData { UnsafeRawBufferPointer(bytes).binaryData }
}
