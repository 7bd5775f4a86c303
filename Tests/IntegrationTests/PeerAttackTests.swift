import CAllocationCounter
import CPeerIdentity
import EventLoop
import Foundation
import SidecartClient
import TestFolders
import Testing

/// How hard the attacks on a server are. `make hostile` asks for all of it.
enum Attack {
    static let isFull = ProcessInfo.processInfo.environment["SIDECART_HOSTILE"] == "full"

    static func report(_ text: String) {
        FileHandle.standardError.write(Data("hostile: \(text)\n".utf8))
    }
}

/// A thread that can be waited for.
final class Worker: Sendable {
    private let done = DispatchSemaphore(value: 0)

    init(_ body: @escaping @Sendable () -> Void) {
        Thread.detachNewThread { [done] in
            body()
            done.signal()
        }
    }

    func join() { done.wait() }
}

extension Locked {
    /// A copy.
    fileprivate var value: Value { withLock { $0 } }
}

extension ProgramTests {
    /// Peers that mean harm, and ends that come at the worst moment.
    @Suite(.timeLimit(.minutes(10))) struct PeerAttackTests {
        private let shop: TrainedShop
        private let folder: TemporaryFolder

        init() throws {
            shop = try TrainedShop.shared.get()
            folder = TemporaryFolder()
        }

        // MARK: Memory

        @Test("What a crowd makes the server hold is capped, and goes back to the system")
        func memory() throws {
            let (count, cap) = Attack.isFull ? (300, 256) : (60, 32)
            let server = try Server(
                bundle: shop.bundle, socket: folder["s"], "--buffer-mebibytes-max", "\(cap)",
                "--buffer-mebibytes-per-uid-max", "\(cap)")
            let good = BlockingConnection(socketPath: folder["s"])
            func resident() throws -> Int {
                try good.status(timeout: .seconds(20)).residentBytes >> 20
            }
            let slate = try good.recommend(for: Context(userID: shop.user(0)))
            let before = try resident()
            var during = before

            // Half of them have a frame of 4 MiB under way, half do not read their replies.
            let frame = RawPeer.request("Score", payload: [UInt8](repeating: 0, count: 4_000_000))
            var calls: [UInt8] = []
            for call in 0..<150 {
                calls += RawPeer.recommend(stream: UInt32(2 * call + 1), k: 1_000)
            }
            var crowd: [RawPeer] = []
            for number in 0..<count {
                let peer = try RawPeer(folder["s"])
                if number % 2 == 0 {
                    try? peer.send(Array(frame.dropLast()))
                } else {
                    peer.flood(calls, limit: calls.count)
                }
                crowd.append(peer)
                during = max(during, try resident())
            }
            for _ in 0..<20 { during = max(during, try resident()) }
            let status = try good.status(timeout: .seconds(20))
            #expect(status.bufferBytes <= cap << 20 && status.bufferBytesMax == cap << 20)
            #expect(status.refusedFrames > 0)
            #expect(try good.recommend(for: Context(userID: shop.user(0))).items == slate.items)
            crowd.removeAll()
            while try good.status(timeout: .seconds(20)).connections > 1 {}
            var after = try resident()
            let patience = ContinuousClock.now + .seconds(10)
            while after > before + 50, ContinuousClock.now < patience { after = try resident() }
            Attack.report(
                "\(count) connections, cap \(cap) MiB: \(before) MiB before, \(during) during, \(after) after; "
                    + "\(status.refusedFrames) frames refused, \(status.brokenOffCrowded) broken off"
            )
            // A sanitizer's allocator keeps what is freed.
            if sc_allocations_counted() {
                #expect(during <= cap + 100)
                #expect(after <= before + 50)
            }
            #expect(server.log.contains("refused a frame"))
            #expect(server.end(SIGTERM) == 0)
        }

        // MARK: Another user

        @Test(
            "Another user is refused by every method that writes or steers, and where somebody is named for read, by all",
            .enabled(if: geteuid() == 0, "only root can be another user"), arguments: [false, true])
        func anotherUser(readersAreNamed: Bool) throws {
            chmod(folder.path, 0o755)
            var options = ["--socket-mode", "666"]
            if readersAreNamed { options += ["--allow", "read=uid:6001"] }
            let server = try Server(bundle: shop.bundle, socket: folder["s"], arguments: options)
            let methods = try Contract.unaryMethods
            let notForReaders: Set = [
                "sidecart.v1.Embeddings/Put", "sidecart.v1.Embeddings/Delete",
                "sidecart.v1.Admin/Drain", "sidecart.v1.Models/Load",
                "sidecart.v1.Models/Promote", "sidecart.v1.Models/Rollback",
                "sidecart.v1.Events/Record", "sidecart.v1.Events/Forget",
                "sidecart.v1.Catalog/Put", "sidecart.v1.Catalog/Remove",
            ]
            #expect(notForReaders.isSubset(of: methods))
            let refused = readersAreNamed ? methods : notForReaders
            let codes = Locked<[String: Int]>([:])
            let path = folder["s"]
            Worker {
                guard sc_thread_becomes(65534, 65534, nil, 0) == 0 else { return }
                for method in methods {
                    let parts = method.split(separator: "/").map(String.init)
                    guard let peer = try? RawPeer(path),
                        (try? peer.send(RawPeer.request(parts[1], of: parts[0], payload: [])))
                            != nil,
                        let reply = try? peer.receive()
                    else { continue }
                    codes.withLock { $0[method] = reply.code }
                }
            }.join()
            let answered = codes.value
            #expect(Set(answered.keys) == methods)
            for (method, code) in answered {
                #expect((code == 7) == refused.contains(method), "\(method): \(code)")
            }
            let status = try BlockingConnection(socketPath: path).status()
            #expect(status.deniedCalls == refused.count && !status.isDraining)
            Attack.report("uid 65534: \(refused.count) of \(methods.count) methods refused")
            #expect(server.end(SIGTERM) == 0)
        }

        @Test(
            "Roles can be given by option and by file, to users and groups",
            .enabled(if: geteuid() == 0, "only root can be another user"))
        func roles() throws {
            chmod(folder.path, 0o755)
            let rules = try folder.write("rules", "# who feeds\n\nwrite = gid:7001  # the feed\n")
            let server = try Server(
                bundle: shop.bundle, socket: folder["s"], "--socket-mode", "660", "--socket-group",
                "7000", "--allow", "admin=uid:6001,gid:7002", "--allow-file", rules)
            let path = folder["s"]
            #expect(
                try FileManager.default.attributesOfItem(atPath: path)[.groupOwnerAccountID] as? Int
                    == 7000)
            /// What comes of a put, as a user in the socket's group.
            func put(_ uid: UInt32, _ groups: [UInt32]) -> String {
                let outcome = Locked("")
                Worker {
                    guard sc_thread_becomes(uid, uid, groups, groups.count) == 0 else { return }
                    let connection = BlockingConnection(socketPath: path)
                    do {
                        _ = try connection.deleteEmbeddings(of: ["none"], in: .items)
                        outcome.withLock { $0 = "ok" }
                    } catch { outcome.withLock { $0 = "\(error)" } }
                }.join()
                return outcome.value
            }
            #expect(put(6000, [7000, 7001]) == "ok")
            #expect(put(6001, [7000]) == "ok")
            #expect(put(6000, [7000, 7002]) == "ok")
            #expect(
                put(6000, [7000])
                    == "permissionDenied: sidecart.v1.Embeddings/Delete needs the role write; uid 6000 has the role read"
            )
            #expect(put(6000, [7001]).contains("Permission denied"))
            #expect(server.end(SIGTERM) == 0)
            let wrong = try folder.write("wrong", "write=gid:7001\nread=everyone\n")
            let outcome = try Program.run(
                "serve", "--bundle", shop.bundle, "--socket", path, "--allow-file", wrong)
            #expect(outcome.code == 1 && outcome.errors.contains("wrong:2: "), "\(outcome.errors)")
        }

        // MARK: Replacing a bundle

        @Test("However often train --replace is killed, there is a whole bundle and nothing else")
        func killedTraining() throws {
            let rounds = Attack.isFull ? 71 : 6
            let path = folder["b"]
            let arguments = [
                "train", shop.events, "--catalog", shop.catalog, "--out", path, "--replace",
                "--model", "popularity",
            ]
            let start = ContinuousClock.now
            #expect(try Program.run(arguments).code == 0)
            var length = ContinuousClock.now - start
            var random = SystemRandomNumberGenerator()
            var (killed, left, seen) = (0, 0, Set<String>())
            for _ in 0..<rounds {
                let process = Process()
                process.executableURL = Program.path
                process.arguments = arguments
                process.standardOutput = FileHandle.nullDevice
                process.standardError = FileHandle.nullDevice
                try process.run()
                let share = Double.random(in: 0.5...1.05, using: &random)
                usleep(useconds_t(share * Double(length / .microseconds(1))))
                kill(process.processIdentifier, SIGKILL)
                process.waitUntilExit()
                if process.terminationReason == .uncaughtSignal {
                    killed += 1
                } else {
                    // It takes less time than the first run did.
                    length = length * 0.5
                }
                left += try folder.names.filter { $0.hasPrefix(".") }.count
                let server = try Server(bundle: path, socket: folder["s"])
                seen.insert(try BlockingConnection(socketPath: folder["s"]).status().modelVersion)
                #expect(server.end(SIGTERM) == 0)
            }
            #expect(try Program.run(arguments).code == 0)
            #expect(try folder.names == ["b"])
            #expect(killed > 0)
            Attack.report(
                "\(killed) of \(rounds) trainings killed: each time a whole bundle; \(left) hidden folders left, each removed by the next run"
            )
        }

        // MARK: Ends under load

        @Test("No call that was sent is without an answer when a server ends under load")
        func endsUnderLoad() throws {
            let rounds = Attack.isFull ? 25 : 3
            let totals = Locked((calls: 0, refused: 0, lost: 0))
            for _ in 0..<rounds {
                let server = try Server(bundle: shop.bundle, socket: folder["s"])
                let path = folder["s"]
                let begun = Locked(0)
                let workers = (0..<4).map { _ in
                    Worker {
                        guard let peer = try? RawPeer(path) else { return }
                        var (sent, answered, refused, stream) = (0, 0, 0, UInt32(1))
                        while true {
                            // Eight calls in flight, each written whole or not at all.
                            while sent - answered < 8,
                                (try? peer.send(RawPeer.recommend(stream: stream, k: 100))) != nil
                            {
                                sent += 1
                                stream += 2
                            }
                            guard let reply = try? peer.receive() else { break }
                            answered += 1
                            if reply.code == 14 { refused += 1 }
                            begun.withLock { $0 += 1 }
                        }
                        totals.withLock { [sent, answered, refused] in
                            $0.calls += sent
                            $0.refused += refused
                            $0.lost += sent - answered
                        }
                    }
                }
                try wait(for: "200 calls") { begun.value >= 200 }
                #expect(server.end(SIGTERM) == 0)
                for worker in workers { worker.join() }
            }
            let sum = totals.value
            Attack.report(
                "\(rounds) SIGTERMs under load: \(sum.calls) calls sent, \(sum.refused) told that the server is unavailable, \(sum.lost) without an answer"
            )
            #expect(sum.lost == 0 && sum.refused > 0)
        }

        @Test("A take-over fails no call of either client, and the predecessor ends")
        func takeOver() async throws {
            let rounds = Attack.isFull ? 20 : 3
            let path = folder["s"]
            var server = try Server(bundle: shop.bundle, socket: path)
            let (stop, calls) = (Locked(false), Locked(0))
            let failures = Locked<[String]>([])
            let user = shop.user(0)
            let workers = (0..<2).map { _ in
                Worker {
                    let connection = BlockingConnection(socketPath: path)
                    while !stop.value {
                        do {
                            _ = try connection.recommend(
                                for: Context(userID: user), timeout: .seconds(20))
                            calls.withLock { $0 += 1 }
                        } catch { failures.withLock { $0.append("blocking: \(error)") } }
                    }
                }
            }
            let client = SidecartClient(socketPath: path)
            let tasks = (0..<8).map { _ in
                Task {
                    while !stop.value {
                        do {
                            _ = try await client.recommend(
                                for: Context(userID: user), timeout: .seconds(20))
                            calls.withLock { $0 += 1 }
                        } catch { failures.withLock { $0.append("async: \(error)") } }
                    }
                }
            }
            for _ in 0..<rounds {
                let before = calls.value
                try wait(for: "500 calls more") { calls.value >= before + 500 }
                let next = try Server(bundle: shop.bundle, socket: path, "--take-over")
                #expect(server.end() == 0, "\(server.log)")
                #expect(
                    try BlockingConnection(socketPath: path).status().processID
                        == Int(next.processID))
                server = next
            }
            stop.withLock { $0 = true }
            for worker in workers { worker.join() }
            for task in tasks { await task.value }
            client.close()
            let failed = failures.value
            #expect(failed.isEmpty, "\(failed.prefix(5))")
            Attack.report(
                "\(rounds) take-overs under load: \(calls.value) calls, \(failed.count) failed"
            )
            #expect(server.end(SIGTERM) == 0)
            #expect(try folder.names.isEmpty)
        }
    }
}
