package import EventLoop

/// Where metrics are served: a Unix socket, or a TCP port that only this machine can reach.
package enum MetricsAddress: Equatable, Sendable, CustomStringConvertible {
    case unix(path: String)
    case loopback(LoopbackAddress)

    /// Reads `unix:PATH` or `HOST:PORT`, such as `127.0.0.1:9464`, `[::1]:9464` or `localhost:9464`.
    ///
    /// - Throws: what is wrong with it. An address that others could reach is refused: metrics are told
    ///   to whoever connects.
    package init(_ text: String) throws(MetricsAddressError) {
        if text.hasPrefix("unix:") {
            let path = String(text.dropFirst(5))
            guard UnixSocket.fits(path) else {
                throw MetricsAddressError(
                    text,
                    "the path has \(path.utf8.count) bytes; 1 to \(UnixSocket.pathBytesMax) fit")
            }
            self = .unix(path: path)
            return
        }
        guard let colon = text.lastIndex(of: ":"),
            let port = UInt16(text[text.index(after: colon)...])
        else {
            throw MetricsAddressError(
                text, "no address and port, such as 127.0.0.1:9464 or unix:/run/sidecart/metrics")
        }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        guard let address = LoopbackAddress(host: String(host), port: port) else {
            throw MetricsAddressError(
                text,
                "metrics are served on loopback addresses and Unix sockets only, such as "
                    + "127.0.0.1:\(port), [::1]:\(port) or unix:/run/sidecart/metrics")
        }
        self = .loopback(address)
    }

    package var description: String {
        switch self {
        case .unix(let path): "unix:\(path)"
        case .loopback(let address): "\(address)"
        }
    }
}

/// Why an address is none to serve metrics at.
package struct MetricsAddressError: Error, CustomStringConvertible {
    package let description: String

    init(_ address: String, _ reason: String) { description = "\(address): \(reason)" }
}
