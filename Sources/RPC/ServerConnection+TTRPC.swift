internal import Wire

/// Frames of ttrpc: a request is one of them.
extension ServerConnection {
    /// Handles the next frame.
    ///
    /// - Parameter urgentOnly: leaves a frame that can wait, and what follows it.
    @inline(__always)
    func takeFrame(_ input: inout UnsafeRawBufferPointer, urgentOnly: Bool) -> Step {
        let before = input
        let event = decoder.next(&input)
        if case .needsMore = event { return .needsMore }
        if urgentOnly, case .frame(let header, let data) = event, !server.isUrgent(header, data) {
            decoder.putBack(&input, before: before)
            return .postponed
        }
        // A frame ended; the next one has its own time.
        patience.frameEnded()
        server.addDirty(self)
        handle(event)
        return .taken
    }

    private func handle(_ event: FrameDecoder.Event) {
        let unflushedBytes = pipe.unflushedBytes
        switch event {
        case .frame(let header, let data):
            if header.kind == .request { requests &+= 1 }
            switch rules.judge(header) {
            case .call:
                if let refusal, !server.isUrgent(header, data) {
                    server.refuse(header.stream, refusal, on: pipe)
                } else {
                    server.perform(data, of: self, stream: header.stream)
                }
            case .ignore: break
            case .refuse(let code, let reason):
                server.refuse(header.stream, code, reason, on: pipe)
            }
        case .oversized(let header): refuseOversized(header)
        case .foreign: return breakOff(.foreign)
        case .needsMore: return
        }
        server.counters.bytesWritten.add(pipe.unflushedBytes - unflushedBytes)
        applyBackpressure()
    }

    private func refuseOversized(_ header: FrameHeader) {
        switch rules.judge(header) {
        case .call:
            server.refuse(
                header.stream,
                RPCError(
                    .resourceExhausted,
                    "the frame's \(header.dataBytes) bytes are over the limit of \(server.limits.frameBytesMax)"
                ),
                on: pipe)
        case .ignore: break
        case .refuse(let code, let reason): server.refuse(header.stream, code, reason, on: pipe)
        }
    }

    /// Gives up the frame that is under way and answers it so, where that frees the most of what the
    /// connection holds.
    ///
    /// - Returns: the bytes that it held; nil, and nothing is changed, where it is not the most.
    func refusePartialFrame(_ shortage: BufferShortage) -> Int? {
        let frameBytes = decoder.heldBytes
        guard 2 * frameBytes >= heldBytes, let header = decoder.refusePartial() else { return nil }
        if case .call = rules.judge(header) {
            server.refuse(
                header.stream,
                RPCError(
                    .resourceExhausted,
                    "\(shortage), and this frame of \(header.dataBytes) bytes held the most"),
                on: pipe)
        }
        return frameBytes
    }
}
