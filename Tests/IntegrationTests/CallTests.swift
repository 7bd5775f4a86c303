import Foundation
import SidecartClient
import TestFolders
import Testing

extension ProgramTests {
    @Suite struct CallTests {
        private let shop: TrainedShop
        private let folder: TemporaryFolder
        private let server: Server
        private let client: SidecartClient

        init() throws {
            shop = try TrainedShop.shared.get()
            folder = TemporaryFolder()
            server = try Server(bundle: shop.bundle, socket: folder["s"], "--threads", "2")
            var configuration = SidecartConfiguration()
            configuration.timeout = .seconds(20)
            configuration.connections = 2
            client = SidecartClient(socketPath: folder["s"], configuration: configuration)
        }

        @Test("A thousand connections are served at once over all loops")
        func manyConnections() throws {
            // No other process is started meanwhile: see `RPCTests`.
            try #require(raiseOpenFiles(to: 4_096) >= 1_200)
            let connections = (0..<1_000).map { _ in BlockingConnection(socketPath: folder["s"]) }
            for connection in connections {
                #expect(try connection.status(timeout: .seconds(20)).refusedConnections == 0)
            }
            let status = try connections[0].status(timeout: .seconds(20))
            withExtendedLifetime(connections) { #expect(status.connections >= 1_000) }
        }

        @Test("A slate keeps to a price band and to categories, all below a named one included")
        func catalogRules() async throws {
            let any = try await client.recommend(
                for: Context(userID: shop.user(0)), SlateOptions(count: 50))
            let path = try #require(any.items.map(\.category).first { $0.contains(" > ") })
            let top = String(path.split(separator: " > ")[0])
            var options = SlateOptions(count: 20)
            (options.categories, options.priceMin, options.priceMax) = ([top], 5, 40)
            let slate = try await client.recommend(for: Context(userID: shop.user(0)), options)
            #expect(!slate.items.isEmpty)
            for item in slate.items {
                #expect(item.category.hasPrefix(top) && 5...40 ~= item.price)
            }
            (options.categories, options.excludingCategories) = ([], [top])
            let others = try await client.recommend(for: Context(userID: shop.user(0)), options)
            #expect(!others.items.isEmpty)
            #expect(others.items.allSatisfy { !$0.category.hasPrefix(top) })
            options.priceMax = 4
            let crossed = options
            await expect(.invalidArgument, naming: "price_min is 5.0, above price_max, 4.0") {
                _ = try await client.recommend(for: Context(), crossed)
            }
        }

        @Test("Recommend answers shoppers, baskets, histories and strangers, and says how")
        func recommend() async throws {
            let known = try await client.recommend(
                for: Context(userID: shop.user(0)), SlateOptions(count: 5))
            #expect(known.items.count == 5 && known.tier == .full)
            #expect(known.modelVersion == "shop-1" && known.unknown.isEmpty)
            #expect(known.items.allSatisfy { !$0.title.isEmpty && !$0.reasons.isEmpty })
            let basket = try await client.recommend(
                for: Context(basket: [shop.item(0), "nonsense"]), SlateOptions(count: 7))
            #expect(basket.items.count == 7 && basket.unknown == ["nonsense"])
            #expect(!basket.items.contains { $0.itemID == shop.item(0) })
            let past = try await client.recommend(
                for: Context(history: [shop.item(1), shop.item(2)]))
            #expect(past.items.count == 10 && past.tier == .full)
            let stranger = try await client.recommend(for: Context(userID: "who?"))
            #expect(stranger.items.count == 10 && stranger.tier == .popular)
            #expect(stranger.items.allSatisfy { $0.reasons.map(\.kind) == [.popular] })
            var bare = SlateOptions(count: 3)
            bare.idsOnly = true
            bare.excluding = [stranger.items[0].itemID]
            let ids = try await client.recommend(for: Context(), bare)
            let next = stranger.items[1...3].map(\.itemID)
            #expect(ids.items.map(\.itemID) == next)
            #expect(ids.items.allSatisfy { $0.title.isEmpty && $0.reasons.isEmpty })
        }

        @Test("Score gives the numbers of Recommend, and NaN for what nobody knows")
        func score() async throws {
            let context = Context(userID: shop.user(1), basket: [shop.item(3)])
            let slate = try await client.recommend(for: context)
            let scores = try await client.score(
                slate.items.map(\.itemID) + ["nonsense"], for: context)
            let expected = slate.items.map(\.score)
            #expect(Array(scores.values.prefix(10)) == expected)
            #expect(scores.values[10].isNaN && scores.unknown == [10])
            #expect(scores.tier == slate.tier && scores.modelVersion == "shop-1")
        }

        @Test("Related lists complements and similar items, strongest first")
        func related() async throws {
            let group = try #require(shop.shop.groups.first)
            let first = shop.item(Int(group.items[0]))
            for relation in [Relation.complement, .similar] {
                let related = try await client.related(to: first, by: [relation], count: 5)
                #expect(!related.items.isEmpty && related.items.count <= 5)
                let scores = related.items.map(\.score)
                #expect(scores == scores.sorted(by: >))
            }
            await expect(.notFound, naming: "nonsense") {
                _ = try await client.related(to: "nonsense", by: [.similar])
            }
        }

        @Test("Related lists several relations in the order asked, and each once")
        func relations() async throws {
            let group = try #require(shop.shop.groups.first)
            let item = shop.item(Int(group.items[0]))
            let asked: [Relation] = [.substitute, .complement, .rebuy]
            let related = try await client.related(to: item, by: asked, count: 3)
            let blocks = related.items.map(\.relation)
            #expect(blocks == asked.flatMap { one in blocks.filter { $0 == one } })
            #expect(blocks.contains(.substitute) && blocks.contains(.complement))
            let complements = related.items.filter { $0.relation == .complement }
            let all = try await client.related(to: item, by: [.substitute], count: 50)
            let substitutes = Set(all.items.map(\.itemID))
            #expect(complements.allSatisfy { !substitutes.contains($0.itemID) })
            await expect(.invalidArgument, naming: "relations[1] names similar again") {
                _ = try await client.related(to: item, by: [.similar, .similar])
            }
        }

        @Test("Vectors that are put, replaced and deleted count from the next call on")
        func embeddings() async throws {
            let id = shop.item(0)
            let found = try await client.embeddings(of: [id, "new"], in: .items)
            #expect(found.embeddings.map(\.id) == [id] && found.unknown == [1])
            let vector = found.embeddings[0].vector
            #expect(vector.count == 12)
            let large = vector.map { $0 * 3 }
            let put = try await client.putEmbeddings(
                [Embedding(id: "new", vector: large), Embedding(id: id, vector: vector)], in: .items
            )
            #expect(put == PutCounts(added: 1, replaced: 1))
            let nearest = try await client.nearest(to: vector, in: .items, count: 2)
            #expect(nearest[0].id == "new" && nearest.count == 2)
            let scores = try await client.score(["new"], for: Context(userID: shop.user(0)))
            #expect(!scores.values[0].isNaN)
            let slate = try await client.recommend(
                for: Context(userID: shop.user(0)), SlateOptions(count: 500))
            #expect(slate.items.contains { $0.itemID == "new" })
            #expect(try await client.deleteEmbeddings(of: ["new", "never"], in: .items) == 1)
            #expect(try await client.embeddings(of: ["new"], in: .items).unknown == [0])
            #expect(
                try await client.score(["new"], for: Context(userID: shop.user(0))).unknown == [0])
            #expect(try await client.embeddings(of: [shop.user(0)], in: .users).unknown.isEmpty)
        }

