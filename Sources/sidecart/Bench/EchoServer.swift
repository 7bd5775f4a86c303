import ArgumentParser
import Foundation
import Wire

/// The reference of `bench`: the least a server on a Unix socket can do with the same frames.
///
/// One thread, one connection, blocking reads and writes; it finds the frames and answers each with
/// as many bytes as real answers have on average, but decodes, looks up and computes nothing.
struct EchoServer: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench-reference", abstract: "The reference server of `bench`.",
        shouldDisplay: false)

    @Argument var socket: String
    /// Bytes of an answer's frame, with its header.
    @Argument var replyBytes: Int

    func run() throws {
        ServerProcess.endWithParent()
        let listener = Foundation.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: socket.utf8) }
        let isBound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard isBound == 0, listen(listener, 1) == 0 else {
            throw Failure("\(socket): \(String(cString: strerror(errno)))")
        }
        Output.note("ready")
        while true {
            let client = accept(listener, nil, nil)
            guard client >= 0 else { continue }
            serve(client)
            close(client)
        }
    }

    private func serve(_ client: Int32) {
        var input = [UInt8](repeating: 0, count: 1 << 18)
        var output = [UInt8](repeating: 0, count: 0)
        var filled = 0
        while true {
            let count = input.withUnsafeMutableBytes {
                recv(client, $0.baseAddress! + filled, $0.count - filled, 0)
            }
            guard count > 0 else { return }
            filled += count
            output.removeAll(keepingCapacity: true)
            var offset = 0
            input.withUnsafeMutableBytes { bytes in
                while offset + FrameHeader.bytes <= filled {
                    let header = FrameHeader(UnsafeRawBufferPointer(rebasing: bytes[offset...]))
                    let size = FrameHeader.bytes + header.dataBytes
                    guard offset + size <= filled else { break }
                    appendReply(stream: header.stream, to: &output)
                    offset += size
                }
                memmove(bytes.baseAddress!, bytes.baseAddress! + offset, filled - offset)
            }
            filled -= offset
            var sent = 0
            while sent < output.count {
                let written = output.withUnsafeBytes {
                    send(client, $0.baseAddress! + sent, $0.count - sent, Int32(MSG_NOSIGNAL))
                }
                guard written > 0 else { return }
                sent += written
            }
        }
    }

    private func appendReply(stream: UInt32, to output: inout [UInt8]) {
        let offset = output.count
        let bytes = max(FrameHeader.bytes, replyBytes)
        output.append(contentsOf: repeatElement(0, count: bytes))
        output.withUnsafeMutableBytes {
            FrameHeader(dataBytes: bytes - FrameHeader.bytes, stream: stream, kind: .response)
                .write(to: $0.baseAddress! + offset)
        }
    }
}
