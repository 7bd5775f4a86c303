import Buffers
import EventLoop
import Glibc
import Interactions
import Synchronization
import TestFolders
import Testing

@Suite(.timeLimit(.minutes(1))) struct EventLoopTests {
    /// Makes a loop on this thread, runs what `body` sets up until it stops the loop, and closes
    /// it.
    private func withLoop(_ body: (EventLoop) throws -> Void) throws {
        let loop = try EventLoop()
        defer { loop.close() }
        try body(loop)
        loop.run()
    }

    @Test func aLoopClosesWhateverIsStillOpen() throws {
        let folder = TemporaryFolder()
        let loop = try EventLoop()
        let socket = try UnixSocket(listeningAt: folder.path + "/s")
        var accepted: [Pipe] = []
        let listener = try Listener(socket, on: loop) { descriptor in
            guard let pipe = try? Pipe(adopting: descriptor, on: loop) else { return }
            try? pipe.startReading()
            accepted.append(pipe)
            loop.stop()
        }
        let client = try Pipe(on: loop)
        client.connect(to: socket.path) { #expect($0 == nil) }
        try Timer(on: loop).start(after: .seconds(3600)) {}
        _ = try SignalWatcher(SIGUSR2, on: loop) {}
        loop.run()
        // More than the kernel takes: a write is in flight when the loop closes.
        [UInt8](repeating: 1, count: 1 << 22).withUnsafeBytes { client.output.append($0) }
        client.flush()
        #expect(client.blockedBytes > 0)
        loop.close()
        #expect(accepted.count == 1)
        #expect(listener.isClosing)
        #expect(loop.buffers.bytesInUse.value == 0)
    }

    @Test func closeRunsItsCompletionOnceAndLaterCallsDoNothing() throws {
        var closed = 0
        try withLoop { loop in
            let timer = try Timer(on: loop)
            timer.close {
                closed += 1
                loop.stop()
            }
            timer.close { closed += 1 }
            timer.start(after: .zero) { closed += 10 }
        }
        #expect(closed == 1)
    }

    @Test func timersRunOnceOrAgainAndStop() throws {
        var once = 0
        var again = 0
        try withLoop { loop in
            try Timer(on: loop).start(after: .zero) { once += 1 }
            let timer = try Timer(on: loop)
            timer.start(after: .milliseconds(1), every: .milliseconds(1)) {
                again += 1
                guard again == 3 else { return }
                timer.stop()
                #expect(!timer.isActive)
                loop.stop()
            }
        }
        #expect(once == 1)
        #expect(again == 3)
    }

    @Test func aSignalReachesItsWatcher() throws {
        var seen = 0
        try withLoop { loop in
            _ = try SignalWatcher(SIGUSR1, on: loop) {
                seen += 1
                loop.stop()
            }
            kill(getpid(), SIGUSR1)
        }
        #expect(seen == 1)
    }

    @Test func turnEndHooksRunInOrderAndALoopWithWorkLeftDoesNotWait() throws {
        var log: [String] = []
        try withLoop { loop in
            loop.atTurnEnd {
                log.append("a\(loop.turnCount)")
                if loop.turnCount < 2 { loop.skipNextWait() } else { loop.stop() }
            }
            loop.atTurnEnd { log.append("b\(loop.turnCount)") }
            // Without skipNextWait the loop would wait for this.
            try Timer(on: loop).start(after: .seconds(3600)) {}
        }
        #expect(log == ["a0", "b0", "a1", "b1", "a2", "b2"])
    }

    @Test func jobsFromManyThreadsAllRunInEachThreadsOrder() throws {
        let seen = Mutex<[Int]>([])
        let thread = try LoopThread.start(name: "test-loop") { _ in }
        let senders = try (0..<4).map { sender in
            try LoopThread.start(name: "sender-\(sender)") { loop in
                for i in 0..<1000 {
                    thread.door.submit { _ in seen.withLock { $0.append(sender * 1000 + i) } }
                }
                loop.stop()
            }
        }
        for sender in senders {
            sender.door.submit { $0.stop() }
            sender.join()
        }
        #expect(thread.door.submit { $0.stop() })
        thread.join()
        thread.join()
        #expect(!thread.door.submit { _ in })
        let jobs = seen.withLock { $0 }
        #expect(jobs.count == 4000)
        for sender in 0..<4 {
            #expect(
                jobs.filter { $0 / 1000 == sender } == Array(sender * 1000..<(sender + 1) * 1000))
        }
    }

    @Test func whatSetUpThrowsIsThrownToTheStarter() {
        struct Refusal: Error {}
        #expect(throws: Refusal.self) {
            _ = try LoopThread.start(name: "refuses") { loop in
                _ = try Timer(on: loop)
                throw Refusal()
            }
        }
    }

    @Test func aValueBoundToALoopIsNotTakenToAnother() async {
        await #expect(processExitsWith: .failure) {
            let (first, second) = (try EventLoop(), try EventLoop())
            _ = LoopBound(1, to: first).value(on: second)
        }
    }
}

