internal import Interactions
internal import Synchronization

/// Prices and stocks of a generation's items, which change while it serves: one thread sets them,
/// and every engine reads them as they are at that moment, without a lock.
///
/// Which stocks changed is noted in a ring, so that an engine that keeps what is sold out for itself
/// looks at those items alone.
///
/// `@unchecked Sendable`: the memory is made before the object is shared, and all of it is atomic.
final class LiveFacts: @unchecked Sendable {
    private static let ringLength = 4_096

    private let prices: UnsafeMutableBufferPointer<Atomic<UInt32>>
    private let stocks: UnsafeMutableBufferPointer<Atomic<Int32>>
    private let ring: UnsafeMutableBufferPointer<Atomic<UInt32>>
    private let changes = Atomic<Int>(0)

    /// - Parameters:
    ///   - prices: by item.
    ///   - stocks: as many.
    init(prices: [Float], stocks: [Int32]) {
        self.prices = .allocate(capacity: max(1, prices.count))
        self.stocks = .allocate(capacity: max(1, stocks.count))
        ring = .allocate(capacity: Self.ringLength)
        for (item, price) in prices.enumerated() {
            (self.prices.baseAddress! + item).initialize(to: Atomic(price.bitPattern))
        }
        for (item, stock) in stocks.enumerated() {
            (self.stocks.baseAddress! + item).initialize(to: Atomic(stock))
        }
        for place in 0..<Self.ringLength {
            (ring.baseAddress! + place).initialize(to: Atomic(0))
        }
    }

    deinit {
        prices.deallocate()
        stocks.deallocate()
        ring.deallocate()
    }

    @inline(__always)
    func price(_ item: Int) -> Float {
        Float(bitPattern: prices[item].load(ordering: .relaxed))
    }

    @inline(__always)
    func stock(_ item: Int) -> Int32 { stocks[item].load(ordering: .relaxed) }

    func set(price: Float, of item: Int) {
        prices[item].store(price.bitPattern, ordering: .relaxed)
    }

    /// - Precondition: one thread at a time.
    func set(stock: Int32, of item: Int) {
        stocks[item].store(stock, ordering: .relaxed)
        let change = changes.load(ordering: .relaxed)
        ring[change % Self.ringLength].store(UInt32(item), ordering: .relaxed)
        changes.store(change + 1, ordering: .releasing)
    }

    /// How many stocks were ever set.
    @inline(__always)
    var changeCount: Int { changes.load(ordering: .acquiring) }

    /// Calls `body` with each item whose stock was set since there were `seen` changes; with all of
    /// `count` items where that is too long ago.
    ///
    /// - Returns: how many changes there are now.
    func changes(since seen: Int, of count: Int, _ body: (Int) -> Void) -> Int {
        let now = changeCount
        // The place that is written next may be written already.
        guard now - seen < Self.ringLength else {
            for item in 0..<count { body(item) }
            return now
        }
        for change in seen..<now {
            body(Int(ring[change % Self.ringLength].load(ordering: .relaxed)))
        }
        // Places were used again meanwhile.
        if changeCount - seen >= Self.ringLength { for item in 0..<count { body(item) } }
        return now
    }
}
