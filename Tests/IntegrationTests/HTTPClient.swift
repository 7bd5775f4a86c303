import Foundation
import Testing

/// A client of a metrics address that sends bytes as they are and reads answers by their length.
final class HTTPClient {
    struct Answer {
        let status: Int
        /// Names in lower case.
        let fields: [String: String]
        let body: String
    }

    private let descriptor: Int32
    private var input: [UInt8] = []

    /// - Parameter address: as the server's log tells it, such as `unix:/tmp/m` or `127.0.0.1:4711`.
    init(_ address: String) throws {
        if address.hasPrefix("unix:") {
            descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
            var raw = sockaddr_un()
            raw.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &raw.sun_path) {
                $0.copyBytes(from: address.dropFirst(5).utf8)
            }
            try connect(&raw)
        } else {
            let port = try #require(address.split(separator: ":").last.flatMap { UInt16($0) })
            descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            var raw = sockaddr_in()
            raw.sin_family = sa_family_t(AF_INET)
            raw.sin_port = port.bigEndian
            raw.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
            try connect(&raw)
        }
    }

    deinit { close(descriptor) }

    private func connect<Address>(_ raw: inout Address) throws {
        let result = withUnsafePointer(to: &raw) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<Address>.size))
            }
        }
        try #require(result == 0, "connect: \(errno)")
    }

    func send(_ text: String) throws {
        let bytes = Array(text.utf8)
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            try #require(count > 0, "send: \(errno)")
            sent += count
        }
    }

    /// Reads an answer.
    ///
    /// - Parameter withBody: false where the request was HEAD.
    func receive(withBody: Bool = true) throws -> Answer {
        let blank = Array("\r\n\r\n".utf8)
        var end = 0
        while true {
            if let start = input.indices.first(where: { input[$0...].starts(with: blank) }) {
                end = start + blank.count
                break
            }
            try #require(try readMore(), "the connection ended")
        }
        let lines = String(decoding: input[..<end], as: UTF8.self).components(
            separatedBy: "\r\n")
        input.removeFirst(end)
        var fields: [String: String] = [:]
        for line in lines.dropFirst() where !line.isEmpty {
            let parts = line.components(separatedBy: ": ")
            fields[parts[0].lowercased()] = parts[1]
        }
        let bytes = withBody ? try #require(fields["content-length"].flatMap { Int($0) }) : 0
        while input.count < bytes { try #require(try readMore(), "the connection ended") }
        defer { input.removeFirst(bytes) }
        return Answer(
            status: try #require(Int(lines[0].split(separator: " ")[1])), fields: fields,
            body: String(decoding: input[..<bytes], as: UTF8.self))
    }

    /// Whether the server has ended the connection, with nothing left to read.
    func isEnded() throws -> Bool { try input.isEmpty && !readMore() }

    private func readMore() throws -> Bool {
        var piece = [UInt8](repeating: 0, count: 65_536)
        let count = recv(descriptor, &piece, piece.count, 0)
        if count == 0 || (count < 0 && errno == ECONNRESET) { return false }
        try #require(count > 0, "recv: \(errno)")
        input += piece[..<count]
        return true
    }
}
