package import Buffers

/// What a request carries: which method, with what, until when. All views: into the data of the
/// Request frame that it was read from, or into what else holds its parts.
///
/// `{1 service, 2 method, 3 payload, 4 int64 timeout_nano, 5 repeated {1 key, 2 value}}`; of a
/// field that comes twice the last one counts, unknown fields are skipped, as protobuf has it.
package struct RequestEnvelope {
    /// Why an envelope was refused.
    package enum Problem: Error, Equatable, Sendable {
        case malformed
        case metadataCount(max: Int)
    }

    package private(set) var service = UnsafeRawBufferPointer(start: nil, count: 0)
    package private(set) var method = UnsafeRawBufferPointer(start: nil, count: 0)
    package private(set) var payload = UnsafeRawBufferPointer(start: nil, count: 0)
    /// As sent: 0 no deadline, negative has passed.
    package private(set) var timeoutNanoseconds: Int64 = 0
    package private(set) var metadata = Metadata()

    /// Size of the frame's data, or of the parts together.
    package let dataBytes: Int
    /// Whether `metadata.envelope` is the data of a Request frame, and not the metadata alone.
    private let isFrame: Bool

    package init(_ data: UnsafeRawBufferPointer, metadataCountMax: Int) throws(Problem) {
        (dataBytes, isFrame) = (data.count, true)
        do {
            try parse(data, metadataCountMax: metadataCountMax)
        } catch let problem as Problem {
            throw problem
        } catch {
            throw .malformed
        }
    }

    /// A request whose parts came otherwise.
    ///
    /// - Parameter metadata: written by ``Metadata/append(_:_:to:)``.
    package init(
        service: UnsafeRawBufferPointer, method: UnsafeRawBufferPointer,
        payload: UnsafeRawBufferPointer, timeoutNanoseconds: Int64, metadata: Metadata
    ) {
        (self.service, self.method, self.payload) = (service, method, payload)
        (self.timeoutNanoseconds, self.metadata) = (timeoutNanoseconds, metadata)
        dataBytes = service.count + method.count + payload.count + metadata.envelope.count
        isFrame = false
    }

    /// Appends what a Request frame with this request has for data.
    package func append(to buffer: ByteBuffer) {
        if !isFrame {
            let writer = ProtobufWriter(buffer)
            writer.bytes(1, service)
            writer.bytes(2, method)
            writer.bytes(3, payload)
            writer.integer(4, UInt64(bitPattern: timeoutNanoseconds))
        }
        buffer.append(metadata.envelope)
    }

    private mutating func parse(_ data: UnsafeRawBufferPointer, metadataCountMax: Int) throws {
        var reader = ProtobufReader(data)
        while let (field, value) = try reader.next() {
            switch (field, value) {
            case (1, .bytes(let bytes)): service = bytes
            case (2, .bytes(let bytes)): method = bytes
            case (3, .bytes(let bytes)): payload = bytes
            case (4, .varint(let nanoseconds)):
                timeoutNanoseconds = Int64(bitPattern: nanoseconds)
            case (5, .bytes(let entry)):
                guard metadata.count < metadataCountMax else {
                    throw Problem.metadataCount(max: metadataCountMax)
                }
                _ = try Metadata.keyAndValue(entry)
                metadata.count += 1
            default: continue
            }
        }
        metadata.envelope = data
    }
}