        @Test("What breaks a rule is refused with the field and the limit, and changes nothing")
        func refusals() async throws {
            let fine = Embedding(id: "x", vector: Array(repeating: 0.1, count: 12))
            await expect(.invalidArgument, naming: "embeddings[1].vector", "12") {
                _ = try await client.putEmbeddings(
                    [fine, Embedding(id: "y", vector: [1, 2])], in: .items)
            }
            await expect(.invalidArgument, naming: "embeddings[0].vector[3]") {
                var bad = fine
                bad.vector[3] = .infinity
                _ = try await client.putEmbeddings([bad], in: .items)
            }
            await expect(.invalidArgument, naming: "embeddings", "1001", "1000") {
                _ = try await client.putEmbeddings(
                    Array(repeating: fine, count: 1_001), in: .items)
            }
            #expect(try await client.embeddings(of: ["x"], in: .items).unknown == [0])
            await expect(.invalidArgument, naming: "k is 1001", "1000") {
                _ = try await client.recommend(for: Context(), SlateOptions(count: 1_001))
            }
            await expect(.invalidArgument, naming: "items[1]", "257", "256") {
                _ = try await client.score(
                    ["a", String(repeating: "b", count: 257)], for: Context())
            }
            await expect(.invalidArgument, naming: "items is empty") {
                _ = try await client.score([], for: Context())
            }
            await expect(.invalidArgument, naming: "context.basket", "257", "256") {
                _ = try await client.recommend(
                    for: Context(basket: Array(repeating: "a", count: 257)))
            }
            await expect(.invalidArgument, naming: "context.history[0]", "NUL") {
                _ = try await client.recommend(for: Context(history: ["a\0b"]))
            }
        }

        @Test("Output that cannot be written is an error, not a success")
        func fullDisk() throws {
            let full = try #require(FileHandle(forWritingAtPath: "/dev/full"))
            for more in [[], ["--json"]] {
                let outcome = try Program.run(
                    ["recommend", "--socket", folder["s"], "--basket", shop.item(1)] + more,
                    output: full)
                #expect(outcome.code == 1)
                #expect(outcome.errors.contains("standard output cannot be written"))
            }
        }

        @Test("Status counts, health knows the services, and Drain ends the server with 0")
        func admin() async throws {
            _ = try await client.recommend(for: Context())
            let status = try await client.status()
            #expect(status.processID == Int(server.processID))
            #expect(status.items == shop.shop.dataset.items.count && status.dimensions == 12)
            #expect(status.modelKind == "ials" && status.modelVersion == "shop-1")
            #expect(status.threads == 2 && status.calls >= 1 && !status.isDraining)
            #expect(status.residentBytes > 1_000_000)
            #expect(status.storeBytes <= status.storeBytesMax)
            #expect(try await client.health() == .serving)
            #expect(try await client.health(of: "sidecart.v1.Scoring") == .serving)
            await expect(.notFound, naming: "no.such") {
                _ = try await client.health(of: "no.such")
            }
            try await client.drain()
            #expect(server.end() == 0)
            #expect(!FileManager.default.fileExists(atPath: folder["s"]))
            await expect(.unavailable) { _ = try await client.status() }
        }
    }
}

/// Raises the soft limit of open files and returns it.
private func raiseOpenFiles(to count: UInt) -> UInt {
    var limit = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    limit.rlim_cur = max(limit.rlim_cur, min(count, limit.rlim_max))
    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    return limit.rlim_cur
}
