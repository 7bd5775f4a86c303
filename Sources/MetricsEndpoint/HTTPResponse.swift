internal import Glibc

/// The status of an answer.
package enum HTTPStatus: Int, Error, Equatable {
    case ok = 200
    case badRequest = 400
    case notFound = 404
    case methodNotAllowed = 405
    case requestTimeout = 408
    case headTooLarge = 431
    case unavailable = 503
    case versionNotSupported = 505

    var reason: String {
        switch self {
        case .ok: "OK"
        case .badRequest: "Bad Request"
        case .notFound: "Not Found"
        case .methodNotAllowed: "Method Not Allowed"
        case .requestTimeout: "Request Timeout"
        case .headTooLarge: "Request Header Fields Too Large"
        case .unavailable: "Service Unavailable"
        case .versionNotSupported: "HTTP Version Not Supported"
        }
    }
}

/// An answer, as bytes.
struct HTTPResponse {
    var status: HTTPStatus
    var contentType = "text/plain; charset=utf-8"
    var body: [UInt8]
    /// False tells the client that the connection ends.
    var isPersistent: Bool

    /// An answer that says what is wrong, after which the connection ends.
    static func refusal(_ status: HTTPStatus) -> HTTPResponse {
        HTTPResponse(
            status: status, body: Array("\(status.reason). GET /metrics is served here.\n".utf8),
            isPersistent: false)
    }

    /// - Parameters:
    ///   - withBody: false for the answer to HEAD, which has the same head.
    ///   - now: seconds since 1970.
    func bytes(withBody: Bool, now: Int) -> [UInt8] {
        var head = "HTTP/1.1 \(status.rawValue) \(status.reason)\r\n"
        head += "Date: \(Self.date(now))\r\n"
        head += "Content-Type: \(contentType)\r\n"
        head += "Content-Length: \(body.count)\r\n"
        // The figures of a moment ago are of no use to anybody.
        head += "Cache-Control: no-store\r\n"
        if status == .methodNotAllowed { head += "Allow: GET, HEAD\r\n" }
        if !isPersistent { head += "Connection: close\r\n" }
        return Array((head + "\r\n").utf8) + (withBody ? body : [])
    }

    /// Such as `Sun, 06 Nov 1994 08:49:37 GMT`.
    private static func date(_ seconds: Int) -> String {
        var (seconds, parts) = (time_t(seconds), tm())
        gmtime_r(&seconds, &parts)
        let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
        let months = [
            "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
        ]
        func two(_ number: Int32) -> String { (number < 10 ? "0" : "") + String(number) }
        let day = "\(days[Int(parts.tm_wday)]), \(two(parts.tm_mday))"
        return "\(day) \(months[Int(parts.tm_mon)]) \(parts.tm_year + 1900) "
            + "\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec)) GMT"
    }
}