/// The metadata of one call, read where it lies in the envelope.
package struct Metadata {
    fileprivate var envelope = UnsafeRawBufferPointer(start: nil, count: 0)
    /// Number of entries.
    package fileprivate(set) var count = 0

    /// No entries.
    package init() {}

    /// The entries that ``append(_:_:to:)`` wrote one after the other.
    package init(entries: UnsafeRawBufferPointer, count: Int) {
        (envelope, self.count) = (entries, count)
    }

    /// Writes one entry as a Request frame has it.
    package static func append(
        _ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer, to buffer: ByteBuffer
    ) {
        typealias Writer = ProtobufWriter
        let writer = Writer(buffer)
        writer.length(5, Writer.fieldBytes(key.count) + Writer.fieldBytes(value.count))
        writer.bytes(1, key)
        writer.bytes(2, value)
    }

    /// The value of the first entry with this key, which is compared byte by byte.
    ///
    /// - Complexity: O(fields of the envelope), no allocation.
    package subscript(key: StaticString) -> UnsafeRawBufferPointer? {
        let wanted = UnsafeRawBufferPointer(start: key.utf8Start, count: key.utf8CodeUnitCount)
        var found: UnsafeRawBufferPointer?
        forEach { key, value in
            if found == nil, key.elementsEqual(wanted) { found = value }
        }
        return found
    }

    /// Calls `body` with every key and value, in the order sent.
    package func forEach(_ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> Void) {
        guard count > 0 else { return }
        var reader = ProtobufReader(envelope)
        // The envelope was parsed before, so nothing here can be malformed.
        while let field = try? reader.next() {
            guard case (5, .bytes(let entry)) = field,
                let (key, value) = try? Self.keyAndValue(entry)
            else { continue }
            body(key, value)
        }
    }

    fileprivate static func keyAndValue(
        _ entry: UnsafeRawBufferPointer
    ) throws(ProtobufReader.Malformed) -> (UnsafeRawBufferPointer, UnsafeRawBufferPointer) {
        var key = UnsafeRawBufferPointer(start: nil, count: 0)
        var value = key
        var reader = ProtobufReader(entry)
        while let field = try reader.next() {
            switch field {
            case (1, .bytes(let bytes)): key = bytes
            case (2, .bytes(let bytes)): value = bytes
            default: continue
            }
        }
        return (key, value)
    }
}

extension RequestEnvelope {
    /// Appends a whole Request frame to `buffer`; for clients.
    ///
    /// - Parameters:
    ///   - timeoutNanoseconds: what is left; 0 for none.
    ///   - payloadBytes: exact size of the payload.
    ///   - fill: writes exactly that many bytes.
    /// - Returns: false, and nothing appended, if the frame would be larger than `frameBytesMax`.
    package static func appendFrame(
        stream: UInt32, service: String, method: String, timeoutNanoseconds: Int64 = 0,
        metadata: [(key: String, value: String)] = [], payloadBytes: Int,
        frameBytesMax: Int = FrameHeader.dataBytesMax, to buffer: ByteBuffer,
        fill: (UnsafeMutableRawPointer) -> Void
    ) -> Bool {
        typealias Writer = ProtobufWriter
        let timeout = UInt64(bitPattern: timeoutNanoseconds)
        var count = Writer.fieldBytes(service.utf8.count) + Writer.fieldBytes(method.utf8.count)
        count += Writer.fieldBytes(payloadBytes)
        if timeout != 0 { count += 1 + Writer.varintBytes(timeout) }
        for (key, value) in metadata {
            // An entry is written even if it is empty.
            count += Writer.elementBytes(
                Writer.fieldBytes(key.utf8.count) + Writer.fieldBytes(value.utf8.count))
        }
        guard count <= frameBytesMax else { return false }

        let start = buffer.count
        FrameHeader(dataBytes: count, stream: stream, kind: .request)
            .write(to: buffer.reserve(FrameHeader.bytes + count))
        buffer.commit(FrameHeader.bytes)
        let writer = Writer(buffer)
        writer.string(1, service)
        writer.string(2, method)
        writer.integer(4, timeout)
        for (key, value) in metadata {
            writer.message(5) { entry in
                entry.string(1, key)
                entry.string(2, value)
            }
        }
        if payloadBytes > 0 {
            writer.length(3, payloadBytes)
            fill(buffer.reserve(payloadBytes))
            buffer.commit(payloadBytes)
        }
        precondition(
            buffer.count - start == FrameHeader.bytes + count,
            "a request frame's size was misjudged")
        return true
    }
}
