internal import Interactions
internal import Synchronization

/// Prices, stocks and availability of a generation's items, which change while it serves: some thread sets
/// them, and every engine reads them as they are at that moment, without a lock.
///
/// Which items' stock or availability changed is noted in a ring, so that an engine that keeps what cannot
/// be had for itself looks at those items alone.
///
/// `@unchecked Sendable`: the memory is made before the object is shared, and all of it is atomic.
final class LiveFacts: @unchecked Sendable {
    private static let ringLength = 4_096
    /// An item that cannot be had, and is not to come.
    static let never = Int64.max

    private let prices: UnsafeMutablePointer<Atomic<UInt32>>
    private let stocks: UnsafeMutablePointer<Atomic<Int32>>
    /// From when on each can be had, in seconds since 1970; `.min` for always.
    private let starts: UnsafeMutablePointer<Atomic<Int64>>
    private let ring: UnsafeMutablePointer<Atomic<UInt32>>
    private let changes = Atomic<Int>(0)
    /// Held by whoever sets something.
    private let lock = Mutex(())

    /// - Parameters:
    ///   - catalog: of the items that training knew.
    ///   - room: for as many more, which cannot be had until they are said to be.
    init(_ catalog: Catalog, room: Int) {
        let count = max(1, catalog.count + room)
        prices = .allocate(capacity: count)
        stocks = .allocate(capacity: count)
        starts = .allocate(capacity: count)
        ring = .allocate(capacity: Self.ringLength)
        for item in 0..<catalog.count {
            (prices + item).initialize(to: Atomic(catalog.prices[item].bitPattern))
            (stocks + item).initialize(to: Atomic(catalog.stocks[item]))
            let start = catalog.isDiscontinued[item] ? Self.never : catalog.availableFrom[item]
            (starts + item).initialize(to: Atomic(start))
        }
        for item in catalog.count..<count {
            (prices + item).initialize(to: Atomic(0))
            (stocks + item).initialize(to: Atomic(Catalog.untrackedStock))
            (starts + item).initialize(to: Atomic(Self.never))
        }
        for place in 0..<Self.ringLength { (ring + place).initialize(to: Atomic(0)) }
    }

    deinit {
        prices.deallocate()
        stocks.deallocate()
        starts.deallocate()
        ring.deallocate()
    }

    @inline(__always)
    func price(_ item: Int) -> Float {
        Float(bitPattern: prices[item].load(ordering: .relaxed))
    }

    @inline(__always)
    func stock(_ item: Int) -> Int32 { stocks[item].load(ordering: .relaxed) }

    /// From when on an item can be had; ``never`` for one that cannot.
    @inline(__always)
    func start(_ item: Int) -> Int64 { starts[item].load(ordering: .relaxed) }

    func set(price: Float, of item: Int) {
        prices[item].store(price.bitPattern, ordering: .relaxed)
    }

    func set(stock: Int32, of item: Int) {
        lock.withLock { _ in
            stocks[item].store(stock, ordering: .relaxed)
            note(item)
        }
    }

    func set(start: Int64, of item: Int) {
        lock.withLock { _ in
            starts[item].store(start, ordering: .relaxed)
            note(item)
        }
    }

    private func note(_ item: Int) {
        let change = changes.load(ordering: .relaxed)
        ring[change % Self.ringLength].store(UInt32(item), ordering: .relaxed)
        changes.store(change + 1, ordering: .releasing)
    }

    /// How many stocks and availabilities were ever set.
    @inline(__always)
    var changeCount: Int { changes.load(ordering: .acquiring) }

    /// Calls `body` with each item of which one was set since there were `seen` changes; with all of
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
