import Buffers
import Foundation
import Wire

/// A Unix socket that carries frames, for the one thread that uses it.
///
/// Never waits for the server to read while answers lie in the socket, or each side could wait for
/// the other.
final class FrameConnection {
    /// What an answer says.
    struct Answer {
        let stream: UInt32
        /// Of the whole frame.
        let bytes: Int
        /// The status carries a code.
        let isFailure: Bool
        /// What follows the header; valid until the closure that is given it returns.
        fileprivate let data: UnsafeRawBufferPointer

        /// What a failure says.
        var message: String {
            guard let envelope = try? ResponseEnvelope(data) else {
                return "an answer that is no envelope"
            }
            return "\(envelope.code): \(String(decoding: envelope.message, as: UTF8.self))"
        }
    }

    let descriptor: Int32
    /// Frames to be sent; whoever appends calls ``exchange(_:)`` then.
    var output: [UInt8] = []
    private var sent = 0
    private var input = [UInt8](repeating: 0, count: 1 << 18)
    private var filled = 0

    /// - Parameter answerTimeout: how long ``exchange(_:)`` waits; nil for ever.
    init(path: String, answerTimeout: Duration? = nil) throws(Failure) {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        guard path.utf8.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw Failure("\(path): too long for a socket")
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        let descriptor = descriptor
        let connected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard connected == 0 else {
            throw Failure("\(path): \(String(cString: strerror(errno)))")
        }
        if let answerTimeout {
            var interval = timeval(tv_sec: Int(answerTimeout.seconds.rounded(.up)), tv_usec: 0)
            setsockopt(
                descriptor, SOL_SOCKET, SO_RCVTIMEO, &interval,
                socklen_t(MemoryLayout<timeval>.size))
        }
    }

    deinit { close(descriptor) }

    /// Sends what is there to send and waits for at least one piece of an answer.
    ///
    /// - Parameter take: called with each answer that is complete.
    /// - Returns: false where nothing came in time.
    func exchange(_ take: (Answer) -> Void) throws(Failure) -> Bool {
        try send()
        while sent < output.count {
            var state = pollfd(fd: descriptor, events: Int16(POLLIN | POLLOUT), revents: 0)
            poll(&state, 1, -1)
            if state.revents & Int16(POLLIN) != 0 { break }
            try send()
        }
        if filled == input.count {
            input.append(contentsOf: repeatElement(0, count: input.count))
        }
        let count = input.withUnsafeMutableBytes {
            recv(descriptor, $0.baseAddress! + filled, $0.count - filled, 0)
        }
        guard count > 0 else {
            if count < 0, errno == EAGAIN { return false }
            throw Failure("the server closed the connection")
        }
        filled += count
        takeAnswers(take)
        return true
    }

    /// Sends what the kernel takes without waiting.
    func send() throws(Failure) {
        while sent < output.count {
            let count = output.withUnsafeBytes {
                Foundation.send(
                    descriptor, $0.baseAddress! + sent, $0.count - sent,
                    Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
            }
            guard count > 0 else {
                if count < 0, errno == EAGAIN { return }
                throw Failure("the server closed the connection")
            }
            sent += count
        }
        output.removeAll(keepingCapacity: true)
        sent = 0
    }

    private func takeAnswers(_ take: (Answer) -> Void) {
        var offset = 0
        input.withUnsafeMutableBytes { bytes in
            while offset + FrameHeader.bytes <= filled {
                let header = FrameHeader(UnsafeRawBufferPointer(rebasing: bytes[offset...]))
                let size = FrameHeader.bytes + header.dataBytes
                guard offset + size <= filled else { break }
                // The status comes first, and is empty for success.
                let isFailure =
                    header.dataBytes > 1 && bytes[offset + FrameHeader.bytes] == 1 << 3 | 2
                    && bytes[offset + FrameHeader.bytes + 1] != 0
                take(
                    Answer(
                        stream: header.stream, bytes: size, isFailure: isFailure,
                        data: UnsafeRawBufferPointer(
                            rebasing: bytes[offset + FrameHeader.bytes..<offset + size])))
                offset += size
            }
            filled -= offset
            if offset > 0 {
                memmove(bytes.baseAddress!, bytes.baseAddress! + offset, filled)
            }
        }
    }
}
