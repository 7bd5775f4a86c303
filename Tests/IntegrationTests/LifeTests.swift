import Foundation
import SidecartClient
import TestFolders
import Testing

extension ProgramTests {
    @Suite struct LifeTests {
        private let shop: TrainedShop
        private let folder: TemporaryFolder

        init() throws {
            shop = try TrainedShop.shared.get()
            folder = TemporaryFolder()
        }

        @Test(
            "SIGTERM and SIGINT end it with 0 and take the socket away",
            arguments: [SIGTERM, SIGINT])
        func signals(signal: Int32) throws {
            let server = try Server(bundle: shop.bundle, socket: folder["s"])
            #expect(try mode(of: folder["s"]) == 0o600)
            #expect(server.end(signal) == 0)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
        }

        @Test("Where few files may be open it warns, and closes connections beyond its room")
        func openFiles() throws {
            let server = try Server(
                bundle: shop.bundle, socket: folder["s"], openFilesMax: 100,
                "--connections-per-uid-max", "4096")
            let first = server.log.split(separator: "\n").first { $0.contains("open files") }
            let warning = try #require(first)
            // A loop and the program itself keep 80 files.
            #expect(warning.contains("room=20") && warning.contains("connections_max=4096"))
            let peers = try (0..<20).map { _ in try RawPeer(folder["s"]) }
            for peer in peers {
                try peer.send(RawPeer.recommend(stream: 1, k: 100))
                #expect(try peer.receive()?.code == 0)
            }
            let late = try RawPeer(folder["s"])
            #expect(try late.receive() == nil)
            withExtendedLifetime(peers) {}
            #expect(server.end(SIGTERM) == 0)
        }

        @Test("The socket has the mode asked for, whatever the umask")
        func mode() throws {
            let server = try Server(
                bundle: shop.bundle, socket: folder["s"], "--socket-mode", "660")
            #expect(try mode(of: folder["s"]) == 0o660)
            #expect(server.end(SIGTERM) == 0)
        }

        @Test("An abstract socket serves without a file, to those that have a role")
        func abstract() async throws {
            let name = "@\(folder["s"])"
            let server = try Server(bundle: shop.bundle, socket: name)
            let connection = BlockingConnection(socketPath: name)
            #expect(try connection.status().processID == Int(server.processID))
            let client = SidecartClient(socketPath: name)
            #expect(try await client.status().processID == Int(server.processID))
            client.close()
            let status = try Program.run("status", "--socket", name, "--json")
            #expect(status.code == 0)
            #expect(server.log.contains("socket=\(name)"))
            #expect(server.end(SIGTERM) == 0)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
        }

        @Test("A stale socket is taken over")
        func stale() throws {
            let dead = try Server(bundle: shop.bundle, socket: folder["s"])
            #expect(dead.end(SIGKILL) == 128 + SIGKILL)
            #expect(FileManager.default.fileExists(atPath: folder["s"]))
            let server = try Server(bundle: shop.bundle, socket: folder["s"])
            let connection = BlockingConnection(socketPath: folder["s"])
            #expect(try connection.status().processID == Int(server.processID))
            #expect(server.end(SIGTERM) == 0)
        }

        @Test("A live socket is refused, and its server does not notice")
        func live() throws {
            let server = try Server(bundle: shop.bundle, socket: folder["s"])
            let second = try serve(folder["s"])
            #expect(second.code == 1 && second.errors.contains("already listening"))
            let connection = BlockingConnection(socketPath: folder["s"])
            #expect(try connection.status().processID == Int(server.processID))
            #expect(server.end(SIGTERM) == 0)
        }

        @Test("A path that is too long, or a file that is no socket, is refused and left alone")
        func paths() throws {
            let long = try serve(folder[String(repeating: "x", count: 120)])
            #expect(long.code == 1 && long.errors.contains("107"))
            let file = try folder.write("file", "precious")
            let taken = try serve(file)
            #expect(taken.code == 1 && taken.errors.contains("not a socket"))
            #expect(try folder.read("file") == "precious")
            let nowhere = try serve(folder["no/such/s"])
            #expect(nowhere.code == 1 && nowhere.errors.contains("no/such"))
        }

