import Foundation
import SampleShop
import TestFolders
import Testing

extension ProgramTests {
    /// What holds for all models that the program names, and for blends of them.
    @Suite struct EveryModelTests {
        /// As the program lists them itself, so that none is left out.
        private static func names() throws -> [String] {
            let refused = try Program.run("evaluate", "x", "--models", "none")
            let list = try #require(refused.errors.split(separator: "there are ").last)
            let names = list.split { !$0.isLetter && $0 != "-" }.map(String.init)
            try #require(names.contains("ials") && names.count > 10, "\(refused.errors)")
            return names
        }

        /// Forty people rate what they like; svdpp learns from ratings alone.
        private func writeRatings(to folder: TemporaryFolder) throws -> String {
            var lines = ["user,item,rating,kind"]
            for user in 0..<40 {
                for item in 0..<30 where (7 * user + 3 * item) % 4 != 0 {
                    lines.append("u\(user),i\(item),\((user + item) % 2 == 0 ? 5 : 2),rating")
                }
            }
            return try folder.write("ratings.csv", lines.joined(separator: "\n"))
        }

        @Test("Every model trains to the same bytes on one thread and on two, and can be served")
        func everyModel() throws {
            let shop = try TrainedShop.shared.get()
            let folder = TemporaryFolder()
            let ratings = try writeRatings(to: folder)
            for name in try Self.names() + ["ials+ease", "slim+copurchase+popularity"] {
                let isRated = name == "svdpp"
                let data = isRated ? [ratings] : [shop.events, "--catalog", shop.catalog]
                let digests = try ["1", "2"].map { threads in
                    let trained = try Program.run(
                        ["train"] + data + ["--out", folder["\(name)-\(threads)"]]
                            + ["--model", name, "--model-version", "one", "--threads", threads])
                    #expect(trained.code == 0, "\(name): \(trained.errors)")
                    return try digest(folder, "\(name)-\(threads)/manifest.json")
                }
                #expect(digests[0] == digests[1], "\(name)")
                try serve(
                    folder["\(name)-1"], socket: folder["socket"],
                    user: isRated ? "u1" : shop.user(1), item: isRated ? "i1" : shop.item(1), name)
            }
        }

        @Test("auto judges all models and a blend by held-out baskets, and keeps their figures")
        func automatic() throws {
            let folder = TemporaryFolder()
            let shop = SampleShop(
                SampleShopOptions(items: 60, shoppers: 80, baskets: 500, seed: 4))
            try shop.dataset.writeEvents(to: folder["events.csv"])
            try shop.dataset.writeCatalog(to: folder["catalog.csv"])
            let trained = try Program.run(
                "train", folder["events.csv"], "--catalog", folder["catalog.csv"], "--out",
                folder["auto"], "--model", "auto")
            #expect(trained.code == 0, "\(trained.errors)")
            #expect(trained.errors.contains("choosing: by ndcg@10 of basket completion"))
            let text = try folder.read("auto/manifest.json")
            let manifest = try #require(
                try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
            let metrics = try #require(manifest["metrics"] as? [String: Double])
            let best = try #require(metrics["ndcg@10"])
            let judged = metrics.keys.filter { $0.hasSuffix(".ndcg@10") }
            for key in judged {
                #expect(try #require(metrics[key]) <= best, "\(key)")
                #expect(try #require(metrics["\(key).low"]) <= (try #require(metrics[key])))
                #expect(trained.errors.contains("choosing: \(key.dropLast(8)) ndcg@10"), "\(key)")
            }
            #expect(judged.contains { $0.contains("+") }, "\(judged)")
            // What cannot be asked with baskets, or learns from ratings alone, says so.
            let left = trained.errors.split(separator: "\n").filter { $0.hasPrefix("left out: ") }
            for name in try Self.names() where !judged.contains("\(name).ndcg@10") {
                #expect(left.contains { $0.contains(name) }, "\(name)")
            }
            let winners = judged.filter { metrics[$0] == best }.map { $0.dropLast(8) }
            let kind = try #require(manifest["kind"] as? String)
            #expect(winners.contains { $0 == kind || ($0.contains("+") && kind == "blend") })
        }

        private func digest(_ folder: TemporaryFolder, _ file: String) throws -> String {
            let manifest = try JSONSerialization.jsonObject(with: Data(folder.read(file).utf8))
            return try #require((manifest as? [String: Any])?["tensors_sha256"] as? String)
        }

        private func serve(
            _ bundle: String, socket: String, user: String, item: String, _ name: String
        ) throws {
            let server = try Server(bundle: bundle, socket: socket)
            for question in [["--user", user], ["--basket", item], []] {
                let answer = try Program.run(
                    ["recommend", "--socket", socket, "-k", "5", "--json"] + question)
                #expect(answer.code == 0, "\(name): \(answer.errors)")
                let items = try answer.json()["items"] as? [[String: Any]] ?? []
                #expect(items.count == 5, "\(name), \(question): \(items)")
            }
            #expect(server.end(SIGTERM) == 0)
        }
    }
}
