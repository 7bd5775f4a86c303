internal import Wire

/// What a response frame says.
enum ServerAnswer {
    static func payload(
        of data: UnsafeRawBufferPointer
    ) -> Result<UnsafeRawBufferPointer, SidecartError> {
        guard let envelope = try? ResponseEnvelope(data) else {
            return .failure(SidecartError(.internal, "the server's answer is not a ttrpc response"))
        }
        guard envelope.code != .ok else { return .success(envelope.payload) }
        return .failure(
            SidecartError(
                .init(rawValue: envelope.code.rawValue) ?? .unknown,
                String(decoding: envelope.message, as: UTF8.self), origin: .server))
    }
}

extension Duration {
    /// Whole nanoseconds, at least 1 where it is positive, as 0 on the wire means no deadline.
    var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        return overflow ? .max : max(1, product &+ attoseconds / 1_000_000_000)
    }
}

extension SidecartError {
    static func oversize(_ configuration: SidecartConfiguration) -> SidecartError {
        SidecartError(
            .resourceExhausted,
            "the request is over the limit of \(configuration.frameBytesMax) bytes")
    }

    static func oversizeAnswer(
        _ bytes: Int, _ configuration: SidecartConfiguration
    ) -> SidecartError {
        SidecartError(
            .resourceExhausted,
            "the answer of \(bytes) bytes is over the limit of \(configuration.frameBytesMax)")
    }

    static func serverClosed(_ path: String, _ detail: String = "") -> SidecartError {
        SidecartError(.unavailable, "\(path): the server closed the connection\(detail)")
    }

    static func foreign(_ path: String) -> SidecartError {
        SidecartError(.internal, "\(path): what answers there does not speak ttrpc")
    }

    static func strayAnswer(_ stream: UInt32, _ path: String) -> SidecartError {
        SidecartError(
            .internal, "\(path): the server answered stream \(stream), where no call was made")
    }
}
