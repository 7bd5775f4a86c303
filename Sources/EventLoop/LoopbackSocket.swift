internal import CLibUV
internal import Glibc

/// A TCP address that only this machine can reach.
package struct LoopbackAddress: Equatable, Sendable, CustomStringConvertible {
    /// Numbers and dots, or with colons for IPv6.
    package let host: String
    /// 0 lets the system choose one.
    package let port: UInt16

    /// An address within 127.0.0.0/8, `::1`, or `localhost`, which is taken for 127.0.0.1.
    ///
    /// - Parameter host: without the brackets that stand around it before a port.
    /// - Returns: nil for any other.
    package init?(host: String, port: UInt16) {
        let host = host == "localhost" ? "127.0.0.1" : host
        var (four, six) = (in_addr(), in6_addr())
        if inet_pton(AF_INET, host, &four) == 1 {
            guard UInt32(bigEndian: four.s_addr) >> 24 == 127 else { return nil }
        } else {
            guard inet_pton(AF_INET6, host, &six) == 1,
                withUnsafeBytes(of: &six, { $0.last == 1 && $0.dropLast().allSatisfy { $0 == 0 } })
            else { return nil }
        }
        (self.host, self.port) = (host, port)
    }

    package var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}

/// A TCP socket that listens on a loopback address.
package final class LoopbackSocket: ListeningSocket {
    /// With the port that it has.
    package private(set) var address: LoopbackAddress
    package let descriptor: Int32
    private var isClosed = false

    /// Binds and listens.
    ///
    /// - Throws: ``EventLoopError``, with EADDRINUSE where somebody listens there.
    package init(listeningAt address: LoopbackAddress) throws(EventLoopError) {
        self.address = address
        let isSix = address.host.contains(":")
        let flags = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        descriptor = socket(isSix ? AF_INET6 : AF_INET, flags, 0)
        func failure(_ operation: String) -> EventLoopError {
            let error = EventLoopError(code: -errno, operation: operation)
            if descriptor >= 0 { Glibc.close(descriptor) }
            isClosed = true
            return error
        }
        guard descriptor >= 0 else { throw failure("make a socket") }
        // Connections that have ended a moment ago must not keep the port from the next server.
        var yes: Int32 = 1
        setsockopt(
            descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        guard Self.bind(descriptor, address, isSix) == 0,
            Glibc.listen(descriptor, SOMAXCONN) == 0
        else { throw failure("listen at \(address)") }
        guard let port = Self.port(of: descriptor, isSix),
            let bound = LoopbackAddress(host: address.host, port: port)
        else { throw failure("look up the port of \(address)") }
        self.address = bound
    }

    deinit { close() }

    package var handsOverAtEnd: Bool { false }

    package func refuseNewcomers() {
        if !isClosed { shutdown(descriptor, Int32(SHUT_RD)) }
    }

    package func close() {
        guard !isClosed else { return }
        isClosed = true
        Glibc.close(descriptor)
    }

    private static func bind(
        _ descriptor: Int32, _ address: LoopbackAddress, _ isSix: Bool
    ) -> Int32 {
        func bind<Address>(_ raw: inout Address) -> Int32 {
            withUnsafePointer(to: &raw) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    Glibc.bind(descriptor, $0, socklen_t(MemoryLayout<Address>.size))
                }
            }
        }
        if isSix {
            var raw = sockaddr_in6()
            raw.sin6_family = sa_family_t(AF_INET6)
            raw.sin6_port = address.port.bigEndian
            inet_pton(AF_INET6, address.host, &raw.sin6_addr)
            return bind(&raw)
        }
        var raw = sockaddr_in()
        raw.sin_family = sa_family_t(AF_INET)
        raw.sin_port = address.port.bigEndian
        inet_pton(AF_INET, address.host, &raw.sin_addr)
        return bind(&raw)
    }

    private static func port(of descriptor: Int32, _ isSix: Bool) -> UInt16? {
        var raw = sockaddr_in6()
        var length = socklen_t(MemoryLayout<sockaddr_in6>.size)
        let result = withUnsafeMutablePointer(to: &raw) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                getsockname(descriptor, $0, &length)
            }
        }
        // The port stands at the same place in both kinds of address.
        return result == 0 ? UInt16(bigEndian: raw.sin6_port) : nil
    }
}
