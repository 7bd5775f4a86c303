import Foundation
import TestFolders
import Testing

extension ProgramTests {
    @Suite struct TrainTests {
        @Test("The same seed gives the same files at any thread count")
        func determinism() throws {
            let shop = try TrainedShop.shared.get()
            let folder = TemporaryFolder()
            for threads in ["1", "2"] {
                let trained = try Program.run(
                    ["train", shop.events, "--catalog", shop.catalog, "--out", folder[threads]]
                        + ["--threads", threads] + TrainedShop.model)
                #expect(trained.code == 0, "\(trained.errors)")
            }
            let tensors = ["1", "2"].map {
                FileManager.default.contents(atPath: folder["\($0)/tensors.safetensors"])
            }
            #expect(tensors[0] != nil && tensors[0] == tensors[1])
            let manifests = try ["1", "2"].map { folderName in
                let text = try folder.read("\(folderName)/manifest.json")
                var manifest = try #require(
                    try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
                #expect(manifest.removeValue(forKey: "created") != nil)
                #expect(manifest["version"] as? String == "shop-1")
                return manifest as NSDictionary
            }
            #expect(manifests[0] == manifests[1])
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder["1"]).count == 2)
        }

        /// Two shoppers, two good items in mixed case, a fee, a line without a shopper and a
        /// cancelled order.
        private static let dirty = """
            InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID
            1,85123A,"HEART, WHITE",6,12/13/2010 8:26,2.55,17850
            1,85123a,"HEART, WHITE",1,12/13/2010 8:26,2.55,17850
            1,71053,LANTERN,6,12/13/2010 8:26,3.39,17850
            1,POST,POSTAGE,1,12/13/2010 8:26,18,17850
            C2,71053,LANTERN,-6,12/13/2010 9:00,3.39,17850
            3,85123A,"HEART, WHITE",2,12/13/2010 9:34,2.55,13047
            3,71053,LANTERN,2,12/13/2010 9:34,3.39,13047
            4,85123A,"HEART, WHITE",2,12/13/2010 9:40,2.55,
            """
        private static let layout = [
            "--columns",
            "user=CustomerID,item=StockCode,time=InvoiceDate,basket=InvoiceNo,value=Quantity,"
                + "title=Description,price=UnitPrice",
            "--exclude-items-without-digit", "--fold-item-case", "--return-basket-prefix", "C",
            "--model", "ials", "--factors", "2", "--epochs", "1",
        ]

        @Test("Dirty lines are left out by cause, and what is left is trained on")
        func dirt() throws {
            let folder = TemporaryFolder()
            let events = try folder.write("retail.csv", Self.dirty)
            let trained = try Program.run(
                ["train", events, "--out", folder["b"], "--json"] + Self.layout)
            #expect(trained.code == 0, "\(trained.errors)")
            let summary = try trained.json()
            #expect(summary["items"] as? Int == 2)
            #expect(summary["users"] as? Int == 2)
            let again = try Program.run(["train", events, "--out", folder["b"]] + Self.layout)
            #expect(again.code == 1 && again.errors.contains("--replace"))
            let replaced = try Program.run(
                ["train", events, "--out", folder["b"], "--replace"] + Self.layout)
            #expect(replaced.code == 0, "\(replaced.errors)")
        }

        @Test("A bad line is named by file, line and column, and can be skipped")
        func badLine() throws {
            let folder = TemporaryFolder()
            let events = try folder.write(
                "retail.csv", Self.dirty + "\n5,71053,LANTERN,many,12/13/2010 9:50,3.39,13047\n")
            let train = ["train", events, "--out", folder["b"]] + Self.layout
            let refused = try Program.run(train)
            #expect(refused.code == 1)
            #expect(refused.errors.contains("\(events):10:"), "\(refused.errors)")
            #expect(refused.errors.contains("Quantity"), "\(refused.errors)")
            #expect(refused.errors.isOneLine)
            #expect(!FileManager.default.fileExists(atPath: folder["b"]))
            let skipped = try Program.run(train + ["--skip-bad-lines", "1"])
            #expect(skipped.code == 0, "\(skipped.errors)")
            #expect(skipped.errors.contains("10"), "the line is reported: \(skipped.errors)")
        }

        @Test("A model with a ranker is trained, served and asked, and scores as it ranks")
        func ranker() throws {
            let shop = try TrainedShop.shared.get()
            let folder = TemporaryFolder()
            let settings = ["epochs=2", "factors_epochs=3", "dimensions=12"]
                .flatMap { ["--set", "wide-deep.\($0)"] }
            let trained = try Program.run(
                ["train", shop.events, "--catalog", shop.catalog, "--out", folder["b"]]
                    + ["--model", "wide-deep", "--model-version", "ranked-1"] + settings)
            try #require(trained.code == 0, "\(trained.errors)")
            let server = try Server(bundle: folder["b"], socket: folder["s"])
            for context in [
                ["--user", shop.user(3)], ["--basket", shop.item(0)],
                ["--user", shop.user(5), "--basket", "\(shop.item(1)),\(shop.item(9))"],
            ] {
                func ask(_ arguments: [String]) throws -> [String: Any] {
                    let outcome = try Program.run(
                        arguments + ["--socket", folder["s"], "--json"] + context)
                    #expect(outcome.code == 0 && outcome.errors.isEmpty, "\(outcome.errors)")
                    return try outcome.json()
                }
                let slate = try ask(["recommend", "-k", "5"])
                #expect(slate["tier"] as? String == "full")
                #expect(slate["modelVersion"] as? String == "ranked-1")
                let items = try #require(slate["items"] as? [[String: Any]])
                let ids = items.compactMap { $0["itemId"] as? String }
                #expect(ids.count == 5)
                let scores = items.compactMap { $0["score"] as? Double }
                #expect(scores == scores.sorted(by: >))
                let scored = try #require(
                    try ask(["score"] + ids)["scores"] as? [[String: Any]])
                #expect(scored.compactMap { $0["score"] as? Double } == scores)
            }
            #expect(server.end(SIGTERM) == 0)
        }

        @Test("A model that does not exist is said before any file is read")
        func unknownModel() throws {
            let folder = TemporaryFolder()
            for (arguments, reason) in [
                (["--model", "bogus"], "no model is called 'bogus'"),
                (["--model", "ials,slim"], "'ials,slim' names 2 models"),
                (
                    ["--model", "ials", "--set", "ials.dimensions=1.5"],
                    "ials.dimensions must be a whole number"
                ),
                (["--model", "auto", "--set", "slim.nothing=1"], "nothing"),
            ] {
                let outcome = try Program.run(
                    ["train", folder["no.csv"], "--out", folder["b"]] + arguments)
                #expect(outcome.code == 1 && outcome.errors.isOneLine, "\(outcome.errors)")
                #expect(outcome.errors.contains(reason), "\(outcome.errors)")
            }
        }

        @Test("The parts of the time add up to all of it")
        func times() throws {
            let shop = try TrainedShop.shared.get()
            let folder = TemporaryFolder()
            let trained = try Program.run(
                ["train", shop.events, "--out", folder["b"], "--json"] + TrainedShop.model)
            let seconds = try #require(try trained.json()["seconds"] as? [String: Double])
            let total = try #require(seconds["total"])
            #expect(abs(seconds.values.reduce(0, +) - 2 * total) < 1e-6)
            #expect(seconds.keys.contains("read") && seconds.keys.contains("other"))
        }

        @Test("evaluate chooses the protocol that the events suit, and says which")
        func suitableProtocol() throws {
            let shop = try TrainedShop.shared.get()
            let folder = TemporaryFolder()
            let header = "user,item,time,basket\n"
            let lines = (0..<400).map {
                "u\($0 % 20),i\(($0 * 7) % 13),\(1_600_000_000 + $0 * 86_400),b\($0)"
            }
            let single = try folder.write("single.csv", header + lines.joined(separator: "\n"))
            let timeless = try folder.write(
                "timeless.csv",
                "user,item\n"
                    + lines.map { $0.split(separator: ",").prefix(2).joined(separator: ",") }
                    .joined(separator: "\n"))
            for (file, name) in [
                (shop.events, "basket-completion"), (single, "temporal"), (timeless, "k-fold"),
            ] {
                let outcome = try Program.run(
                    "evaluate", file, "--models", "popularity", "--json")
                #expect(outcome.errors.contains("protocol: \(name), since"), "\(outcome.errors)")
                guard name == "basket-completion" else { continue }
                let model = try #require(
                    (try outcome.json()["models"] as? [[String: Any]])?.first)
                let known = try #require(model["knownShoppers"] as? [String: Any])
                #expect((known["queries"] as? Int ?? 0) > 0)
                #expect((known["figures"] as? [String: Double])?["ndcg@10"] != nil)
            }
            let nothing = try Program.run("evaluate", folder["none"])
            #expect(nothing.code == 1 && nothing.errors.isOneLine, "\(nothing.errors)")
        }

        @Test("A file that is not there is one line of error")
        func missing() throws {
            let folder = TemporaryFolder()
            let outcome = try Program.run("train", folder["no.csv"], "--out", folder["b"])
            #expect(outcome.code == 1)
            #expect(outcome.errors.contains(folder["no.csv"]) && outcome.errors.isOneLine)
        }
    }
}

extension String {
    /// Text and nothing but a line feed after it.
    var isOneLine: Bool { hasSuffix("\n") && dropLast().allSatisfy { $0 != "\n" } && count > 1 }
}
