internal import CSidecartProto
internal import RPC

extension MessageArena {
    /// Zeroed memory for `count` values, which lasts as long as the call.
    ///
    /// - Throws: RESOURCE_EXHAUSTED where it does not fit.
    func array<Element>(of type: Element.Type, _ count: Int)
        throws(RPCError) -> UnsafeMutablePointer<Element>
    {
        guard let memory = allocate(max(1, count) * MemoryLayout<Element>.stride) else {
            throw RPCError(
                .resourceExhausted, "the reply needs more memory than the server allows a call")
        }
        return memory.bindMemory(to: Element.self, capacity: max(1, count))
    }

    /// Room for the pointers of a repeated message field.
    func messages<Message>(_ count: Int)
        throws(RPCError) -> UnsafeMutablePointer<UnsafeMutablePointer<Message>?>
    {
        try array(of: UnsafeMutablePointer<Message>?.self, count)
    }

    /// A copy of a text, for a message to borrow.
    func text(_ text: String) throws(RPCError) -> ProtobufCBinaryData {
        var text = text
        let count = text.utf8.count
        let copy = try array(of: UInt8.self, count)
        text.withUTF8 { copy.update(from: $0.baseAddress ?? UnsafePointer(copy), count: count) }
        return ProtobufCBinaryData(len: count, data: copy)
    }

    /// One message, initialized by protobuf-c's generated `..__init`.
    func message<Message>(
        _ type: Message.Type, _ initialize: (UnsafeMutablePointer<Message>?) -> Void
    ) throws(RPCError) -> UnsafeMutablePointer<Message> {
        let message = try array(of: type, 1)
        initialize(message)
        return message
    }
}
