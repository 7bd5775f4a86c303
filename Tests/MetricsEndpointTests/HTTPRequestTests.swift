import MetricsEndpoint
import Testing

@Suite struct HTTPRequestTests {
    private func read(_ text: String) -> HTTPRequest.Outcome {
        Array(text.utf8).withUnsafeBytes { HTTPRequest.read($0) }
    }

    private func request(_ text: String) throws -> HTTPRequest {
        guard case .request(let request, let bytes) = read(text) else {
            Issue.record("\(read(text))")
            throw CancellationError()
        }
        #expect(bytes == text.utf8.count)
        return request
    }

    /// As Prometheus sends it.
    private let scrape = """
        GET /metrics HTTP/1.1\r
        Host: 127.0.0.1:9464\r
        User-Agent: Prometheus/2.42.0\r
        Accept: application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1\r
        Accept-Encoding: gzip\r
        X-Prometheus-Scrape-Timeout-Seconds: 10\r
        \r

        """

    @Test("A scrape is read, with what it takes and that more will come")
    func scrapes() throws {
        let read = try request(scrape)
        #expect(read.method == .get && read.path == "/metrics")
        #expect(read.acceptsOpenMetrics && read.isPersistent)
    }

    @Test("Wherever a scrape is cut, more is needed until its last byte")
    func truncations() throws {
        let bytes = Array(scrape.utf8)
        for end in 0..<bytes.count {
            let outcome = bytes[..<end].withUnsafeBytes { HTTPRequest.read($0) }
            #expect(outcome == .needsMore, "\(end)")
        }
        // What follows is not touched.
        let (whole, twice) = (read(scrape), read(scrape + scrape))
        #expect(whole == twice)
    }

    @Test("Targets, line ends and persistence have their other forms")
    func forms() throws {
        #expect(try request("HEAD / HTTP/1.1\nhost:x\n\n").method == .head)
        #expect(
            try request("\r\n\r\nGET /metrics?x=1 HTTP/1.1\r\nHost: x\r\n\r\n").path == "/metrics")
        #expect(
            try request("GET http://localhost:1/metrics HTTP/1.1\r\nHost: x\r\n\r\n").path
                == "/metrics")
        #expect(try request("GET http://localhost HTTP/1.1\r\nHost: x\r\n\r\n").path == "/")
        let closing = "GET / HTTP/1.1\r\nHost: x\r\nConnection: Close\r\n\r\n"
        #expect(try !request(closing).isPersistent)
        #expect(try !request("GET / HTTP/1.0\r\n\r\n").isPersistent)
        #expect(try request("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").isPersistent)
        #expect(try !request("GET / HTTP/1.0\r\nAccept: text/plain\r\n\r\n").acceptsOpenMetrics)
    }

    @Test(
        "What is no request for a page is refused with the status that says why",
        arguments: [
            ("POST /metrics HTTP/1.1\r\nHost: x\r\n\r\n", HTTPStatus.methodNotAllowed),
            ("get /metrics HTTP/1.1\r\nHost: x\r\n\r\n", .methodNotAllowed),
            ("GET /metrics HTTP/2.0\r\nHost: x\r\n\r\n", .versionNotSupported),
            ("GET /metrics\r\n\r\n", .badRequest),
            ("GET  /metrics HTTP/1.1\r\nHost: x\r\n\r\n", .badRequest),
            ("hello\r\n\r\n", .badRequest),
            ("GET / HTTP/1.1\r\n\r\n", .badRequest),
            ("GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", .badRequest),
            ("GET / HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n", .badRequest),
            ("GET / HTTP/1.1\r\nHost: x\r\n folded: y\r\n\r\n", .badRequest),
            ("GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc", .badRequest),
            ("GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", .badRequest),
        ])
    func refusals(text: String, status: HTTPStatus) {
        #expect(read(text) == .refused(status))
    }

    @Test("A head ends at 8,192 bytes, and no sooner")
    func length() {
        let start = "GET / HTTP/1.1\r\nHost: x\r\nX: "
        func head(_ bytes: Int) -> String {
            start + String(repeating: "y", count: bytes - start.utf8.count - 4) + "\r\n\r\n"
        }
        guard case .request(_, bytes: 8_192) = read(head(8_192)) else {
            Issue.record("\(read(head(8_192)))")
            return
        }
        #expect(read(head(8_193)) == .refused(.headTooLarge))
        #expect(read(String(repeating: "y", count: 8_192)) == .refused(.headTooLarge))
        #expect(read(String(repeating: "\n", count: 8_192)) == .refused(.headTooLarge))
        #expect(read(String(repeating: "y", count: 8_191)) == .needsMore)
    }

    @Test("No bytes whatever crash the reader", arguments: [UInt64.random(in: 1 ... .max)])
    func anyBytes(seed: UInt64) {
        var state = seed
        let pieces = [
            "GET", " ", "/", "HTTP/1.1", "\r\n", "\n", ":", "host", "\u{0}", "é", "close",
        ]
        for _ in 0..<20_000 {
            var text = ""
            while state & 15 != 0 {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                text += pieces[Int(state >> 33) % pieces.count]
                state ^= state >> 29
            }
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            if case .request(_, let bytes) = read(text), bytes > text.utf8.count {
                Issue.record("\(text), seed \(seed)")
            }
        }
    }
}
