import Foundation
import SidecartClient
import TestFolders
import Testing

extension ProgramTests {
    @Suite struct CommandLineTests {
        private let folder: TemporaryFolder

        init() throws { folder = TemporaryFolder() }

        @Test("--json of the asking commands holds what the contract names, and no NaN")
        func json() throws {
            let shop = try TrainedShop.shared.get()
            let server = try Server(bundle: shop.bundle, socket: folder["s"])
            func ask(_ arguments: String...) throws -> [String: Any] {
                let outcome = try Program.run(
                    [arguments[0], "--socket", folder["s"], "--json"] + arguments.dropFirst())
                #expect(outcome.code == 0 && outcome.errors.isEmpty, "\(outcome.errors)")
                #expect(!outcome.output.lowercased().contains("nan"))
                return try outcome.json()
            }
            let slate = try ask(
                "recommend", "--basket", "\(shop.item(0)),nonsense", "--user", shop.user(0), "-k",
                "4")
            let items = try #require(slate["items"] as? [[String: Any]])
            #expect(items.count == 4 && slate["tier"] as? String == "full")
            #expect(slate["unknown"] as? [String] == ["nonsense"])
            #expect(slate["modelVersion"] as? String == "shop-1")
            let quoted = try ask(
                "recommend", "--basket", #""M3x10, zinc",a,"5"" pipe",b"c,"d"#, "--basket=-20C")
            #expect(
                quoted["unknown"] as? [String] == [
                    "M3x10, zinc", "a", "5\" pipe", "b\"c", "\"d", "-20C",
                ])
            for item in items {
                #expect(item["itemId"] is String && item["score"] is Double)
                #expect(item["title"] is String && item["category"] is String)
                let reasons = try #require(item["reasons"] as? [[String: Any]])
                #expect(reasons.allSatisfy { $0["kind"] is String && $0["contribution"] is Double })
            }
            let related = try ask("related", shop.item(0), "-k", "3")
            let neighbors = try #require(related["items"] as? [[String: Any]])
            #expect(neighbors.allSatisfy { $0["lift"] is Double && $0["confidence"] is Double })
            let scores = try ask("score", shop.item(0), "nonsense", "--user", shop.user(0))
            let scored = try #require(scores["scores"] as? [[String: Any]])
            #expect(scored.map { $0["itemId"] as? String } == [shop.item(0), "nonsense"])
            #expect(scored[0]["score"] is Double && scored[1]["score"] == nil)
            #expect(scores["unknown"] as? [String] == ["nonsense"])
            let status = try ask("status")
            #expect(status["pid"] as? Int == Int(server.processID))
            for key in [
                "calls", "connections", "residentBytes", "storeBytes", "uptimeMilliseconds",
            ] {
                #expect(status[key] is NSNumber, "\(key)")
            }
            let table = try Program.run("recommend", "--socket", folder["s"], "-k", "2")
            #expect(table.code == 0 && table.output.contains("tier popular, model shop-1"))
            let drained = try Program.run("status", "--socket", folder["s"], "--drain")
            #expect(drained.code == 0 && drained.output.contains("draining"))
            #expect(server.end() == 0)
        }

