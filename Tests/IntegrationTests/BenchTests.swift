import Foundation
import TestFolders
import Testing

extension ProgramTests {
    /// The benchmarks, tiny, so that they cannot rot.
    @Suite struct BenchTests {
        private static let tiny = [
            "bench", "--rounds", "1", "--seconds", "0.05", "--items", "400", "--users", "100",
            "--dimensions", "8",
        ]

        @Test("Both servers are measured at each depth, and every method of the mix is timed")
        func mix() throws {
            let report = try json(
                Self.tiny + ["--mix", "score=1,recommend=1", "--reasons", "--in-flight", "1,8"])
            let lines = try #require(report["lines"] as? [[String: Any]])
            #expect(
                lines.map { $0["server"] as? String } == [
                    "sidecart", "bare socket", "sidecart", "bare socket",
                ])
            #expect(lines.map { $0["inFlight"] as? Int } == [1, 1, 8, 8])
            for line in lines {
                for key in ["callsPerSecond", "cpuMicrosecondsPerCall"] {
                    #expect(line[key] as? Double ?? 0 > 0, "\(key)")
                }
                #expect(line["requestsInPool"] as? Int ?? 0 > 1_000)
                #expect(line["refusedCalls"] as? Int == 0)
                let latencies = try #require(line["latencies"] as? [String: [String: Any]])
                #expect(Set(latencies.keys) == ["score", "recommend"])
                #expect(latencies.values.allSatisfy { $0["p999Microseconds"] as? Double ?? 0 > 0 })
            }
        }

        @Test("Recording is measured beside SQLite alone, and Score beside recording")
        func events() throws {
            let report = try json(Self.tiny + ["--events"])
            let lines = try #require(report["lines"] as? [[String: Any]])
            #expect(lines.map { $0["batch"] as? Int } == [100, 100, 1])
            #expect(lines.allSatisfy { $0["eventsPerSecond"] as? Double ?? 0 > 0 })
            #expect(report["bytesPerEvent"] as? Double ?? 0 > 20)
            let beside = try #require(report["beside"] as? [String: Any])
            #expect(beside["eventsPerSecond"] as? Double ?? 0 > 0)
        }

        @Test("Item weights and one processor are measured too, as a table")
        func table() throws {
            let outcome = try Program.run(
                Self.tiny + ["--model", "weights", "--one-cpu", "--draw", "evenly"])
            #expect(outcome.code == 0, "\(outcome.errors)")
            #expect(outcome.output.contains("one cpu") && outcome.output.contains("bare socket"))
        }

        @Test("A bundle's own ids are asked: nothing is refused")
        func bundle() throws {
            let shop = try TrainedShop.shared.get()
            let report = try json([
                "bench", "--bundle", shop.bundle, "--mix", "recommend=1", "--baskets", "5",
                "--known-users", "-k", "20", "--reasons", "--rounds", "1", "--seconds", "0.05",
            ])
            let lines = try #require(report["lines"] as? [[String: Any]])
            #expect(lines.allSatisfy { $0["refusedCalls"] as? Int == 0 })
            #expect((report["subject"] as? String)?.contains("140 items") == true)
        }

        @Test("Promotions under a steady load fail no call, and calls are timed in each phase")
        func promotions() throws {
            let report = try json(
                Self.tiny + ["--seconds", "1.5", "--promotions", "4", "--rate", "2000"])
            #expect(report["promotions"] as? Int == 4)
            #expect(report["failedCalls"] as? Int == 0)
            for phase in ["rest", "load", "swap"] {
                let latency = try #require(report[phase] as? [String: Any])
                #expect(latency["calls"] as? Int ?? 0 > 0, "\(phase)")
            }
        }

        @Test("Neighbor load times all three probes beside every load")
        func neighborLoad() throws {
            let report = try json(
                Self.tiny + [
                    "--neighbor-load", "--neighbor-dimensions", "8", "--stall-dimensions", "8",
                    "--nearest-items", "300",
                ])
            let rows = try #require(report["rows"] as? [[String: Any]])
            #expect(
                rows.map { $0["load"] as? String } == [
                    "nothing else", "1 × Recommend 1,000", "4 × Recommend 1,000",
                    "burst of 32 × 64 Recommend", "nothing else", "1 × Nearest", "4 × Nearest",
                ])
            for row in rows {
                #expect(row["meetsTargets"] is Bool)
                for probe in ["score", "health", "deadline", "bareSocket"] {
                    let figures = try #require(row[probe] as? [String: Any])
                    let latency = try #require(figures["latency"] as? [String: Any])
                    #expect(latency["calls"] as? Int ?? 0 > 0)
                }
            }
            #expect(rows[1]["neighborCalls"] as? Int ?? 0 > 0)
        }

        @Test(
            "What cannot be drawn is refused with the option and its limit",
            arguments: [
                (["--mix", "score=0"], 64, "--mix"), (["--mix", "dance=1"], 64, "--mix"),
                (["--items", "50"], 64, "--items"), (["--in-flight", "0"], 64, "--in-flight"),
                (["--neighbor-dimensions", "8,x"], 64, "8,x"),
                (["--bundle", "/nonexistent"], 1, "/nonexistent: cannot open"),
            ])
        func refusals(arguments: [String], code: Int32, part: String) throws {
            let outcome = try Program.run(["bench"] + arguments)
            #expect(outcome.code == code && outcome.output.isEmpty)
            #expect(outcome.errors.contains(part), "\(outcome.errors)")
        }

        @Test("A benchmark that is told to stop leaves no file behind")
        func stopped() throws {
            let folder = TemporaryFolder()
            let process = Process()
            process.executableURL = Program.path
            process.arguments = Self.tiny + ["--seconds", "30"]
            process.environment = ["TMPDIR": folder.path]
            let errors = Pipe()
            process.standardError = errors
            process.standardOutput = FileHandle.nullDevice
            try process.run()
            var said = ""
            while !said.contains("drawing") {
                let piece = errors.fileHandleForReading.availableData
                try #require(!piece.isEmpty, "it ended: \(said)")
                said += String(decoding: piece, as: UTF8.self)
            }
            #expect(try !FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
            kill(process.processIdentifier, SIGTERM)
            process.waitUntilExit()
            #expect(process.terminationReason == .uncaughtSignal)
            #expect(process.terminationStatus == SIGTERM)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
        }

        private func json(_ arguments: [String]) throws -> [String: Any] {
            let outcome = try Program.run(arguments + ["--json"])
            #expect(outcome.code == 0, "\(outcome.errors)")
            return try outcome.json()
        }
    }
}
