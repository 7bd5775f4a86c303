import Foundation
import SidecartClient
import TestFolders
import Testing

extension ProgramTests {
    @Suite struct RetrainTests {
        private let shop: TrainedShop
        private let folder: TemporaryFolder
        /// The older two thirds of the shop's events.
        private let older: String

        private static let good = ["--model", "slim"]
        /// One number says all that it knows of an item.
        private static let poor = ["--model", "ials", "--factors", "1", "--epochs", "1"]

        init() throws {
            shop = try TrainedShop.shared.get()
            folder = TemporaryFolder()
            let lines = try String(contentsOfFile: shop.events, encoding: .utf8)
                .split(separator: "\n")
            older = try folder.write(
                "older.csv", lines.prefix(lines.count * 2 / 3).joined(separator: "\n") + "\n")
        }

        @Test("A bundle is written where it is no worse, judged by baskets that neither has seen")
        func better() throws {
            try train(Self.poor, to: "before")
            let outcome = try retrain(Self.good)
            let comparison = try #require(outcome["comparison"] as? [String: Any])
            #expect(try #require(comparison["queries"] as? Int) >= 50)
            let (candidate, running) = (
                comparison["candidate"] as? Double, comparison["running"] as? Double
            )
            #expect(try #require(candidate) > #require(running))
            #expect(outcome["against"] as? String == "before")
            #expect(outcome["bundle"] as? String == folder["after"])
            let served = try Server(bundle: folder["after"], socket: folder["s"])
            #expect(served.end(SIGTERM) == 0)
        }

        @Test("Nothing is written where it is worse, and the reason is said")
        func worse() throws {
            try train(Self.good, to: "before")
            let outcome = try retrain(Self.poor)
            #expect(outcome["bundle"] == nil)
            #expect((outcome["reason"] as? String)?.contains("finds less than before") == true)
            #expect(!FileManager.default.fileExists(atPath: folder["after"]))
        }

        @Test("Without new baskets there is nothing to judge by, and nothing is written")
        func nothingNew() throws {
            try train(Self.good, to: "before", from: shop.events)
            let outcome = try retrain(Self.good)
            #expect(outcome["bundle"] == nil && outcome["comparison"] == nil)
            #expect((outcome["reason"] as? String)?.contains("0 are newer") == true)
        }

        @Test(
            "A server trains anew on its schedule, serves what is no worse, and keeps the verdict")
        func schedule() throws {
            try train(Self.poor, to: "before")
            let from = ["--retrain-from", "'\(shop.events)' --model slim"]
            let server = try Server(
                bundle: folder["before"], socket: folder["s"],
                arguments: ["--retrain", "every=1s", "--retrain-keep", "1"] + from)
            try server.wait(for: "retrained; the new model serves")
            let connection = BlockingConnection(socketPath: folder["s"])
            let list = try connection.models()
            let verdict = try #require(list.retraining?.verdicts.last)
            #expect(verdict.isPromoted && verdict.against == "before" && verdict.queries >= 50)
            #expect(verdict.candidate > verdict.running && verdict.measure == "mrr@10")
            #expect(try connection.status().modelVersion == verdict.version)
            // The next one finds no new baskets.
            try server.wait(for: "retrained; the model from before serves on")
            #expect(server.end(SIGTERM) == 0)
            let next = try Server(
                bundle: folder["before"], socket: folder["s"],
                arguments: ["--retrain", "daily"] + from)
            // What was promoted serves on after a restart.
            let again = BlockingConnection(socketPath: folder["s"])
            #expect(try again.status().modelVersion == verdict.version)
            let kept = try #require(
                try BlockingConnection(socketPath: folder["s"]).models().retraining)
            #expect(kept.schedule == "daily=03:00" && kept.verdicts.last == verdict)
            let text = try Program.run("models", "--socket", folder["s"]).output
            #expect(text.contains("promoted \(verdict.version)"), "\(text)")
            #expect(next.end(SIGTERM) == 0)
        }