        @Test("A missing or damaged bundle is one line of error")
        func bundles() throws {
            let missing = try Program.run(
                "serve", "--bundle", folder["none"], "--socket", folder["s"])
            #expect(missing.code == 1 && missing.errors.isOneLine)
            #expect(missing.errors.contains(folder["none"]))
            try FileManager.default.copyItem(atPath: shop.bundle, toPath: folder["b"])
            let tensors = folder["b/tensors.safetensors"]
            var bytes = try #require(FileManager.default.contents(atPath: tensors))
            bytes[bytes.count / 2] ^= 1
            try bytes.write(to: URL(fileURLWithPath: tensors))
            let damaged = try Program.run("serve", "--bundle", folder["b"], "--socket", folder["s"])
            #expect(damaged.code == 1 && damaged.errors.isOneLine, "\(damaged.errors)")
            #expect(damaged.errors.contains("tensors.safetensors"), "\(damaged.errors)")
            #expect(!FileManager.default.fileExists(atPath: folder["s"]))
        }

        @Test("JSON logs are one object a line, from ready to stopped")
        func logs() throws {
            let server = try Server(
                bundle: shop.bundle, socket: folder["s"], "--log-format", "json")
            #expect(server.end(SIGTERM) == 0)
            let messages = try server.log.split(separator: "\n").map { line in
                let event = try #require(
                    try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
                #expect(event["level"] is String)
                #expect((event["time"] as? String)?.hasSuffix("Z") == true)
                if event["message"] as? String == "ready" {
                    let fields = event["fields"] as? [String: Any]
                    #expect(fields?["socket"] as? String == folder["s"])
                    #expect(fields?["pid"] as? Int == Int(server.processID))
                }
                return event["message"] as? String
            }
            #expect(messages == ["loaded", "ready", "draining", "stopped"])
        }

        @Test("Calls in flight are finished when the server drains")
        func drain() throws {
            let server = try Server(bundle: shop.bundle, socket: folder["s"])
            let peer = try RawPeer(folder["s"])
            let count = 200
            var frames: [UInt8] = []
            for call in 0..<count {
                frames += RawPeer.recommend(stream: UInt32(2 * call + 1), k: 100)
            }
            try peer.send(frames)
            var codes = [try #require(try peer.receive())]
            kill(server.processID, SIGTERM)
            while let reply = try peer.receive() { codes.append(reply) }
            let streams = codes.indices.map { UInt32(2 * $0 + 1) }
            #expect(codes.map(\.stream) == streams)
            // 14: what was read after the drain began.
            #expect(codes.allSatisfy { $0.code == 0 || $0.code == 14 })
            #expect(codes[0].code == 0)
            #expect(server.end() == 0)
            #expect(server.log.contains("stopped"))
        }

        @Test("An error at the start has the log's format")
        func startErrors() throws {
            let outcome = try Program.run(
                "serve", "--bundle", folder["none"], "--socket", folder["s"], "--log-format", "json"
            )
            #expect(outcome.code == 1 && outcome.errors.isOneLine)
            let event = try #require(
                try JSONSerialization.jsonObject(with: Data(outcome.errors.utf8)) as? [String: Any])
            #expect(event["level"] as? String == "error")
            #expect((event["message"] as? String)?.contains(folder["none"]) == true)
        }

        @Test("SIGHUP reads the rule sets again, and keeps the old ones where that fails")
        func rulesAgain() throws {
            let rules = try folder.write("rules", "{\"one\": {\"per_category_max\": 1}}")
            let server = try Server(bundle: shop.bundle, socket: folder["s"], "--rules", rules)
            try folder.write("rules", "{\"one\": {\"per_category_max\": ")
            kill(server.processID, SIGHUP)
            try server.wait(for: "cannot be read")
            try folder.write("rules", "{\"two\": {\"per_category_max\": 2}}")
            kill(server.processID, SIGHUP)
            try server.wait(for: "were read again")
            let asked = try Program.run(
                "recommend", "--socket", folder["s"], "--rule-set", "two", "-k", "2")
            #expect(asked.code == 0, "\(asked.errors)")
            #expect(server.end(SIGTERM) == 0)
        }

