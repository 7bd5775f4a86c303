internal import Synchronization

/// Items' numbers to a generation's ordinals: one thread appends, any thread reads.
///
/// It grows by chunks that never move. `@unchecked Sendable`: all that is shared is atomic, and lasts as
/// long as the object.
final class OrdinalMap: @unchecked Sendable {
    static let chunkItems = 4_096
    /// Numbers from here on have no ordinal.
    static let itemsMax = chunksMax * chunkItems
    private static let chunksMax = 4_096
    private static let none = UInt32.max

    private let chunks: UnsafeMutablePointer<Atomic<UInt>>
    private var count = 0

    init() {
        chunks = .allocate(capacity: Self.chunksMax)
        for place in 0..<Self.chunksMax { (chunks + place).initialize(to: Atomic(0)) }
    }

    deinit {
        for place in 0..<Self.chunksMax { chunk(place)?.deallocate() }
        chunks.deallocate()
    }

    /// The ordinal of an item that the generation knows.
    subscript(number: UInt32) -> UInt32? {
        let number = Int(number)
        guard number < Self.itemsMax, let chunk = chunk(number / Self.chunkItems) else {
            return nil
        }
        let ordinal = chunk[number % Self.chunkItems].load(ordering: .relaxed)
        return ordinal == Self.none ? nil : ordinal
    }

    /// Gives the next number an ordinal, or none.
    func append(_ ordinal: UInt32?) {
        defer { count += 1 }
        guard count < Self.itemsMax else { return }
        let place = count / Self.chunkItems
        if chunk(place) == nil {
            let made = UnsafeMutablePointer<Atomic<UInt32>>.allocate(capacity: Self.chunkItems)
            for item in 0..<Self.chunkItems { (made + item).initialize(to: Atomic(Self.none)) }
            chunks[place].store(UInt(bitPattern: made), ordering: .releasing)
        }
        chunk(place)![count % Self.chunkItems].store(ordinal ?? Self.none, ordering: .relaxed)
    }

    /// Gives a number that had none its ordinal.
    func set(_ number: UInt32, _ ordinal: UInt32) {
        guard Int(number) < count, let chunk = chunk(Int(number) / Self.chunkItems) else { return }
        chunk[Int(number) % Self.chunkItems].store(ordinal, ordering: .relaxed)
    }

    private func chunk(_ place: Int) -> UnsafeMutablePointer<Atomic<UInt32>>? {
        UnsafeMutablePointer(bitPattern: chunks[place].load(ordering: .acquiring))
    }
}
