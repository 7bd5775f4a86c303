import EventLoop
import Foundation
import SidecartClient
import TestFolders
import Testing

extension ProgramTests {
    @Suite struct ModelRollOverTests {
        private let shop: TrainedShop
        private let folder: TemporaryFolder

        init() throws {
            shop = try TrainedShop.shared.get()
            folder = TemporaryFolder()
            try FileManager.default.copyItem(atPath: shop.bundle, toPath: folder["b"])
        }

        @Test("SIGHUP serves the bundle that has taken the place of another, without a failed call")
        func hangUp() throws {
            let server = try Server(bundle: folder["b"], socket: folder["s"], "--threads", "2")
            let load = CallsInFlight(socket: folder["s"], basket: [shop.item(3)])
            for version in ["shop-2", "shop-3", "shop-4"] {
                try retrain(version)
                kill(server.processID, SIGHUP)
                try server.wait(
                    for: "model=ials version=\(version) [sidecart] promoted")
                let connection = BlockingConnection(socketPath: folder["s"])
                #expect(try connection.status().modelVersion == version)
                #expect(
                    try connection.recommend(for: Context(basket: [shop.item(3)])).modelVersion
                        == version)
                // The one before stays for a rollback; all four lanes have left the one before that.
                let left = Int(version.suffix(1))! - 2
                if left > 0 { try server.wait(for: "version=shop-\(left) [sidecart] freed") }
            }
            let (calls, failures, versions) = load.end()
            #expect(failures == [])
            #expect(calls > 0 && versions.isSubset(of: ["shop-1", "shop-2", "shop-3", "shop-4"]))
            #expect(server.end(SIGTERM) == 0)
        }

        @Test("SIGHUP leaves alone what has not changed, and refuses what is damaged or gone")
        func refused() throws {
            let server = try Server(bundle: folder["b"], socket: folder["s"])
            kill(server.processID, SIGHUP)
            try server.wait(for: "the bundle has not changed")
            // Another manifest, with tensors that are not its own.
            try retrain("shop-2", to: "c")
            try FileManager.default.removeItem(atPath: folder["c/tensors.safetensors"])
            try FileManager.default.copyItem(
                atPath: folder["b/tensors.safetensors"], toPath: folder["c/tensors.safetensors"])
            let handle = try #require(
                FileHandle(forUpdatingAtPath: folder["c/tensors.safetensors"]))
            try handle.seek(toOffset: 5_000)
            try handle.write(contentsOf: Data([1, 2, 3, 4, 5, 6, 7]))
            try handle.close()
            try FileManager.default.removeItem(atPath: folder["b"])
            try FileManager.default.moveItem(atPath: folder["c"], toPath: folder["b"])
            kill(server.processID, SIGHUP)
            try server.wait(for: "damaged: its SHA-256")
            try FileManager.default.removeItem(atPath: folder["b"])
            kill(server.processID, SIGHUP)
            try server.wait(for: "cannot open: No such file or directory")
            let connection = BlockingConnection(socketPath: folder["s"])
            let slate = try connection.recommend(for: Context(basket: [shop.item(3)]))
            #expect(slate.modelVersion == "shop-1" && !slate.items.isEmpty)
            #expect(server.end(SIGTERM) == 0)
        }

        private func retrain(_ version: String, to name: String = "b") throws {
            let trained = try Program.run([
                "train", shop.events, "--catalog", shop.catalog, "--out", folder[name], "--model",
                "ials", "--factors", "8", "--epochs", "1", "--model-version", version, "--replace",
            ])
            try #require(trained.code == 0, "\(trained.errors)")
        }
    }
}

/// A client that asks for slates without pause, on a thread of its own.
final class CallsInFlight: Sendable {
    private struct State: Sendable {
        var isEnding = false
        var calls = 0
        var failures: [String] = []
        var versions: Set<String> = []
    }

    private let state = Locked(State())
    private let ended = DispatchSemaphore(value: 0)

    init(socket: String, basket: [String]) {
        Thread.detachNewThread { [self] in
            let connection = BlockingConnection(socketPath: socket)
            while !state.withLock({ $0.isEnding }) {
                do throws(SidecartError) {
                    let slate = try connection.recommend(for: Context(basket: basket))
                    state.withLock {
                        $0.calls += 1
                        $0.versions.insert(slate.modelVersion)
                        if slate.items.isEmpty { $0.failures.append("an empty slate") }
                    }
                } catch {
                    state.withLock { $0.failures.append("\(error)") }
                }
            }
            ended.signal()
        }
    }

    /// Stops, and says what came of it.
    func end() -> (calls: Int, failures: [String], versions: Set<String>) {
        state.withLock { $0.isEnding = true }
        ended.wait()
        return state.withLock { ($0.calls, $0.failures, $0.versions) }
    }
}