        @Test("Once so many events were recorded a server trains from its journal")
        func counted() throws {
            try train(Self.poor, to: "before")
            let count =
                try Int(
                    String(contentsOfFile: shop.events, encoding: .utf8)
                        .split(separator: "\n").count) - 1
            let options = [
                "--events-db", folder["e.db"], "--retrain", "events=\(count)", "--retrain-from",
                "--model slim",
            ]
            let server = try Server(
                bundle: folder["before"], socket: folder["s"], arguments: options)
            let recorded = try Program.run("record", shop.events, "--socket", folder["s"])
            try #require(recorded.code == 0, "\(recorded.errors)")
            try server.wait(for: "retrained; the new model serves")
            let retraining = try #require(
                try BlockingConnection(socketPath: folder["s"]).models().retraining)
            #expect(retraining.schedule == "events=\(count)")
            #expect(retraining.verdicts.map(\.isPromoted) == [true])
            let text = try Program.run("models", "--socket", folder["s"]).output
            #expect(text.contains("retraining events=\(count): none runs"), "\(text)")
            #expect(server.end(SIGTERM) == 0)
            // From there on events are counted after a restart.
            #expect(
                try folder.read("retraining.json").contains("\"watermark\" : \(count)"))
        }

        @Test("A child that fails, is killed or hangs is reported, and a drain ends it")
        func badChildren() throws {
            try train(Self.good, to: "before")
            // It waits for a writer, who never comes.
            let pipe = folder["events"]
            #expect(mkfifo(pipe, 0o600) == 0)
            let options = ["--retrain", "every=1s", "--retrain-from"]
            let failing = try Server(
                bundle: folder["before"], socket: folder["s"],
                arguments: options + [folder["none.csv"]])
            try failing.wait(for: "none.csv")
            #expect(failing.end(SIGTERM) == 0)

            let hanging = try Server(
                bundle: folder["before"], socket: folder["s"],
                arguments: options + [pipe, "--retrain-minutes-max", "0.02"])
            try hanging.wait(for: "killed, as it took more than 0.02 minutes")
            let connection = BlockingConnection(socketPath: folder["s"])
            #expect(try connection.status().modelVersion == "before")
            #expect(hanging.end(SIGTERM) == 0)

            let killed = try Server(
                bundle: folder["before"], socket: folder["s"], arguments: options + [pipe])
            kill(try child(of: killed), SIGKILL)
            try killed.wait(for: "ended by signal 9")
            let last = try child(of: killed)
            #expect(killed.end(SIGTERM) == 0)
            #expect(kill(last, 0) != 0)
        }

        @Test("A schedule or option that is none is refused before anything starts")
        func badOptions() throws {
            for (options, reason) in [
                (["--retrain", "hourly", "--retrain-from", "e.csv"], "hourly"),
                (["--retrain", "daily"], "--retrain-from, or --events-db"),
                (["--retrain", "events=10", "--retrain-from", "e.csv"], "needs --events-db"),
                (["--retrain", "events=0", "--events-db", "e.db"], "events=0"),
                (["--retrain-from", "e.csv"], "needs --retrain"),
                (["--retrain", "daily", "--retrain-from", "e.csv --modle slim"], "modle"),
                (["--retrain", "daily", "--retrain-from", "'e.csv"], "quote"),
            ] {
                let outcome = try Program.run(
                    ["serve", "--bundle", shop.bundle, "--socket", folder["s"]] + options)
                #expect(outcome.code == 64 && outcome.errors.contains(reason), "\(outcome)")
            }
        }

        private func train(_ model: [String], to name: String, from events: String? = nil) throws {
            let trained = try Program.run(
                ["train", events ?? older, "--out", folder[name], "--model-version", name] + model)
            try #require(trained.code == 0, "\(trained.errors)")
        }

        private func retrain(_ model: [String]) throws -> [String: Any] {
            let outcome = try Program.run(
                [
                    "retrain", shop.events, "--against", folder["before"], "--out",
                    folder["after"], "--json",
                ] + model)
            try #require(outcome.code == 0, "\(outcome.errors)")
            return try outcome.json()
        }

        /// The training that the server runs now, once it does. A sanitizer has children of its own.
        private func child(of server: Server) throws -> pid_t {
            let path = "/proc/\(server.processID)/task"
            func read(_ file: String) -> String {
                (try? String(contentsOfFile: file, encoding: .utf8)) ?? ""
            }
            var found: pid_t?
            try wait(for: "a training") {
                found = try FileManager.default.contentsOfDirectory(atPath: path)
                    .flatMap { read("\(path)/\($0)/children").split(separator: " ") }
                    .first { read("/proc/\($0)/cmdline").contains("\0retrain\0") }
                    .flatMap { pid_t($0) }
                return found != nil
            }
            return try #require(found)
        }
    }
}
