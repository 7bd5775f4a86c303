internal import CSidecartProto
internal import Wire

/// Reads protobuf messages into the structs that protoc-c generated, by their descriptors.
///
/// protobuf-c's own `unpack` is not used: when it meets a malformed message, or a field that comes
/// twice, it walks what it has built to free it, and there takes the default of a `bytes` field
/// made from a `string` (one byte long) for a struct of sixteen. Here nothing is freed, so nothing
/// half-built is walked: whatever goes wrong, the arena's next reset takes it all back.
///
/// A message is walked twice, to count the elements of its repeated fields and to store them.
/// Unknown fields are skipped, of a field that comes twice the last value counts, and messages that
/// come twice are merged, as protobuf has it. A known field with another wire type than its own is
/// malformed.
///
/// Bytes are lent from the input, everything else lies in the arena.
package struct MessageDecoder {
    package enum Failure: Error, Equatable, Sendable {
        /// The bytes are no such message.
        case malformed
        /// The arena cannot hold the message.
        case exhausted
    }

    /// Messages within messages; no method of ours needs more than a few.
    private static let depthMax = 32

    private let arena: MessageArena

    package init(arena: MessageArena) { self.arena = arena }

    /// A message of the type that `initialize`, the generated `..__init`, belongs to.
    ///
    /// - Complexity: O(bytes), and at most as much memory as the arena has.
    package func decode<Message>(
        _ bytes: UnsafeRawBufferPointer, _ initialize: (UnsafeMutablePointer<Message>?) -> Void
    ) throws(Failure) -> UnsafeMutablePointer<Message> {
        let block = try allocate(MemoryLayout<Message>.size)
        let message = block.bindMemory(to: Message.self, capacity: 1)
        initialize(message)
        try fill(block, from: bytes, depth: 1)
        return message
    }

    /// The same of a call's request, with failures as its caller is told.
    ///
    /// - Throws: INVALID_ARGUMENT if the bytes are no such message, RESOURCE_EXHAUSTED if the arena cannot
    ///   hold it.
    package func request<Message>(
        _ payload: UnsafeRawBufferPointer,
        _ initialize: (UnsafeMutablePointer<Message>?) -> Void
    ) throws(RPCError) -> UnsafeMutablePointer<Message> {
        do {
            return try decode(payload, initialize)
        } catch {
            switch error {
            case .malformed:
                throw RPCError(
                    .invalidArgument, "the request is not a valid protobuf message of its method")
            case .exhausted:
                throw RPCError(
                    .resourceExhausted,
                    "the request needs more memory to decode than the server allows")
            }
        }
    }

    private func allocate(_ count: Int) throws(Failure) -> UnsafeMutableRawPointer {
        guard let block = arena.allocate(count) else { throw .exhausted }
        return block
    }

    /// Adds the fields in `bytes` to an initialized message.
    private func fill(
        _ message: UnsafeMutableRawPointer, from bytes: UnsafeRawBufferPointer, depth: Int
    ) throws(Failure) {
        guard depth <= Self.depthMax else { throw .malformed }
        guard !bytes.isEmpty else { return }
        let base = message.assumingMemoryBound(to: ProtobufCMessage.self)
        guard let descriptor = base.pointee.descriptor else {
            preconditionFailure("a message without descriptor")
        }
        let fields = UnsafeBufferPointer(
            start: descriptor.pointee.fields, count: Int(descriptor.pointee.n_fields))
        if fields.contains(where: { $0.label == PROTOBUF_C_LABEL_REPEATED }) {
            try makeRoom(in: message, for: bytes, fields)
        }
        do {
            var reader = ProtobufReader(bytes)
            var last = 0
            while let (number, value) = try reader.next() {
                guard Self.find(number, in: fields, &last) else { continue }
                // Most of a request are ids.
                if case .bytes(let bytes) = value, fields[last].isRepeatedBytes {
                    Self.append(bytes, and: &reader, to: message, fields[last])
                    continue
                }
                try add(value, to: message, fields.baseAddress! + last, depth: depth)
            }
        } catch let failure as Failure {
            throw failure
        } catch {
            throw .malformed
        }
    }

    /// Gives every repeated field an array with room for the elements that `bytes` adds.
    private func makeRoom(
        in message: UnsafeMutableRawPointer, for bytes: UnsafeRawBufferPointer,
        _ fields: UnsafeBufferPointer<ProtobufCFieldDescriptor>
    ) throws(Failure) {
        let counts = try allocate(fields.count * MemoryLayout<Int>.stride)
            .bindMemory(to: Int.self, capacity: fields.count)
        do {
            var reader = ProtobufReader(bytes)
            var last = 0
            while let (number, value) = try reader.next() {
                guard Self.find(number, in: fields, &last),
                    fields[last].label == PROTOBUF_C_LABEL_REPEATED
                else { continue }
                let type = fields[last].type
                guard type == PROTOBUF_C_TYPE_BYTES else {
                    counts[last] +=
                        FieldType.isPackable(type) ? try FieldType.elements(value, of: type) : 1
                    continue
                }
                var count = 1
                if case .bytes = value { reader.forEachFollowing(of: number) { _ in count += 1 } }
                counts[last] += count
            }
        } catch {
            throw .malformed
        }
        for (i, field) in fields.enumerated() where counts[i] > 0 {
            let stride = FieldType.bytes(field.type)
            let before = message.load(fromByteOffset: Int(field.quantifier_offset), as: Int.self)
            let array = try allocate((before + counts[i]) * stride)
            let slot = message + Int(field.offset)
            if before > 0, let old = slot.load(as: UnsafeMutableRawPointer?.self) {
                array.copyMemory(from: old, byteCount: before * stride)
            }
            slot.storeBytes(of: array, as: UnsafeMutableRawPointer.self)
        }
    }

    /// Stores a field's value, for which ``makeRoom(in:for:_:)`` has made room if it is repeated.
    private func add(
        _ value: ProtobufReader.Value, to message: UnsafeMutableRawPointer,
        _ field: UnsafePointer<ProtobufCFieldDescriptor>, depth: Int
    ) throws(Failure) {
        let type = field.pointee.type
        var target = message + Int(field.pointee.offset)
        let quantifier = message + Int(field.pointee.quantifier_offset)
        if field.pointee.label == PROTOBUF_C_LABEL_REPEATED {
            let count = quantifier.load(as: Int.self)
            let array = target.load(as: UnsafeMutableRawPointer.self)
            target = array + count * FieldType.bytes(type)
            if case .bytes(let packed) = value, FieldType.isPackable(type) {
                let added = try FieldType.storePacked(packed, type, at: target)
                return quantifier.storeBytes(of: count + added, as: Int.self)
            }
            quantifier.storeBytes(of: count + 1, as: Int.self)
        } else if field.pointee.flags & UInt32(PROTOBUF_C_FIELD_FLAG_ONEOF.rawValue) != 0 {
            // What another member of the union left is not to be taken for this one's.
            if quantifier.load(as: UInt32.self) != field.pointee.id {
                target.initializeMemory(
                    as: UInt8.self, repeating: 0, count: FieldType.bytes(type))
            }
            quantifier.storeBytes(of: field.pointee.id, as: UInt32.self)
        } else if field.pointee.quantifier_offset != 0 {
            quantifier.storeBytes(of: 1, as: protobuf_c_boolean.self)
        }
        guard type == PROTOBUF_C_TYPE_MESSAGE else {
            return try FieldType.store(value, type, at: target)
        }
        guard case .bytes(let bytes) = value else { throw .malformed }
        if let known = target.load(as: UnsafeMutableRawPointer?.self) {
            return try fill(known, from: bytes, depth: depth + 1)
        }
        guard let descriptor = field.pointee.descriptor else {
            preconditionFailure("a message field without descriptor")
        }
        let inner = descriptor.assumingMemoryBound(to: ProtobufCMessageDescriptor.self)
        let block = try allocate(inner.pointee.sizeof_message)
        inner.pointee.message_init(block.assumingMemoryBound(to: ProtobufCMessage.self))
        target.storeBytes(of: block, as: UnsafeMutableRawPointer.self)
        try fill(block, from: bytes, depth: depth + 1)
    }

    /// Appends to a repeated `bytes` field, for which there is room, and what follows of it too.
    @inline(__always)
    private static func append(
        _ bytes: UnsafeRawBufferPointer, and reader: inout ProtobufReader,
        to message: UnsafeMutableRawPointer, _ field: ProtobufCFieldDescriptor
    ) {
        let quantifier = message + Int(field.quantifier_offset)
        var count = quantifier.load(as: Int.self)
        let array = message.load(
            fromByteOffset: Int(field.offset), as: UnsafeMutablePointer<ProtobufCBinaryData>.self)
        array[count] = FieldType.lent(bytes)
        count += 1
        reader.forEachFollowing(of: Int(field.id)) {
            array[count] = FieldType.lent($0)
            count += 1
        }
        quantifier.storeBytes(of: count, as: Int.self)
    }

    /// Looks for a field by number from the last one found on: fields mostly come in order.
    @inline(__always)
    private static func find(
        _ number: Int, in fields: UnsafeBufferPointer<ProtobufCFieldDescriptor>, _ last: inout Int
    ) -> Bool {
        for _ in fields.indices {
            if Int(fields[last].id) == number { return true }
            last = last + 1 == fields.count ? 0 : last + 1
        }
        return false
    }
}

extension ProtobufCFieldDescriptor {
    @inline(__always)
    fileprivate var isRepeatedBytes: Bool {
        label == PROTOBUF_C_LABEL_REPEATED && type == PROTOBUF_C_TYPE_BYTES
    }
}
