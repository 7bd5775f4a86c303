import Bundles
import Foundation
import Interactions
import ModelParts
import SidecartClient
import TestFolders
import Testing

extension ProgramTests {
    @Suite struct ModelsServiceTests {
        private let shop: TrainedShop
        private let folder: TemporaryFolder

        init() throws {
            shop = try TrainedShop.shared.get()
            folder = TemporaryFolder()
            try FileManager.default.createDirectory(
                atPath: folder["models"], withIntermediateDirectories: false)
            for name in ["one", "two"] {
                try FileManager.default.copyItem(
                    atPath: shop.bundle, toPath: folder["models/\(name)"])
            }
            try rename("two", to: "shop-2")
        }

        @Test("A model is loaded, promoted and rolled back, and each step is listed")
        func rollOver() async throws {
            let server = try serve()
            let connection = BlockingConnection(socketPath: folder["s"])
            let context = Context(userID: shop.user(1), basket: [shop.item(3)])
            for _ in 0..<10 { _ = try connection.recommend(for: context) }
            _ = try connection.score([shop.item(1), shop.item(2), "nothing"], for: context)
            let loaded = try models("load", "two")
            #expect(loaded["state"] as? String == "ready")
            #expect(loaded["version"] as? String == "shop-2")
            // The same parts under another name: it answers what the one that serves does.
            let warmUp = try #require(loaded["warmUp"] as? [String: Any])
            #expect(warmUp["requests"] as? Int == 11 && warmUp["refused"] as? Int == 0)
            #expect(warmUp["shared"] as? Double == 1 && warmUp["sameFirst"] as? Double == 1)
            #expect(try connection.status().modelVersion == "shop-1")
            #expect(try states() == ["serving shop-1", "ready shop-2"])

            #expect(try models("promote")["state"] as? String == "serving")
            #expect(try connection.recommend(for: context).modelVersion == "shop-2")
            #expect(try states() == ["serving shop-2", "previous shop-1"])
            // Promoting what serves changes nothing, so that a lost reply may be asked for again.
            #expect(try models("promote", "--model-version", "shop-2")["number"] as? Int == 2)

            #expect(try models("rollback")["version"] as? String == "shop-1")
            #expect(try connection.recommend(for: context).modelVersion == "shop-1")
            #expect(try states() == ["serving shop-1", "previous shop-2"])
            _ = try models("promote", "--model-version", "shop-2")
            // A third one frees the one that served before the previous one.
            try rename("one", to: "shop-3")
            #expect(
                try models("load", folder["models/one"], "--promote")["version"] as? String
                    == "shop-3")
            #expect(try states() == ["serving shop-3", "previous shop-2"])
            try server.wait(for: "version=shop-1 [sidecart] freed")

