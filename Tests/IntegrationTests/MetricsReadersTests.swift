import Foundation
import SidecartClient
import TestFolders
import TestPeers
import Testing

private func run(
    _ command: [String], input: String = ""
) throws -> (status: Int32, output: String) {
    let folder = TemporaryFolder()
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = command
    process.standardInput = FileHandle(forReadingAtPath: try folder.write("input", input))
    let output = try folder.open("output")
    process.standardOutput = output
    process.standardError = output
    try process.run()
    process.waitUntilExit()
    return (process.terminationStatus, try folder.read("output"))
}

private func succeeds(_ command: String...) -> Bool { (try? run(command).status) == 0 }

extension ProgramTests {
    /// What others make of the metrics of a real server that has answered some calls.
    @Suite struct MetricsReadersTests {
        private let plain: String
        private let open: String

        init() throws {
            let shop = try TrainedShop.shared.get()
            let folder = TemporaryFolder()
            let rules = try folder.write(
                "rules.json", #"{"say \"hi\"": {"price_min": 1}, "back\\slash": {}}"#)
            let server = try Server(
                bundle: shop.bundle, socket: folder["s"], "--rules", rules, "--events-db",
                folder["events.db"])
            let connection = BlockingConnection(socketPath: folder["s"])
            for ruleSet in ["", "say \"hi\"", "back\\slash"] {
                var options = SlateOptions(count: 5)
                options.ruleSet = ruleSet
                _ = try connection.recommend(for: Context(basket: [shop.item(0)]), options)
            }
            _ = try? connection.related(to: "nonsense", by: [])
            plain = try connection.metrics()
            open = try connection.metrics(.openMetrics)
            #expect(server.end(SIGTERM) == 0)
        }

        @Test(
            "Prometheus' own parsers for Python read every family and sample",
            .enabled(
                if: succeeds(Python.interpreter, "-c", "import prometheus_client"),
                "needs Python with prometheus-client; SIDECART_PYTHON may name it"))
        func parsers() throws {
            let script = """
                import sys
                from prometheus_client.parser import text_string_to_metric_families
                from prometheus_client.openmetrics.parser import text_string_to_metric_families as strict
                for family in (strict if sys.argv[1] == "open" else text_string_to_metric_families)(sys.stdin.read()):
                    assert family.documentation and family.type != "unknown", family
                    print(family.type, family.name, len(family.samples))
                """
            let (status, families) = try run(
                [Python.interpreter, "-c", script, "plain"], input: plain)
            #expect(status == 0, "\(families)")
            let (strictStatus, strictFamilies) = try run(
                [Python.interpreter, "-c", script, "open"], input: open)
            #expect(strictStatus == 0, "\(strictFamilies)")
            #expect(families == strictFamilies)
            let exposition = try Exposition(plain)
            #expect(families.split(separator: "\n").count == exposition.types.count)
        }

        @Test(
            "promtool finds nothing to object to",
            .enabled(
                if: succeeds("promtool", "--version"),
                "needs promtool, which is in Debian's package prometheus"))
        func promtool() throws {
            let (status, output) = try run(["promtool", "check", "metrics"], input: plain)
            #expect(status == 0 && output.isEmpty, "\(output)")
        }

        @Test(
            "The Grafana dashboard asks for metrics that there are, and for labels that they have")
        func dashboard() throws {
            let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            let data = try Data(
                contentsOf: root.appending(path: "../../Packaging/grafana/sidecart.json"))
            let page = try #require(
                try JSONSerialization.jsonObject(with: data) as? [String: Any])
            let panels = try #require(page["panels"] as? [[String: Any]])
            let targets = panels.flatMap { $0["targets"] as? [[String: Any]] ?? [] }
            let expressions = targets.compactMap { $0["expr"] as? String }
            #expect(expressions.count == targets.count && expressions.count > 20)
            let exposition = try Exposition(plain)
            for expression in expressions {
                let names = expression.matches(of: /sidecart_[a-z_]+/).map { String($0.output) }
                #expect(!names.isEmpty)
                for name in names {
                    #expect(exposition.names.contains(name), "\(name) of \(expression)")
                }
                let labels = Set(
                    expression.matches(of: /by \(([a-z_, ]+)\)/).flatMap {
                        $0.output.1.split(separator: ", ").map(String.init)
                    })
                for name in names where !labels.isEmpty {
                    #expect(labels.isSubset(of: exposition.labels(of: name)), "\(expression)")
                }
            }
        }
    }
}
