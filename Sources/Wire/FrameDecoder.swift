package import Buffers

/// Cuts a stream of bytes into ttrpc frames; for servers and clients. No I/O, no clock.
///
/// A frame that lies wholly in what was read is lent as it lies there. Only a frame cut by the end
/// of a read is gathered in a buffer, which grows with the bytes received, not with the length
/// announced, and goes back to the pool as soon as the frame was used.
///
/// Data larger than the limit is never kept: the frame is reported once, when its header is there,
/// and its data skipped, so that both ends stay in step. (Go's ttrpc server likewise discards the
/// data and answers RESOURCE_EXHAUSTED.) A first byte other than zero announces 16 MiB or more,
/// which no ttrpc peer does: it is another protocol, and ends the connection.
package struct FrameDecoder {
    package enum Event {
        /// A whole frame; its data is valid until the next call of ``next(_:)``.
        case frame(FrameHeader, UnsafeRawBufferPointer)
        /// A frame over the limit, whose data will be skipped.
        case oversized(FrameHeader)
        /// These bytes are not ttrpc. Nothing can follow.
        case foreign
        /// The input is used up.
        case needsMore
    }

    private let pool: BufferPool
    private let dataBytesMax: Int
    private var partial: ByteBuffer?
    private var isPartialUsed = false
    private var bytesToSkip = 0

    /// - Parameter dataBytesMax: largest data of a frame, up to 4 MiB.
    package init(dataBytesMax: Int, pool: BufferPool) {
        precondition(dataBytesMax <= FrameHeader.dataBytesMax, "limit of \(dataBytesMax)")
        (self.dataBytesMax, self.pool) = (dataBytesMax, pool)
    }

    /// True between the first and the last byte of a frame.
    package var isInsideFrame: Bool { bytesToSkip > 0 || (partial != nil && !isPartialUsed) }

    /// The next event, taking the bytes it needed off the front of `input`.
    ///
    /// - Complexity: O(1) for a frame inside `input`, else O(bytes taken).
    package mutating func next(_ input: inout UnsafeRawBufferPointer) -> Event {
        if isPartialUsed { discard() }
        if bytesToSkip > 0 {
            let skipped = min(bytesToSkip, input.count)
            input.removeFirstBytes(skipped)
            bytesToSkip -= skipped
            if bytesToSkip > 0 { return .needsMore }
        }
        if let partial { return resume(partial, &input) }
        guard input.count >= FrameHeader.bytes else { return keep(&input) }
        let header = FrameHeader(input)
        if let refusal = refuse(header) {
            input.removeFirstBytes(FrameHeader.bytes)
            return refusal
        }
        let frameBytes = FrameHeader.bytes + header.dataBytes
        guard input.count >= frameBytes else { return keep(&input) }
        let data = UnsafeRawBufferPointer(rebasing: input[FrameHeader.bytes..<frameBytes])
        input.removeFirstBytes(frameBytes)
        return .frame(header, data)
    }

    /// Takes the frame back that was lent last, so that the next call of ``next(_:)`` lends it
    /// again.
    ///
    /// - Parameters:
    ///   - input: as the call left it.
    ///   - before: as the call found it.
    package mutating func putBack(
        _ input: inout UnsafeRawBufferPointer, before: UnsafeRawBufferPointer
    ) {
        if isPartialUsed { isPartialUsed = false } else { input = before }
    }

    /// How many Request frames are whole: one that was put back, and those in `input`, which begins
    /// where a frame does.
    ///
    /// - Complexity: O(frames).
    package func requestCount(in input: UnsafeRawBufferPointer) -> Int {
        var count = partial != nil && !isPartialUsed ? 1 : 0
        var start = 0
        while input.count - start >= FrameHeader.bytes {
            let header = FrameHeader(UnsafeRawBufferPointer(rebasing: input[start...]))
            start += FrameHeader.bytes + header.dataBytes
            if start > input.count { break }
            if header.kind == .request { count += 1 }
        }
        return count
    }

    /// Memory of a frame that is not whole yet, or was not used yet.
    package var heldBytes: Int { partial?.capacity ?? 0 }

    /// Gives up the frame that is under way: its memory goes back at once, and what is still to come
    /// of it will be skipped.
    ///
    /// - Returns: the frame's header; nil, and nothing is changed, where that is not there yet.
    package mutating func refusePartial() -> FrameHeader? {
        guard let partial, !isPartialUsed, partial.count >= FrameHeader.bytes else { return nil }
        let header = FrameHeader(partial.bytes)
        bytesToSkip = FrameHeader.bytes + header.dataBytes - partial.count
        discard()
        return header
    }

    /// Gives back all memory, for instance when the connection closes.
    package mutating func discard() {
        if let partial { pool.recycle(partial) }
        partial = nil
        isPartialUsed = false
    }

    private mutating func refuse(_ header: FrameHeader) -> Event? {
        if header.dataBytes <= dataBytesMax { return nil }
        if header.dataBytes >= 1 << 24 { return .foreign }
        bytesToSkip = header.dataBytes
        return .oversized(header)
    }

    private mutating func keep(_ input: inout UnsafeRawBufferPointer) -> Event {
        guard input.count > 0 else { return .needsMore }
        let buffer = pool.take()
        buffer.append(input)
        input.removeFirstBytes(input.count)
        partial = buffer
        return .needsMore
    }

    private mutating func resume(
        _ buffer: ByteBuffer, _ input: inout UnsafeRawBufferPointer
    ) -> Event {
        if buffer.count < FrameHeader.bytes {
            buffer.append(input.takeFirstBytes(FrameHeader.bytes - buffer.count))
            guard buffer.count == FrameHeader.bytes else { return .needsMore }
        }
        let header = FrameHeader(buffer.bytes)
        if let refusal = refuse(header) {
            discard()
            return refusal
        }
        let frameBytes = FrameHeader.bytes + header.dataBytes
        buffer.append(input.takeFirstBytes(frameBytes - buffer.count), limit: frameBytes)
        guard buffer.count == frameBytes else { return .needsMore }
        isPartialUsed = true
        return .frame(header, UnsafeRawBufferPointer(rebasing: buffer.bytes[FrameHeader.bytes...]))
    }
}

extension UnsafeRawBufferPointer {
    mutating func removeFirstBytes(_ count: Int) {
        self = UnsafeRawBufferPointer(rebasing: self[count...])
    }

    /// Removes and returns the first `count` bytes, or all if there are fewer.
    mutating func takeFirstBytes(_ count: Int) -> UnsafeRawBufferPointer {
        let taken = UnsafeRawBufferPointer(rebasing: self[..<Swift.min(count, self.count)])
        removeFirstBytes(taken.count)
        return taken
    }
}
