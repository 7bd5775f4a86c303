internal import Wire

/// One remote method: what it is called, how a request is written and an answer read.
///
/// The conforming types are the requests. Both kinds of connection speak through them.
protocol Method: Sendable {
    associatedtype Reply: Sendable
    static var service: String { get }
    static var name: String { get }
    /// Writes the request message.
    func encode(into writer: ProtobufWriter) throws(SidecartError)
    /// Reads the answer's message.
    func decode(_ payload: UnsafeRawBufferPointer) throws(ProtobufReader.Malformed) -> Reply
}

/// A method that only asks, so that calls of it may be made twice.
protocol ReadMethod: Method {}

extension Method {
    /// Such as `sidecart.v1.Scoring/Score`.
    static var fullName: String { "\(service)/\(name)" }

    /// The answer in a payload, or `internal` where the server sent something else.
    func reply(from payload: UnsafeRawBufferPointer) throws(SidecartError) -> Reply {
        do {
            return try decode(payload)
        } catch {
            throw SidecartError(
                .internal, "the server's answer to \(Self.fullName) is malformed")
        }
    }
}

extension Method where Reply: WireMessage {
    func decode(_ payload: UnsafeRawBufferPointer) throws(ProtobufReader.Malformed) -> Reply {
        try Reply(wire: payload)
    }
}

/// A number of items as the wire has it.
func wireCount(_ count: Int, _ name: String) throws(SidecartError) -> UInt64 {
    guard let count = UInt32(exactly: count) else {
        throw SidecartError(.invalidArgument, "\(name) is \(count), not 0 to \(UInt32.max)")
    }
    return UInt64(count)
}
