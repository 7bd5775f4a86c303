/// What a server does with each frame of one connection, by its header alone.
///
/// - Clients open streams with odd ids, each larger than the one before.
/// - Unknown kinds on odd ids are ignored: room for later versions of the protocol, such as a
///   cancel frame.
/// - Every method is unary: a request that announces more data is refused, and the data that may
///   follow it on that stream is dropped, as its sender has the answer already.
///
/// A refusal answers on the offending stream and keeps the connection, as containerd's server does.
package struct StreamRules: Sendable {
    package enum Verdict: Sendable {
        case call
        case ignore
        case refuse(StatusCode, StaticString)
    }

    private var newest: UInt32 = 0

    package init() {}

    package mutating func judge(_ header: FrameHeader) -> Verdict {
        guard header.stream % 2 == 1 else {
            return .refuse(.invalidArgument, "the stream id of a client must be odd")
        }
        switch header.kind {
        case .request:
            guard header.stream > newest else {
                return .refuse(
                    .invalidArgument, "stream ids must increase and cannot be used again")
            }
            newest = header.stream
            guard header.flags & FrameHeader.remoteOpen == 0 else {
                return .refuse(.unimplemented, "streaming requests are not supported")
            }
            return .call
        case .data:
            if header.stream <= newest { return .ignore }
            return .refuse(.invalidArgument, "data for a stream that is not open")
        default:
            return .ignore
        }
    }
}
