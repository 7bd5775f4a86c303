/// The fixed part of every ttrpc frame.
///
/// | byte | content |
/// |---|---|
/// | 0 - 3 | length of the data that follows the header, big-endian; at most 4 MiB, so byte 0 is always zero |
/// | 4 - 7 | stream id, big-endian; odd for streams a client opens |
/// | 8 | kind: 1 request, 2 response, 3 data |
/// | 9 | flags; a request with 0x02 would stream more data |
/// | 10 ... | data |
///
/// Source: containerd/ttrpc PROTOCOL.md.
package struct FrameHeader: Equatable, Sendable {
    /// What a frame is for. Unknown kinds are kept for later versions of the protocol.
    package struct Kind: RawRepresentable, Equatable, Sendable {
        package let rawValue: UInt8
        package init(rawValue: UInt8) { self.rawValue = rawValue }

        package static let request = Kind(rawValue: 1)
        package static let response = Kind(rawValue: 2)
        package static let data = Kind(rawValue: 3)
    }

    /// Largest data of a frame that the protocol allows: 4 MiB.
    package static let dataBytesMax = 4 << 20
    /// Length of a header.
    package static let bytes = 10
    /// Request flag: the client has nothing more to send; the same as no flag to a unary method.
    package static let remoteClosed: UInt8 = 0x01
    /// Request flag: the client goes on sending data.
    package static let remoteOpen: UInt8 = 0x02

    package var dataBytes: Int
    package var stream: UInt32
    package var kind: Kind
    package var flags: UInt8

    package init(dataBytes: Int, stream: UInt32, kind: Kind, flags: UInt8 = 0) {
        (self.dataBytes, self.stream, self.kind, self.flags) = (dataBytes, stream, kind, flags)
    }

    /// Reads a header from the first ``bytes`` of `source`.
    package init(_ source: UnsafeRawBufferPointer) {
        precondition(source.count >= Self.bytes, "a header of \(source.count) bytes")
        dataBytes = Int(UInt32(bigEndian: source.loadUnaligned(as: UInt32.self)))
        stream = UInt32(bigEndian: source.loadUnaligned(fromByteOffset: 4, as: UInt32.self))
        kind = Kind(rawValue: source[8])
        flags = source[9]
    }

    /// Writes the header to the first ``bytes`` of `target`.
    package func write(to target: UnsafeMutableRawPointer) {
        target.storeBytes(of: UInt32(dataBytes).bigEndian, as: UInt32.self)
        target.storeBytes(of: stream.bigEndian, toByteOffset: 4, as: UInt32.self)
        target.storeBytes(of: kind.rawValue, toByteOffset: 8, as: UInt8.self)
        target.storeBytes(of: flags, toByteOffset: 9, as: UInt8.self)
    }
}