        @Test("SIGHUP ends nothing, and a closed standard error neither")
        func hangUp() throws {
            let server = try Server(bundle: shop.bundle, socket: folder["s"])
            kill(server.processID, SIGHUP)
            let connection = BlockingConnection(socketPath: folder["s"])
            try server.wait(for: "SIGHUP")
            _ = try connection.status()
            #expect(server.end(SIGTERM) == 0)
            let deaf = Process()
            deaf.executableURL = URL(fileURLWithPath: "/bin/sh")
            deaf.arguments = [
                "-c", "exec \"$0\" serve --bundle \"$1\" --socket \"$2\" 2>&- >&- <&-",
                Program.path.path, shop.bundle, folder["t"],
            ]
            // Its log goes nowhere, so that it says by the service manager's socket that it is ready.
            let notices = try NotifySocket(folder["notify"])
            deaf.environment = ProcessInfo.processInfo.environment
                .merging(["NOTIFY_SOCKET": notices.path]) { $1 }
            try deaf.run()
            defer { kill(deaf.processIdentifier, SIGKILL) }
            #expect(notices.next().hasPrefix("READY=1\n"))
            let other = BlockingConnection(socketPath: folder["t"])
            // Nothing that it logs goes into a socket or file that took the number 2.
            let peer = try RawPeer(folder["t"])
            try peer.send(Array("GET / HTTP/1.1\r\n\r\n".utf8))
            #expect(try peer.receive() == nil)
            #expect(try other.status().brokenOffForeign == 1)
            kill(deaf.processIdentifier, SIGTERM)
            deaf.waitUntilExit()
            #expect(deaf.terminationStatus == 0)
        }

        @Test("A second SIGTERM ends the grace")
        func secondSignal() throws {
            let server = try Server(
                bundle: shop.bundle, socket: folder["s"], "--drain-seconds", "600")
            let deaf = try RawPeer(folder["s"])
            var frames: [UInt8] = []
            for call in 0..<200 {
                frames += RawPeer.recommend(stream: UInt32(2 * call + 1), k: 1_000)
            }
            deaf.flood(frames, limit: frames.count)
            let good = BlockingConnection(socketPath: folder["s"])
            while try good.status().calls < 30 {}
            kill(server.processID, SIGTERM)
            try server.wait(for: "draining")
            #expect(server.end(SIGTERM) == 0)
            #expect(server.log.contains("a second signal ends the grace"))
            withExtendedLifetime(deaf) {}
        }

        @Test("Half a frame does not hold the end up, and calls after SIGTERM are told why")
        func halfFrame() throws {
            let server = try Server(
                bundle: shop.bundle, socket: folder["s"], "--drain-seconds", "600")
            let (half, late) = (try RawPeer(folder["s"]), try RawPeer(folder["s"]))
            let frame = RawPeer.recommend(stream: 1, k: 100)
            try half.send(Array(frame.prefix(frame.count / 2)))
            try late.send(frame)
            #expect(try late.receive()?.code == 0)
            kill(server.processID, SIGTERM)
            try server.wait(for: "draining")
            try late.send(RawPeer.recommend(stream: 3, k: 100))
            #expect(try late.receive()?.code == 14)
            #expect(try late.receive() == nil)
            #expect(server.end() == 0)
        }

        @Test(
            "The socket that was removed under a server is made anew, one that took its place stays"
        )
        func vanishingPath() throws {
            let server = try Server(bundle: shop.bundle, socket: folder["s"])
            let before = BlockingConnection(socketPath: folder["s"])
            _ = try before.status()
            try FileManager.default.removeItem(atPath: folder["s"])
            try server.wait(for: "leads here again")
            #expect(server.log.contains("path is gone"))
            let after = BlockingConnection(socketPath: folder["s"])
            #expect(try after.status().processID == before.status().processID)

            let other = try Server(bundle: shop.bundle, socket: folder["t"])
            #expect(rename(folder["t"], folder["s"]) == 0)
            try server.wait(for: "leads to another one")
            try other.wait(for: "the socket was moved")
            #expect(try before.status().processID == Int(server.processID))
            #expect(server.end(SIGTERM) == 0)
            // Its end left the successor's path alone.
            let successor = BlockingConnection(socketPath: folder["s"])
            #expect(try successor.status().processID == Int(other.processID))
            #expect(other.end(SIGTERM) == 0)
            #expect(try folder.names.isEmpty)
        }

        private func serve(_ socket: String) throws -> Program.Outcome {
            let outcome = try Program.run("serve", "--bundle", shop.bundle, "--socket", socket)
            let error = outcome.errors.split(separator: "\n").filter { $0.hasPrefix("Error:") }
            #expect(error.count == 1, "\(outcome.errors)")
            return outcome
        }

        private func mode(of path: String) throws -> Int {
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            return try #require(attributes[.posixPermissions] as? Int)
        }
    }
}
