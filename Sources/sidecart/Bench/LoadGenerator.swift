import Foundation
import Histogram
import Wire

/// Keeps a number of calls in flight on one connection and times each.
///
/// One thread and raw frames: what it takes itself must be small against what it measures.
struct LoadGenerator {
    struct Result {
        var latencies = Histogram<UInt64>(numberOfSignificantValueDigits: .three)
        var calls = 0
        var seconds = 0.0
        var failedCalls = 0
    }

    private let socket: Int32
    private let frame: [UInt8]
    private var nextStream: UInt32 = 1

    /// - Parameters:
    ///   - path: the server's socket.
    ///   - frame: one request frame; its stream id is replaced call by call.
    init(path: String, frame: [UInt8]) throws {
        socket = Foundation.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        self.frame = frame
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let capacity = MemoryLayout.size(ofValue: address.sun_path)
        guard path.utf8.count < capacity else { throw Failure("\(path): too long for a socket") }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let connected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(socket, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard connected == 0 else {
            throw Failure("\(path): \(String(cString: strerror(errno)))")
        }
    }

    func close() { Foundation.close(socket) }

    /// Runs for a time with `inFlight` calls under way.
    mutating func run(inFlight: Int, for duration: Duration) throws -> Result {
        var result = Result()
        // By stream id, modulo a power of two above the number in flight.
        var mask = 1
        while mask < 2 * inFlight { mask *= 2 }
        var sentAt = [UInt64](repeating: 0, count: mask)
        mask -= 1
        var output: [UInt8] = []
        var input = [UInt8](repeating: 0, count: 1 << 18)
        var filled = 0
        let start = Self.now()
        let end = start + UInt64(duration.seconds * 1e9)
        try send(inFlight, at: start, mask, &sentAt, &output)
        var waiting = inFlight
        while waiting > 0 {
            let count = input.withUnsafeMutableBytes {
                recv(socket, $0.baseAddress! + filled, $0.count - filled, 0)
            }
            guard count > 0 else { throw Failure("the server closed the connection") }
            filled += count
            let now = Self.now()
            let answered = input.withUnsafeBytes { bytes in
                Self.take(bytes.prefix(filled), at: now, mask, sentAt, &result)
            }
            if answered.bytes > 0 {
                input.withUnsafeMutableBytes {
                    _ = memmove(
                        $0.baseAddress!, $0.baseAddress! + answered.bytes, filled - answered.bytes)
                }
                filled -= answered.bytes
            }
            waiting -= answered.calls
            if now < end, answered.calls > 0 {
                try send(answered.calls, at: Self.now(), mask, &sentAt, &output)
                waiting += answered.calls
            }
        }
        result.seconds = Double(Self.now() - start) * 1e-9
        return result
    }

    private mutating func send(
        _ count: Int, at now: UInt64, _ mask: Int, _ sentAt: inout [UInt64], _ output: inout [UInt8]
    ) throws {
        output.removeAll(keepingCapacity: true)
        for _ in 0..<count {
            let offset = output.count
            output.append(contentsOf: frame)
            output.withUnsafeMutableBytes {
                $0.storeBytes(of: nextStream.bigEndian, toByteOffset: offset + 4, as: UInt32.self)
            }
            sentAt[Int(nextStream >> 1) & mask] = now
            nextStream += 2
        }
        var sent = 0
        while sent < output.count {
            let written = output.withUnsafeBytes {
                Foundation.send(
                    socket, $0.baseAddress! + sent, $0.count - sent, Int32(MSG_NOSIGNAL))
            }
            guard written > 0 else { throw Failure("the server closed the connection") }
            sent += written
        }
    }

    /// Counts whole answers; one with a code in its status is a failed call.
    private static func take(
        _ bytes: Slice<UnsafeRawBufferPointer>, at now: UInt64, _ mask: Int, _ sentAt: [UInt64],
        _ result: inout Result
    ) -> (bytes: Int, calls: Int) {
        var offset = 0
        var calls = 0
        let buffer = UnsafeRawBufferPointer(rebasing: bytes)
        while offset + FrameHeader.bytes <= buffer.count {
            let header = FrameHeader(
                UnsafeRawBufferPointer(rebasing: buffer[offset..<offset + FrameHeader.bytes]))
            let size = FrameHeader.bytes + header.dataBytes
            guard offset + size <= buffer.count else { break }
            // The status comes first, and is empty for success.
            if header.dataBytes > 1, buffer[offset + FrameHeader.bytes + 1] != 0 {
                result.failedCalls += 1
            }
            result.latencies.record(max(1, now - sentAt[Int(header.stream >> 1) & mask]))
            offset += size
            calls += 1
        }
        result.calls += calls
        return (offset, calls)
    }

    private static func now() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