            let list = try connection.models()
            #expect(
                list.folder == folder["models"].replacing("//", with: "/") && list.bytes > 0
                    && list.bytes < list.bytesMax)
            #expect(list.bytes == list.models.reduce(0) { $0 + $1.bytes })
            let asynchronous = SidecartClient(socketPath: folder["s"])
            #expect(try await asynchronous.models() == list)
            asynchronous.close()
            let text = try Program.run("models", "--socket", folder["s"]).output
            #expect(text.contains("serving") && text.contains("shop-3"), "\(text)")
            #expect(server.end(SIGTERM) == 0)
        }

        @Test(
            "What was promoted serves after a restart, and after a rollback what was rolled back to"
        )
        func remembered() throws {
            func restart(_ server: Server, _ signal: Int32, expecting version: String) throws
                -> Server
            {
                _ = server.end(signal)
                let next = try serve()
                #expect(
                    try BlockingConnection(socketPath: folder["s"]).status().modelVersion == version
                )
                return next
            }
            var server = try restart(try serve(), SIGTERM, expecting: "shop-1")
            _ = try models("load", "two", "--promote")
            server = try restart(server, SIGTERM, expecting: "shop-2")
            // What serves now is not the server's own, to which it can go back by loading it.
            _ = try models("load", "one", "--promote")
            server = try restart(server, SIGTERM, expecting: "shop-1")
            _ = try models("load", "two", "--promote")
            _ = try models("rollback")
            server = try restart(server, SIGTERM, expecting: "shop-1")
            _ = try models("load", "two", "--promote")
            let file = folder["models/one.serving.json"]
            try wait(for: file) { FileManager.default.fileExists(atPath: file) }
            server = try restart(server, SIGKILL, expecting: "shop-2")
            #expect(server.end(SIGTERM) == 0)
            // What is gone, or damaged, gives way to the server's own.
            try FileManager.default.removeItem(atPath: folder["models/two/tensors.safetensors"])
            server = try serve()
            #expect(
                try BlockingConnection(socketPath: folder["s"]).status().modelVersion == "shop-1")
            #expect(server.end(SIGTERM) == 0)
            #expect(server.log.contains("models/two"))
            // A bundle that was written since then is the newer one.
            try FileManager.default.copyItem(
                atPath: folder["models/one/tensors.safetensors"],
                toPath: folder["models/two/tensors.safetensors"])
            try rename("one", to: "shop-9")
            server = try serve()
            #expect(
                try BlockingConnection(socketPath: folder["s"]).status().modelVersion == "shop-9")
            #expect(server.end(SIGTERM) == 0)
        }

        @Test("A forgotten shopper's requests warm up no model")
        func forgottenRequests() throws {
            let server = try serve("--events-db", folder["e.db"])
            let connection = BlockingConnection(socketPath: folder["s"])
            func warmedUpBy() throws -> Int {
                let loaded = try models("load", "two")
                return (loaded["warmUp"] as? [String: Any])?["requests"] as? Int ?? 0
            }
            for user in ["somebody", "another"] {
                for _ in 0..<4 { _ = try connection.recommend(for: Context(userID: user)) }
            }
            _ = try connection.score([shop.item(1)], for: Context(userID: "somebody"))
            #expect(try warmedUpBy() == 9)
            _ = try connection.forget(user: "somebody")
            #expect(try warmedUpBy() == 4)
            #expect(server.end(SIGTERM) == 0)
        }

        @Test("Twenty promotions under load fail no call")
        func underLoad() throws {
            let server = try serve("--threads", "2")
            let loads = (0..<2).map { _ in
                CallsInFlight(socket: folder["s"], basket: [shop.item(3)])
            }
            for _ in 0..<10 {
                for name in ["two", "one"] { _ = try models("load", name, "--promote") }
            }
            for load in loads {
                let (calls, failures, versions) = load.end()
                #expect(failures == [])
                #expect(calls > 0 && versions.isSubset(of: ["shop-1", "shop-2"]))
            }
            #expect(server.end(SIGTERM) == 0)
        }

        @Test("What cannot be loaded is refused with the reason, and the model that serves stays")
        func refusals() async throws {
            let server = try serve()
            let connection = BlockingConnection(socketPath: folder["s"])
            try FileManager.default.createSymbolicLink(
                atPath: folder["models/out"], withDestinationPath: shop.bundle)
            for path in ["..", ".", "", "../one", "/etc", "two/../..", folder.path] {
                await expect(.invalidArgument, naming: "path") {
                    _ = try connection.loadModel(at: path)
                }
            }
            for (path, reason) in [
                ("none", "No such file"), ("out", "is not below the folder of models"),
            ] {
                #expect(try failure(of: path).contains(reason))
            }
            try FileManager.default.createDirectory(
                atPath: folder["models/empty"], withIntermediateDirectories: false)
            #expect(try failure(of: "empty").contains("manifest.json"))
            let tensors = folder["models/two/tensors.safetensors"]
            var bytes = try #require(FileManager.default.contents(atPath: tensors))
            bytes[bytes.count / 2] ^= 1
            try bytes.write(to: URL(fileURLWithPath: tensors))
            #expect(try failure(of: "two").contains("damaged: its SHA-256"))
            try bytes.prefix(bytes.count / 2).write(to: URL(fileURLWithPath: tensors))
            #expect(try failure(of: "two").contains("tensors.safetensors"))
            await expect(.failedPrecondition, naming: "ready") { _ = try connection.promoteModel() }
            await expect(.notFound, naming: "shop-9", "shop-1") {
                _ = try connection.promoteModel(version: "shop-9")
            }
            await expect(.failedPrecondition, naming: "before") {
                _ = try connection.rollBackModel()
            }
            #expect(
                try connection.recommend(for: Context(basket: [shop.item(3)])).modelVersion
                    == "shop-1")
            #expect(try states().first == "serving shop-1")
            #expect(server.end(SIGTERM) == 0)
        }

        @Test("One bundle is loaded at a time, and kill -9 while one is leaves nothing behind")
        func busy() async throws {
            let server = try serve()
            try makeLarge("large")
            let connection = BlockingConnection(socketPath: folder["s"])
            #expect(try connection.loadModel(at: "large").state == .loading)
            await expect(.failedPrecondition, naming: "large is being loaded") {
                _ = try connection.loadModel(at: "two")
            }
            #expect(try connection.models().models.map(\.state) == [.serving, .loading])
            let before = try FileManager.default.subpathsOfDirectory(atPath: folder["models"])
            #expect(server.end(SIGKILL) == 128 + SIGKILL)
            let after = try FileManager.default.subpathsOfDirectory(atPath: folder["models"])
            #expect(before.sorted() == after.sorted())
            let next = try serve()
            #expect(try models("load", "two")["state"] as? String == "ready")
            #expect(next.end(SIGTERM) == 0)
        }

        @Test(
            "Where memory is short the previous model gives way, and what is too large is refused")
        func memory() async throws {
            try makeBundle("a", items: 20_000, version: "a")
            try makeBundle("b", items: 20_000, version: "b")
            try makeBundle("c", items: 20_000, version: "c")
            try makeBundle("huge", items: 100_000, version: "huge")
            let one = try serve(bundle: "a")
            let bytes = try BlockingConnection(socketPath: folder["s"]).models().bytes
            #expect(one.end(SIGTERM) == 0)
            // Room for two and a half.
            let server = try serve(
                bundle: "a", "--store-mebibytes-max", "\(bytes * 5 / 2 / (1 << 20))")
            _ = try models("load", "b", "--promote")
            #expect(try states() == ["serving b", "previous a"])
            let connection = BlockingConnection(socketPath: folder["s"])
            #expect(try failure(of: "huge").contains("--store-mebibytes-max"))
            // It was tried without the previous one too.
            #expect(try states().prefix(1) == ["serving b"])
            await expect(.failedPrecondition) { _ = try connection.rollBackModel() }
            _ = try models("load", "c", "--promote")
            _ = try models("load", "a")
            #expect(try Array(states().prefix(2)) == ["serving c", "ready a"])
            #expect(server.end(SIGTERM) == 0)
        }

        @Test(
            "Memory comes back after a swap",
            .enabled(if: Server.givesMemoryBack, "the sanitizer keeps what was freed"))
        func residentMemory() throws {
            try makeBundle("a", items: 60_000, version: "a")
            try makeBundle("b", items: 60_000, version: "b")
            let server = try serve(bundle: "a")
            let connection = BlockingConnection(socketPath: folder["s"])
            var resident: [Int] = []
            for round in 0..<8 {
                let name = round % 2 == 0 ? "b" : "a"
                _ = try models("load", name, "--promote")
                if round > 0 { try server.wait(for: "freed", times: round) }
                resident.append(try connection.status().residentBytes)
            }
            let one = try connection.models().models[0].bytes
            // Two models all along; a leak would add one each round.
            #expect(resident.last! < resident[1] + one / 2, "\(resident), \(one) a model")
            #expect(server.end(SIGTERM) == 0)
        }

        @Test("Vectors that were put stay with the model that they were put into")
        func vectors() throws {
            let server = try serve()
            let connection = BlockingConnection(socketPath: folder["s"])
            let dimensions = try connection.status().dimensions
            // Halves keep them as they are.
            let vector = (0..<dimensions).map { Float($0 + 1) / 8 }
            try connection.putEmbeddings([Embedding(id: "new", vector: vector)], in: .items)
            _ = try models("load", "two", "--promote")
            #expect(try connection.embeddings(of: ["new"], in: .items).embeddings.isEmpty)
            _ = try models("rollback")
            #expect(
                try connection.embeddings(of: ["new"], in: .items).embeddings.first?.vector
                    == vector)
            #expect(server.end(SIGTERM) == 0)
        }

        // MARK: Helpers

        private func serve(bundle: String = "one", _ more: String...) throws -> Server {
            try Server(
                bundle: folder["models/\(bundle)"], socket: folder["s"], arguments: more)
        }

        /// Runs `sidecart models` and gives what it prints.
        private func models(_ arguments: String...) throws -> [String: Any] {
            let outcome = try Program.run(
                ["models"] + arguments + ["--socket", folder["s"], "--json"])
            try #require(outcome.code == 0, "\(arguments): \(outcome.errors)")
            return try outcome.json()
        }

        /// Why `sidecart models load` fails.
        private func failure(of path: String) throws -> String {
            let outcome = try Program.run("models", "load", path, "--socket", folder["s"])
            #expect(outcome.code == 1 && outcome.errors.isOneLine, "\(path): \(outcome)")
            return outcome.errors
        }

        /// Such as `serving shop-1`, without those that failed.
        private func states() throws -> [String] {
            let list = try models("list")["models"] as? [[String: Any]]
            return try #require(list).filter { $0["state"] as? String != "failed" }
                .map { "\($0["state"]!) \($0["version"]!)" }
        }

        private func rename(_ name: String, to version: String) throws {
            var bundle = try ModelBundle.read(from: folder["models/\(name)"])
            bundle.info.version = version
            try bundle.write(to: folder["models/\(name)"], replacing: true)
        }

        /// A bundle of vectors, 64 numbers each.
        private func makeBundle(_ name: String, items: Int, version: String) throws {
            var random = SeededGenerator(seed: UInt64(items))
            var parts = ModelParts(popularity: (0..<items).map { Float(1 + $0 % 100) })
            parts.embeddings = EmbeddingParts(
                items: Matrix(
                    rows: items, columns: 64,
                    values: (0..<items * 64).map { _ in
                        Float.random(in: -1...1, using: &random)
                    }), users: nil, foldIn: nil)
            try ModelBundle(
                info: BundleInfo(version: version, kind: "test"),
                items: IdentifierTable((0..<items).lazy.map { "item-\($0)" }), parts: parts
            ).write(to: folder["models/\(name)"])
        }

        /// A folder whose tensors take long to read: half a gigabyte of zeros that lie on no disk.
        private func makeLarge(_ name: String) throws {
            try FileManager.default.createDirectory(
                atPath: folder["models/\(name)"], withIntermediateDirectories: false)
            try FileManager.default.copyItem(
                atPath: folder["models/one/manifest.json"],
                toPath: folder["models/\(name)/manifest.json"])
            let bytes = 512 << 20
            let header = Array(
                "{\"x\":{\"dtype\":\"U8\",\"shape\":[\(bytes)],\"data_offsets\":[0,\(bytes)]}}".utf8
            )
            let file = try folder.open("models/\(name)/tensors.safetensors")
            try file.write(
                contentsOf: withUnsafeBytes(of: UInt64(header.count).littleEndian) { Data($0) })
            try file.write(contentsOf: header)
            try file.truncate(atOffset: UInt64(8 + header.count + bytes))
            try file.close()
        }
    }
}