@Suite(.timeLimit(.minutes(1))) struct PipeTests {
    @Test func bothEndsExchangeMoreThanTheKernelBuffersAndSeeTheEnd() throws {
        let folder = TemporaryFolder()
        let loop = try EventLoop()
        defer { loop.close() }
        let socket = try UnixSocket(listeningAt: folder.path + "/s")
        let message = (0..<(8 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 10) }
        var echoed: [UInt8] = []
        var written = 0
        var ends = 0

        var server: Pipe?
        let listener = try Listener(socket, on: loop) { descriptor in
            guard let pipe = try? Pipe(adopting: descriptor, on: loop) else { return }
            server = pipe
            pipe.onRead = {
                pipe.output.append($0)
                pipe.flush()
                if pipe.pendingBytes > 1 << 20 { pipe.stopReading() }
            }
            pipe.onWritten = { try? pipe.startReading() }
            pipe.onEnd = { error in
                #expect(error == nil)
                ends += 1
                pipe.close { loop.stop() }
            }
            try? pipe.startReading()
        }
        let client = try Pipe(on: loop)
        client.onWritten = { written += 1 }
        client.onRead = { bytes in
            echoed += Array(bytes)
            if echoed.count == message.count { client.close() }
        }
        client.connect(to: socket.path) { error in
            #expect(error == nil)
            try? client.startReading()
            message.withUnsafeBytes { client.output.append($0) }
            client.flush()
        }
        loop.run()
        listener.close()
        #expect(echoed == message)
        #expect(written == 1)
        #expect(ends == 1)
        #expect(server?.isClosing == true)
        #expect(loop.buffers.bytesInUse.value == 0)
    }

    @Test func connectingToNobodyFailsWithTheReason() throws {
        let folder = TemporaryFolder()
        let loop = try EventLoop()
        defer { loop.close() }
        var seen: EventLoopError?
        let pipe = try Pipe(on: loop)
        pipe.connect(to: folder.path + "/nobody") {
            seen = $0
            loop.stop()
        }
        loop.run()
        #expect(seen?.name == "ENOENT")
        #expect(seen?.description.contains("/nobody") == true)
    }

    @Test func writingToAClosedEndIsReportedOnce() throws {
        ProcessSettings.ignoreBrokenPipes()
        var ends = socketPair()
        let loop = try EventLoop()
        defer { loop.close() }
        let pipe = try Pipe(adopting: ends.0, on: loop)
        var errors: [String] = []
        pipe.onEnd = { errors.append($0?.name ?? "end") }
        UnixSocket.close(ends.1)
        ends.1 = -1
        for _ in 0..<2 {
            [UInt8](repeating: 1, count: 1).withUnsafeBytes { pipe.output.append($0) }
            pipe.flush()
        }
        #expect(errors == ["EPIPE"])
    }

    private func socketPair() -> (Int32, Int32) {
        var ends: [Int32] = [0, 0]
        #expect(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
        return (ends[0], ends[1])
    }
}

@Suite struct ByteBufferTests {
    @Test(arguments: UInt64(1)...20)
    func aBufferHoldsWhatAnArrayHolds(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let pool = BufferPool()
        let buffer = pool.take()
        var model: [UInt8] = []
        for _ in 0..<500 {
            switch Int.random(in: 0..<4, using: &random) {
            case 0, 1:
                let bytes = (0..<Int.random(in: 0...3000, using: &random)).map { UInt8($0 & 0xFF) }
                bytes.withUnsafeBytes { buffer.append($0, limit: 50_000) }
                model += bytes
            case 2:
                let count = Int.random(in: 0...model.count, using: &random)
                buffer.consume(count)
                model.removeFirst(count)
            default:
                let count = Int.random(in: 0...model.count, using: &random)
                buffer.truncate(to: count)
                model.removeLast(model.count - count)
            }
            #expect(Array(buffer.bytes) == model, "seed \(seed)")
            #expect(pool.bytesInUse.value == buffer.capacity, "seed \(seed)")
        }
        pool.recycle(buffer)
        #expect(pool.bytesInUse.value == 0)
    }

    @Test func anIdleBufferIsUsedAgainAndALargeOneIsGivenBack() {
        let pool = BufferPool()
        let small = pool.take()
        _ = small.reserve(100)
        pool.recycle(small)
        #expect(pool.take() === small)
        #expect(small.capacity == BufferPool.capacityMin)
        _ = small.reserve(BufferPool.keptCapacityMax + 1)
        pool.recycle(small)
        #expect(pool.take() !== small)
    }
}
