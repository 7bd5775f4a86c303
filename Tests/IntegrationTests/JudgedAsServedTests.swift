import Bundles
import Evaluation
import EventLoop
import Foundation
import Interactions
import ModelParts
import SidecartClient
import TestFolders
import Testing

extension ProgramTests {
    /// What a report says of a model is what a caller of the server gets.
    @Suite struct JudgedAsServedTests {
        static let models = ["lambdamart", "slim", "ease", "item-knn", "ials", "wide-deep"]
        private func quick(_ model: String) -> [String] {
            model == "wide-deep" ? ["--set", "wide-deep.epochs=2"] : []
        }

        @Test("evaluate gives the same figures with --served as without", arguments: models)
        func figures(model: String) throws {
            let shop = try TrainedShop.shared.get()
            let arguments =
                ["evaluate", shop.events, "--models", model, "--queries-max", "300", "--json"]
                + quick(model)
            func judged(_ arguments: [String]) throws -> [String: [String: Double]] {
                let outcome = try Program.run(arguments)
                try #require(outcome.code == 0, "\(outcome.errors)")
                let models = try #require(try outcome.json()["models"] as? [[String: Any]])
                return try #require(models.first?["figures"] as? [String: [String: Double]])
            }
            let alone = try judged(arguments)
            #expect(alone.count > 3)
            #expect(try judged(arguments + ["--served"]) == alone)
        }

        @Test("A server's slates are the lists that are judged, item by item", arguments: models)
        func lists(model: String) async throws {
            let shop = try TrainedShop.shared.get()
            let folder = TemporaryFolder()
            let trained = try Program.run(
                ["train", shop.events, "--out", folder["b"], "--model", model] + quick(model))
            try #require(trained.code == 0, "\(trained.errors)")
            let bundle = try ModelBundle.read(from: folder["b"])
            let task = try task(bundle, count: 200, seed: 11)
            let ranker = try EngineRanker(
                parts: bundle.parts, histories: try #require(bundle.histories), task: task,
                threads: 1)
            let lists = Locked([[String]](repeating: [], count: task.count))
            ranker.forEachAnswer(depth: 20) { query, answer in
                guard case .list(let items, _, _) = answer else { return }
                let ids = items.map { bundle.items[Int($0)] }
                lists.withLock { $0[query] = ids }
            }
            let server = try Server(bundle: folder["b"], socket: folder["s"])
            let client = SidecartClient(socketPath: folder["s"])
            var options = SlateOptions(count: 20)
            options.includesPurchased = true
            options.includesOutOfStock = true
            for query in 0..<task.count {
                let user = task.users[query]
                let slate = try await client.recommend(
                    for: Context(
                        userID: user < 0 ? "" : bundle.users[Int(user)],
                        basket: task.contexts.columns[task.contexts.row(query)].map {
                            bundle.items[Int($0)]
                        }), options)
                let expected = lists.withLock { $0[query] }
                #expect(slate.items.map { $0.itemID } == expected, "query \(query)")
                #expect(expected.count == 20)
            }
            #expect(server.end(SIGTERM) == 0)
        }

        /// Baskets of one to five items, of known users and of nobody in turn.
        private func task(_ bundle: ModelBundle, count: Int, seed: UInt64) throws -> RankingTask {
            var random = SeededGenerator(seed: seed)
            let items = bundle.items.count
            var users: [Int32] = []
            var baskets: [[Int32]] = []
            for query in 0..<count {
                users.append(
                    query % 2 == 0 ? -1 : Int32(random.next() % UInt64(bundle.users.count)))
                var basket: Set<Int32> = []
                while basket.count <= query % 5 {
                    basket.insert(Int32(random.next() % UInt64(items)))
                }
                baskets.append(basket.sorted())
            }
            func matrix(_ rows: [[Int32]]) -> SparseMatrix {
                let columns = rows.flatMap(\.self)
                return SparseMatrix(
                    rows: rows.count, columnCount: items,
                    rowOffsets: rows.reduce(into: [0]) { $0.append($0.last! + $1.count) },
                    columns: columns, values: Array(repeating: 1, count: columns.count))
            }
            return RankingTask(
                users: users, contexts: matrix(baskets), relevant: matrix(baskets.map { [$0[0]] }),
                context: .basket, excludesContext: true)
        }
    }
}
