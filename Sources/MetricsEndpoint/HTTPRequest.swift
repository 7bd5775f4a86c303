/// The head of an HTTP/1.1 request, as far as a server of one page needs it.
///
/// Source: RFC 9112, sections 2 to 4 and 9.
package struct HTTPRequest: Equatable {
    /// Most bytes of a head. What a scraper sends has some hundreds.
    package static let headBytesMax = 8_192

    package enum Method: Equatable, Sendable { case get, head }

    package let method: Method
    /// Without the query.
    package let path: String
    /// Whether the client takes OpenMetrics.
    package let acceptsOpenMetrics: Bool
    /// Whether the connection is for more requests.
    package let isPersistent: Bool

    /// What a piece of input begins with.
    package enum Outcome: Equatable {
        case needsMore
        /// A whole head, which is so many bytes long.
        case request(HTTPRequest, bytes: Int)
        /// Something that is answered with this status, and after which nothing can be read.
        case refused(HTTPStatus)
    }

    /// Reads the head at the start of `input`.
    ///
    /// - Complexity: O(bytes of the head), at most ``headBytesMax``.
    package static func read(_ input: UnsafeRawBufferPointer) -> Outcome {
        let head = input.prefix(headBytesMax)
        guard let end = endOfHead(head) else {
            return input.count < headBytesMax ? .needsMore : .refused(.headTooLarge)
        }
        // Bytes, since a carriage return and a line feed together are one character to Swift. Line feeds
        // alone are taken too, as the standard allows.
        let (feed, carriageReturn) = (UInt8(ascii: "\n"), UInt8(ascii: "\r"))
        let parts = head[..<end].split(separator: feed, omittingEmptySubsequences: false)
            .map { $0.last == carriageReturn ? $0.dropLast() : $0 }
        guard !parts.contains(where: { $0.contains(carriageReturn) }) else {
            return .refused(.badRequest)
        }
        var lines = parts.map { Substring(decoding: $0, as: UTF8.self) }[...]
        // So is an empty line before the request.
        while lines.first?.isEmpty == true { lines.removeFirst() }
        guard let start = lines.popFirst() else { return .refused(.badRequest) }
        var fields: [(name: String, value: Substring)] = []
        for line in lines where !line.isEmpty {
            guard let colon = line.firstIndex(of: ":"), let first = line.first, first != " ",
                first != "\t"
            else { return .refused(.badRequest) }
            let value = line[line.index(after: colon)...]
            fields.append(
                (line[..<colon].lowercased(), value.trimmed))
        }
        return read(start, fields).outcome(bytes: end)
    }

    private static func read(
        _ start: Substring, _ fields: [(name: String, value: Substring)]
    ) -> Result<HTTPRequest, HTTPStatus> {
        let words = start.split(separator: " ", omittingEmptySubsequences: false)
        guard words.count == 3, words[2].hasPrefix("HTTP/") else { return .failure(.badRequest) }
        guard words[2] == "HTTP/1.1" || words[2] == "HTTP/1.0" else {
            return .failure(.versionNotSupported)
        }
        let method: Method
        switch words[0] {
        case "GET": method = .get
        case "HEAD": method = .head
        default: return .failure(.methodNotAllowed)
        }
        func values(_ name: String) -> String {
            fields.filter { $0.name == name }.map { $0.value.lowercased() }.joined(separator: ",")
        }
        // Nobody asks for metrics with a body, and one that is not read would be taken for a request.
        guard values("transfer-encoding").isEmpty, ["", "0"].contains(values("content-length"))
        else { return .failure(.badRequest) }
        let isNew = words[2] == "HTTP/1.1"
        guard !isNew || fields.count(where: { $0.name == "host" }) == 1 else {
            return .failure(.badRequest)
        }
        let connection = values("connection").split(separator: ",").map(\.trimmed)
        return .success(
            HTTPRequest(
                method: method, path: path(of: words[1]),
                acceptsOpenMetrics: values("accept").contains("application/openmetrics-text"),
                isPersistent: isNew
                    ? !connection.contains("close") : connection.contains("keep-alive")))
    }

    /// The path of a target such as `/metrics?a=b` or `http://localhost:9464/metrics`.
    private static func path(of target: Substring) -> String {
        var path = target.prefix { $0 != "?" && $0 != "#" }
        if path.lowercased().hasPrefix("http://") {
            path = path.dropFirst(7).drop { $0 != "/" }
        }
        return path.isEmpty ? "/" : String(path)
    }

    /// How many bytes the head has, with the empty line that ends it; nil where it goes on.
    private static func endOfHead(_ head: Slice<UnsafeRawBufferPointer>) -> Int? {
        let (feed, carriageReturn) = (UInt8(ascii: "\n"), UInt8(ascii: "\r"))
        // An empty line at the very start ends nothing.
        var isInside = false
        var lineBytes = 0
        for (i, byte) in head.enumerated() {
            if byte == feed {
                if lineBytes == 0, isInside { return i + 1 }
                lineBytes = 0
            } else if byte != carriageReturn {
                lineBytes += 1
                isInside = true
            }
        }
        return nil
    }
}

extension Result<HTTPRequest, HTTPStatus> {
    fileprivate func outcome(bytes: Int) -> HTTPRequest.Outcome {
        switch self {
        case .success(let request): .request(request, bytes: bytes)
        case .failure(let status): .refused(status)
        }
    }
}

extension Substring {
    /// Without blanks and tabs around it.
    fileprivate var trimmed: Substring {
        var text = drop { $0 == " " || $0 == "\t" }
        while let last = text.last, last == " " || last == "\t" { text.removeLast() }
        return text
    }
}
