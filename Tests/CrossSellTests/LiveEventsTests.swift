import CrossSell
import Foundation
import Interactions
import Synchronization
import Testing

/// Events in memory, read while one thread adds and forgets.
@Suite struct LiveEventsTests {
    @Test("Readers beside a writer find a user's events, newest first, and nobody else's")
    func concurrentReaders() throws {
        let events = try LiveEvents(bytesMax: 64 * LiveEvents.bytesPerEvent, seed: 1)
        #expect(events.capacity == 64)
        let users = (0..<9).map { user in
            Array("user-\(user)".utf8).withUnsafeBytes { events.hash(ofUser: $0) }
        }
        let isOver = Atomic(false)
        let found = Atomic(0)
        let readers = (0..<2).map { reader in
            ReaderThread {
                var random = SeededGenerator(seed: UInt64(reader))
                while !isOver.load(ordering: .relaxed) {
                    let user = Int.random(in: 0..<users.count, using: &random)
                    let own = events.newest(ofUser: users[user], max: 64)
                    found.add(own.count, ordering: .relaxed)
                    for (newer, older) in zip(own, own.dropFirst()) {
                        guard newer.position > older.position else { return false }
                    }
                    for event in own {
                        guard event.user == users[user], Int(event.item) % users.count == user,
                            event.item == UInt32(truncatingIfNeeded: event.time)
                        else { return false }
                    }
                }
                return true
            }
        }
        var random = SeededGenerator(seed: 7)
        var round = 0
        // Until readers were there too, however busy the machine is.
        while round < 20_000 || round < 100_000_000 && found.load(ordering: .relaxed) < 100_000 {
            round += 1
            if events.isFull { events.removeOldest() }
            let user = Int.random(in: 0..<users.count, using: &random)
            if round % 97 == 0 { events.forget(user: users[user]) }
            var event = LiveEvents.Event()
            event.user = users[user]
            event.item = UInt32(round % 400_000_000 * users.count + user)
            event.time = Int64(event.item)
            event.basket = 1
            _ = events.append(event, basketPrevious: 0)
        }
        isOver.store(true, ordering: .relaxed)
        for reader in readers { #expect(reader.join()) }
    }

    @Test("A user is found while another of her bucket comes and is forgotten")
    func forgottenNeighbor() throws {
        let capacity = 1 << 15
        let events = try LiveEvents(bytesMax: capacity * LiveEvents.bytesPerEvent, seed: 1)
        func hash(_ number: Int) -> UInt64 {
            Array("user-\(number)".utf8).withUnsafeBytes { events.hash(ofUser: $0) }
        }
        let user = hash(0)
        let bucket = UInt64(capacity - 1)
        let number = try #require((1...).first { hash($0) & bucket == user & bucket })
        let neighbor = hash(number)
        func append(_ user: UInt64) {
            var event = LiveEvents.Event()
            event.user = user
            event.item = 1
            event.basket = 1
            _ = events.append(event, basketPrevious: 0)
        }
        append(user)
        let isOver = Atomic(false)
        let found = Atomic(0)
        let reader = ReaderThread {
            while !isOver.load(ordering: .relaxed) {
                guard events.newest(ofUser: user, max: 2).count == 1 else { return false }
                found.add(1, ordering: .relaxed)
            }
            return true
        }
        var round = 1
        while !events.isFull, round < 1_000 || found.load(ordering: .relaxed) < 100_000 {
            append(neighbor)
            events.forget(user: neighbor)
            round += 1
        }
        isOver.store(true, ordering: .relaxed)
        #expect(reader.join())
    }
}

/// A thread that says at its end whether all was well.
private final class ReaderThread: Sendable {
    private let ended = DispatchSemaphore(value: 0)
    private let result = Mutex(false)

    init(_ body: @escaping @Sendable () -> Bool) {
        Thread.detachNewThread { [self] in
            let isWell = body()
            result.withLock { $0 = isWell }
            ended.signal()
        }
    }

    func join() -> Bool {
        ended.wait()
        return result.withLock { $0 }
    }
}