        @Test("What a server sends changes nothing of a terminal")
        func escaping() throws {
            let evil = "\u{1b}[2J\u{1b}]0;owned\u{7}\u{9b}31m\u{7f}\u{85}"
            let events = try folder.write(
                "events.jsonl",
                ["tea", "pot"].map {
                    #"{"user":"u\#(evil)","item":"\#($0)\#(evil)","order":"1","title":"\#($0)\#(evil)"}"#
                        .replacing("\u{1b}", with: #"\u001b"#).replacing("\u{7}", with: #"\u0007"#)
                }.joined(separator: "\n"))
            let trained = try Program.run(
                "train", events, "--model", "copurchase", "--set", "copurchase.support_min=1",
                "--out", folder["b"])
            try #require(trained.code == 0, "\(trained.errors)")
            #expect(trained.errors.isPrintable && trained.output.isPrintable)
            let server = try Server(bundle: folder["b"], socket: folder["s"])
            for command in [
                ["recommend", "--basket", "tea\(evil)"], ["recommend", "--basket", "no\(evil)"],
                ["recommend", "--user", "u\(evil)", "--why-not", "pot\(evil)"],
                ["related", "tea\(evil)"], ["related", "no\(evil)"],
                ["score", "tea\(evil)", "no\(evil)"], ["inspect", "item", "tea\(evil)"],
                ["inspect", "user", "u\(evil)"], ["inspect", "item", "no\(evil)"], ["status"],
            ] {
                for form in [[], ["--json"]] {
                    let said = try Program.run(command + ["--socket", folder["s"]] + form)
                    #expect(said.output.isPrintable, "\(command): \(said.output.debugDescription)")
                    #expect(said.errors.isPrintable, "\(command): \(said.errors.debugDescription)")
                    #expect(said.code == 0 ? !said.output.isEmpty : said.errors.isOneLine)
                }
            }
            #expect(server.log.isPrintable)
            #expect(server.end(SIGTERM) == 0)
        }

        @Test(
            "Every subcommand explains itself, with examples",
            arguments: [
                [], ["demo"], ["train"], ["evaluate"], ["serve"], ["recommend"], ["related"],
                ["score"], ["status"], ["metrics"], ["report"], ["bench"], ["retrain"], ["models"],
                ["models", "list"], ["models", "load"], ["models", "promote"],
                ["models", "rollback"],
            ])
        func help(command: [String]) throws {
            let outcome = try Program.run(command + ["--help"])
            #expect(outcome.code == 0 && outcome.output.contains("Examples:"))
            #expect(outcome.output.contains("  sidecart"))
        }

        @Test("Nobody at the socket is one line of error")
        func nobody() throws {
            for command in [
                ["recommend"], ["related", "x"], ["score", "x"], ["status"], ["metrics"],
                ["report"],
            ] {
                let outcome = try Program.run(command + ["--socket", folder["none"]])
                #expect(outcome.code == 1 && outcome.output.isEmpty, "\(command)")
                #expect(outcome.errors.isOneLine && outcome.errors.contains(folder["none"]))
            }
        }

        @Test(
            "A wrong use ends with 64 and says what is wrong",
            arguments: [
                (["serve"], "--bundle"), (["train", "x"], "--out"), (["dance"], "dance"),
                (["serve", "--bundle", "b", "--socket", "s", "--socket-mode", "999"], "999"),
                (["recommend", "--socket", "s", "-k", "0"], "-k"),
                (["recommend", "--socket", "s", "-k", "many"], "many"),
                (["recommend", "--socket", "s", "--timeout", "0"], "--timeout"),
                (
                    ["serve", "--bundel", "b", "--socket", "s"],
                    "'--bundel'. Did you mean '--bundle'"
                ),
                (["serve", "--bundle", "b", "--socket", "s", "--allow", "all=uid:1"], "all=uid:1"),
                (
                    [
                        "serve", "--bundle", "b", "--socket", "s", "--allow",
                        "write=uid:no-one-here",
                    ], "no-one-here"
                ),
                (
                    ["serve", "--bundle", "b", "--socket", "s", "--buffer-mebibytes-max", "1"],
                    "--buffer-mebibytes-max"
                ),
                (["bench", "--rounds", "0"], "--rounds"), (["demo", "--items", "1"], "--items"),
            ])
        func usage(arguments: [String], part: String) throws {
            let outcome = try Program.run(arguments)
            #expect(outcome.code == 64, "\(arguments): \(outcome.errors)")
            #expect(outcome.errors.contains(part), "\(outcome.errors)")
        }

        @Test("The demo runs through and keeps what it is told to keep")
        func demo() throws {
            let outcome = try Program.run(
                "demo", "--items", "120", "--shoppers", "150", "--baskets", "1500", "--keep",
                folder["shop"], "--report", folder["page.html"])
            #expect(outcome.code == 0, "\(outcome.errors)")
            #expect(outcome.output.contains("exit code 0"))
            #expect(outcome.output.contains("is left out: bought instead of a basket item"))
            let page = try folder.read("page.html")
            #expect(page.contains("rule set &quot;checkout&quot;") && page.contains("Not on it:"))
            for name in ["events.csv", "catalog.csv", "rules.json", "bundle/manifest.json"] {
                #expect(FileManager.default.fileExists(atPath: folder["shop/\(name)"]), "\(name)")
            }
        }
    }
}
