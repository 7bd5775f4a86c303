import Bundles
import Foundation
import SidecartClient
import TestFolders
import Testing

extension ProgramTests {
    @Suite struct MetricsTests {
        private let shop: TrainedShop
        private let folder: TemporaryFolder

        init() throws {
            shop = try TrainedShop.shared.get()
            folder = TemporaryFolder()
        }

        /// A server of two loops, and a client with one connection.
        private func serve(_ more: String...) throws -> (Server, SidecartClient) {
            let server = try Server(
                bundle: shop.bundle, socket: folder["s"], arguments: ["--threads", "2"] + more)
            var configuration = SidecartConfiguration()
            configuration.timeout = .seconds(20)
            return (server, SidecartClient(socketPath: folder["s"], configuration: configuration))
        }

        @Test("Calls are counted by method and code, and their latencies add up to them")
        func calls() async throws {
            let (server, client) = try serve()
            for number in 0..<7 {
                _ = try await client.score([shop.item(number)], for: Context())
            }
            _ = try await client.recommend(for: Context(userID: shop.user(0)))
            for _ in 0..<2 {
                await expect(.invalidArgument) { _ = try await client.score([], for: Context()) }
            }
            await expect(.deadlineExceeded) {
                _ = try await client.score(
                    [shop.item(0)], for: Context(), timeout: .nanoseconds(1))
            }
            let peer = try RawPeer(folder["s"])
            try peer.send(RawPeer.request("Nothing", of: "no.such.Service", payload: []))
            #expect(try #require(try peer.receive()).code == 12)
            let metrics = try Exposition(try await client.metrics())
            func calls(_ method: String, _ code: String) -> Double? {
                metrics["sidecart_calls_total", ["method": method, "code": code]]
            }
            let score = "sidecart.v1.Scoring/Score"
            #expect(calls(score, "OK") == 7 && calls(score, "INVALID_ARGUMENT") == 2)
            #expect(calls("sidecart.v1.Scoring/Recommend", "OK") == 1)
            #expect(calls("other", "UNIMPLEMENTED") == 1)
            // A client may give up a call whose time is over before it sends it.
            let late = try #require(calls(score, "DEADLINE_EXCEEDED"))
            #expect(late <= 1)
            #expect(calls("sidecart.v1.Scoring/Related", "RESOURCE_EXHAUSTED") == 0)
            let histogram = "sidecart_call_duration_seconds"
            #expect(metrics["\(histogram)_count", ["method": score]] == 9 + late)
            #expect(metrics["\(histogram)_bucket", ["method": score, "le": "+Inf"]] == 9 + late)
            #expect(try #require(metrics["\(histogram)_sum", ["method": score]]) > 0)
            let status = try await client.status()
            // All but this question, the one for metrics and that for the status are counted.
            let all = metrics.all("sidecart_calls_total").reduce(0, +)
            #expect(Int(all) == status.calls - 2)
            #expect(server.end(SIGTERM) == 0)
        }

        @Test(
            "Answers are counted by tier, slates by what they hold, and ids by whether they are known"
        )
        func answers() async throws {
            let (server, client) = try serve()
            _ = try await client.recommend(for: Context(userID: shop.user(0)))
            _ = try await client.recommend(
                for: Context(userID: "who?", basket: [shop.item(0), "nonsense"]))
            _ = try await client.recommend(for: Context(userID: "who?"))
            var options = SlateOptions(count: 3)
            options.allowing = ["nonsense"]
            #expect(try await client.recommend(for: Context(), options).items.isEmpty)
            _ = try await client.score(
                [shop.item(1), "nonsense", "more of it"], for: Context(userID: shop.user(1)))
            let metrics = try Exposition(try await client.metrics())
            func answers(_ method: String, _ tier: String) -> Double? {
                metrics[
                    "sidecart_answers_total",
                    ["method": "sidecart.v1.Scoring/\(method)", "tier": tier]]
            }
            #expect(answers("Recommend", "full") == 2 && answers("Recommend", "popular") == 2)
            #expect(answers("Score", "full") == 1 && answers("Score", "neighbors") == 0)
            #expect(metrics["sidecart_slates_empty_total"] == 1)
            #expect(metrics["sidecart_slates_short_total"] == 1)
            #expect(metrics["sidecart_slate_items_total"] == 30)
            #expect(metrics["sidecart_ids_total", ["kind": "user"]] == 4)
            #expect(metrics["sidecart_ids_unknown_total", ["kind": "user"]] == 2)
            #expect(metrics["sidecart_ids_total", ["kind": "item"]] == 6)
            #expect(metrics["sidecart_ids_unknown_total", ["kind": "item"]] == 4)
            #expect(server.end(SIGTERM) == 0)
        }

        @Test("The model's age and the process's figures are those of the server")
        func model() async throws {
            let before = Date().timeIntervalSince1970.rounded(.down)
            let (server, client) = try serve()
            let metrics = try Exposition(try await client.metrics())
            #expect(metrics["sidecart_model_info", ["version": "shop-1", "kind": "ials"]] == 1)
            let loaded = try #require(metrics["sidecart_model_loaded_timestamp_seconds"])
            #expect(before...Date().timeIntervalSince1970 ~= loaded)
            let bundle = try ModelBundle.read(from: shop.bundle)
            let newest = try #require(bundle.info.data?.newestEvent)
            #expect(
                metrics["sidecart_model_newest_event_timestamp_seconds"] == Double(newest))
            #expect(metrics["sidecart_model_items"] == Double(shop.shop.dataset.items.count))
            #expect(metrics["sidecart_connections"] == 1)
            #expect(try #require(metrics["sidecart_process_resident_memory_bytes"]) > 1e6)
            let files = try #require(metrics["sidecart_process_open_fds"])
            let open = try FileManager.default.contentsOfDirectory(
                atPath: "/proc/\(server.processID)/fd")
            #expect(Int(files) == open.count)
            #expect(server.end(SIGTERM) == 0)
        }

        @Test("`sidecart metrics` prints what the server tells, in either format")
        func command() throws {
            let (server, _) = try serve()
            let plain = try Program.run("metrics", "--socket", folder["s"])
            #expect(plain.code == 0 && plain.errors.isEmpty)
            #expect(plain.output.hasPrefix("# HELP sidecart_build_info "))
            #expect(try Exposition(plain.output)["sidecart_loops"] == 2)
            let open = try Program.run("metrics", "--socket", folder["s"], "--open-metrics")
            #expect(open.code == 0 && open.output.hasSuffix("\n# EOF\n"))
            #expect(open.output.contains("# TYPE sidecart_calls counter\n"))
            #expect(server.end(SIGTERM) == 0)
        }
    }
}
