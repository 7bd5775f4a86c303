import Foundation
import SidecartClient
import TestFolders
import Testing

extension ProgramTests {
    /// `serve --metrics-listen` and `--metrics-file`.
    @Suite struct MetricsServingTests {
        private let shop: TrainedShop
        private let folder: TemporaryFolder

        init() throws {
            shop = try TrainedShop.shared.get()
            folder = TemporaryFolder()
        }

        private func serve(_ more: String...) throws -> Server {
            try Server(bundle: shop.bundle, socket: folder["s"], arguments: more)
        }

        /// Where the log says that metrics are served.
        private func address(_ server: Server) throws -> String {
            try server.wait(for: "metrics are served")
            let text = try #require(server.log.split(separator: "address=").dropFirst().first)
            return String(text.prefix { !$0.isWhitespace })
        }

        private func get(_ path: String, _ more: String = "") -> String {
            "GET \(path) HTTP/1.1\r\nHost: localhost\r\n\(more)\r\n"
        }

        @Test(
            "A port answers scrapes one after the other on one connection, in the format asked for")
        func port() throws {
            let server = try serve("--metrics-listen", "127.0.0.1:0")
            let client = try HTTPClient(try address(server))
            try client.send(get("/metrics"))
            let plain = try client.receive()
            #expect(plain.status == 200)
            #expect(plain.fields["content-type"] == "text/plain; version=0.0.4; charset=utf-8")
            #expect(try Exposition(plain.body)["sidecart_connections"] == 0)
            // Two at once, and the second in pieces.
            let open = get("/metrics", "Accept: application/openmetrics-text;version=1.0.0\r\n")
            try client.send(open + open.prefix(20))
            #expect(try client.receive().body.hasSuffix("\n# EOF\n"))
            try client.send(String(open.dropFirst(20)))
            let second = try client.receive()
            #expect(
                second.fields["content-type"]
                    == "application/openmetrics-text; version=1.0.0; charset=utf-8")
            try client.send("HEAD /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
            let head = try client.receive(withBody: false)
            #expect(head.status == 200)
            #expect(try #require(head.fields["content-length"].flatMap { Int($0) }) > 1_000)
            try client.send(get("/"))
            #expect(try client.receive().status == 404)
            try client.send(get("/metrics", "Connection: close\r\n"))
            let last = try client.receive()
            #expect(last.status == 200 && last.fields["connection"] == "close")
            #expect(try client.isEnded())
            #expect(server.end(SIGTERM) == 0)
        }

        @Test("A Unix socket has the mode of the server's, and goes with it")
        func unixSocket() throws {
            let path = folder["metrics"]
            let server = try serve("--metrics-listen", "unix:\(path)", "--socket-mode", "660")
            #expect(try address(server) == "unix:\(path)")
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            #expect(attributes[.posixPermissions] as? Int == 0o660)
            let client = try HTTPClient("unix:\(path)")
            try client.send(get("/metrics"))
            #expect(try client.receive().status == 200)
            #expect(server.end(SIGTERM) == 0)
            #expect(!FileManager.default.fileExists(atPath: path))
        }

        @Test("What is no scrape is told so and ends its connection; others are not disturbed")
        func strangers() throws {
            let server = try serve("--metrics-listen", "unix:\(folder["metrics"])")
            let address = try address(server)
            for (text, status) in [
                ("POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", 405),
                ("what?\r\n\r\n", 400), ("GET / HTTP/3\r\nHost: x\r\n\r\n", 505),
                (get("/", "X: " + String(repeating: "y", count: 100_000)), 431),
            ] {
                let client = try HTTPClient(address)
                try client.send(text)
                let answer = try client.receive()
                #expect(answer.status == status && answer.fields["connection"] == "close")
                #expect(answer.fields["allow"] == (status == 405 ? "GET, HEAD" : nil))
                #expect(try client.isEnded())
            }
            // More than there are places for: those without one are closed at once.
            let crowd = try (0..<17).map { _ in try HTTPClient(address) }
            #expect(try crowd[16].isEnded())
            try crowd[0].send(get("/metrics"))
            #expect(try crowd[0].receive().status == 200)
            #expect(server.end(SIGTERM) == 0)
        }

        @Test("A file is there when the server is ready, whole at every look, and gone at the end")
        func file() throws {
            let path = folder["sidecart.prom"]
            let server = try serve("--metrics-file", path, "--metrics-file-seconds", "1")
            func text() throws -> String { try String(contentsOfFile: path, encoding: .utf8) }
            // It is written on a thread of its own, right after the server is ready.
            while !FileManager.default.fileExists(atPath: path) { sched_yield() }
            let first = try Exposition(try text())
            #expect(first["sidecart_loops"] == 1)
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            #expect(attributes[.posixPermissions] as? Int == 0o644)
            let connection = BlockingConnection(socketPath: folder["s"])
            _ = try connection.recommend(for: Context())
            let name = "sidecart_answers_total"
            let labels = ["method": "sidecart.v1.Scoring/Recommend", "tier": "popular"]
            while try Exposition(try text())[name, labels] != 1 { sched_yield() }
            #expect(server.end(SIGTERM) == 0)
            #expect(!FileManager.default.fileExists(atPath: path))
            let left = try FileManager.default.contentsOfDirectory(atPath: folder.path)
            #expect(!left.contains { $0.contains("sidecart.prom") }, "\(left)")
        }

        @Test("A server that takes over gets the address and the file too")
        func takeOver() throws {
            let (socket, path) = (folder["metrics"], folder["sidecart.prom"])
            let options = ["--metrics-listen", "unix:\(socket)", "--metrics-file", path]
            let old = try Server(bundle: shop.bundle, socket: folder["s"], arguments: options)
            let new = try Server(
                bundle: shop.bundle, socket: folder["s"], arguments: options + ["--take-over"])
            #expect(old.end() == 0)
            try new.wait(for: "metrics are served")
            let client = try HTTPClient("unix:\(socket)")
            try client.send(get("/metrics"))
            #expect(try client.receive().status == 200)
            #expect(FileManager.default.fileExists(atPath: path))
            #expect(new.end(SIGTERM) == 0)
            #expect(!FileManager.default.fileExists(atPath: path))
        }

        @Test("What cannot be had ends the start, with the option's fault in one line")
        func refusals() throws {
            let server = try serve("--metrics-listen", "127.0.0.1:0")
            let taken = try address(server)
            func refusal(_ more: String...) throws -> Program.Outcome {
                try Program.run(
                    ["serve", "--bundle", shop.bundle, "--socket", folder["other"]] + more)
            }
            for (options, part) in [
                (["--metrics-listen", taken], taken),
                (["--metrics-listen", "unix:\(folder["s"])"], "a server is already listening"),
                (["--metrics-file", folder["none/m.prom"]], folder["none/m.prom"]),
                (["--metrics-file", folder.path], "directory"),
            ] {
                let outcome = try refusal(options[0], options[1])
                #expect(outcome.code == 1 && outcome.errors.contains(part), "\(outcome.errors)")
                #expect(outcome.errors.contains("the metrics cannot be served"))
            }
            let usage = try refusal("--metrics-listen", "0.0.0.0:9464")
            #expect(usage.code == 64 && usage.errors.contains("loopback"), "\(usage.errors)")
            #expect(try refusal("--metrics-file-seconds", "0").code == 64)
            #expect(server.end(SIGTERM) == 0)
        }
    }
}
