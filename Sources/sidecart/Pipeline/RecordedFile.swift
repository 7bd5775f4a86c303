import Interactions
import SidecartClient

/// The events of files as they are recorded: each with an id that the same file gives again.
struct RecordedFile {
    private static let callsInFlight = 8

    private let dataset: Dataset
    private let ids: [String]

    init(_ dataset: Dataset) {
        self.dataset = dataset
        var seen: [String: Int] = [:]
        ids = (0..<dataset.events.count).map { place in
            let base = Self.text(dataset, place)
            let times = seen[base, default: 0]
            seen[base] = times + 1
            return Self.uuid("\(base)\u{0}\(times)")
        }
    }

    /// Sends all of them, some calls at a time.
    ///
    /// - Parameter progress: is told the share that is recorded.
    func send(
        to client: SidecartClient, batch: Int, _ totals: Record.Totals,
        progress: (Double) -> Void
    ) async throws {
        let count = dataset.events.count
        var (next, done) = (0, 0)
        try await withThrowingTaskGroup(of: Int.self) { group in
            func submit() {
                guard next < count else { return }
                let places = next..<min(count, next + batch)
                next = places.upperBound
                let events = places.map { event($0) }
                group.addTask {
                    totals.add(try await client.record(events))
                    return events.count
                }
            }
            for _ in 0..<Self.callsInFlight { submit() }
            while let finished = try await group.next() {
                done += finished
                progress(Double(done) / Double(count))
                submit()
            }
        }
    }

    private func event(_ place: Int) -> Event {
        let events = dataset.events
        let (user, basket) = (events.users[place], events.baskets[place])
        return Event(
            .init(events.kinds[place]), of: dataset.items[Int(events.items[place])],
            by: user == EventTable.none ? "" : dataset.users[Int(user)],
            in: basket == EventTable.none ? "" : dataset.baskets[Int(basket)],
            value: events.values[place],
            time: events.times[place] == EventTable.noTime ? 0 : events.times[place],
            id: ids[place])
    }

    /// All that is known of an event.
    private static func text(_ dataset: Dataset, _ place: Int) -> String {
        let events = dataset.events
        func name(_ number: Int32, _ table: IdentifierTable) -> String {
            number == EventTable.none ? "" : table[Int(number)]
        }
        return [
            name(events.users[place], dataset.users), name(events.items[place], dataset.items),
            events.kinds[place].name, "\(events.values[place])", "\(events.times[place])",
            name(events.baskets[place], dataset.baskets),
        ].joined(separator: "\u{0}")
    }

    /// A UUID (version 8, RFC 9562) made from a text.
    private static func uuid(_ text: String) -> String {
        let bytes = Array(text.utf8)
        let (high, low) = bytes.withUnsafeBytes { bytes in
            (
                IdentifierHash(seed: 1)(bytes.baseAddress!, count: bytes.count),
                IdentifierHash(seed: 2)(bytes.baseAddress!, count: bytes.count)
            )
        }
        let words = [
            high & 0xffff_ffff_ffff_0fff | 0x8000, low & 0x3fff_ffff_ffff_ffff | 1 << 63,
        ]
        let digits = words.flatMap { word in
            (0..<16).map { String(word >> (60 - 4 * UInt64($0)) & 15, radix: 16) }
        }.joined()
        var id = ""
        for (place, digit) in digits.enumerated() {
            if [8, 12, 16, 20].contains(place) { id.append("-") }
            id.append(digit)
        }
        return id
    }
}
