package import Interactions
internal import ModelParts
internal import Synchronization

/// What the events in memory say to one generation: how often items were taken, and taken together, since
/// it was trained.
///
/// All of it is a function of the events that are in ``LiveEvents`` and newer than the generation's newest:
/// an event that goes, or is erased, takes with it what it added. So a new generation counts from the
/// events alone, nothing counts twice, and a start that replays the journal ends where the server before
/// it was.
///
/// Source: the weight of a pair is the cosine of Deshpande and Karypis 2004, "Item-based top-N
/// recommendation algorithms", with pseudo-counts, as in training's co-purchase model.
///
/// `@unchecked Sendable`: `cursor` is the writer's alone; the rest is constant or atomic.
package final class LiveCounts: @unchecked Sendable {
    package let events: LiveEvents
    /// When the newest event took place that the generation learned from.
    let since: Int64
    let pairs: PairCounts
    let sales: LiveSales
    /// Brings items' vectors forward; nil where the model has none that can be. The writer's.
    let factors: ItemFactors?
    private let generation: Generation
    private let ordinals = OrdinalMap()
    /// By item: in how many baskets it was since then.
    private let taken: UnsafeMutablePointer<Atomic<UInt32>>
    /// By item: 1 / sqrt(baskets with it, trained and since, + ``shrinkage``), the bits of a `Float`.
    private let reach: UnsafeMutablePointer<Atomic<UInt32>>
    private let baskets = Atomic<Int>(0)
    private let newest: Atomic<Int64>
    /// How many baskets training saw, as its lists of complements tell; nil where they tell nothing.
    private let trainedBaskets: Float?
    /// Of the basket at hand; the writer's.
    private var others: [UInt32] = []
    /// The first position that was not counted yet; the writer's.
    private(set) var cursor: UInt64

    /// s: how many baskets an item is taken to be in besides its own, so that few baskets say little.
    static let shrinkage: Float = 10
    /// A basket's items past these add no pairs: an order for a warehouse says little about them.
    static let basketItemsMax = 200

    /// - Parameter pairBytesMax: what pairs may take.
    init(_ generation: Generation, _ events: LiveEvents, pairBytesMax: Int) {
        self.generation = generation
        self.events = events
        since = generation.newestEvent.map(Int64.init) ?? .min
        newest = Atomic(since)
        cursor = events.oldest
        let items = generation.items
        pairs = PairCounts(items: items.count, bytesMax: pairBytesMax)
        sales = LiveSales(generation)
        factors = ItemFactors(generation, events)
        taken = .allocate(capacity: max(1, items.count))
        reach = .allocate(capacity: max(1, items.count))
        for item in 0..<items.count {
            (taken + item).initialize(to: Atomic(0))
            (reach + item).initialize(to: Atomic(Self.reach(items.taken[item]).bitPattern))
        }
        trainedBaskets = generation.trainedBaskets
    }

    deinit {
        taken.deallocate()
        reach.deallocate()
    }

    /// Memory, about, in bytes.
    package var bytes: Int {
        pairs.count * PairCounts.bytesPerPair + generation.items.count * 24
            + LiveSales.bytes(of: generation) + (factors?.bytes ?? 0)
    }

    package var pairCount: Int { pairs.count }
    package var droppedPairs: Int { pairs.droppedCount }
    /// Baskets since the generation was trained, of those in memory.
    package var basketCount: Int { baskets.load(ordering: .relaxed) }
    package var version: String { generation.version }
    /// Items whose vectors are to be solved anew.
    package var waitingItems: Int { factors?.waitingCount ?? 0 }

    // MARK: Reading, on any thread

    /// The generation's ordinal of an event's item.
    @inline(__always)
    func ordinal(of event: LiveEvents.Event) -> UInt32? { ordinals[event.item] }

    /// In how many of these baskets an item is.
    package func baskets(with item: Int) -> Int { Int(taken[item].load(ordering: .relaxed)) }

    /// The items that most of these baskets hold together with one, and how many; in no order.
    package func partners(of item: Int) -> [(item: Int, count: Int)] {
        (0..<pairs.partnerCount(of: item)).map {
            let partner = pairs.partner($0, of: item)
            return (Int(partner.item), Int(partner.count))
        }
    }

    func counts(_ kind: EventKind) -> Bool { generation.takings.contains(kind) }

    /// Whether the generation counts an event as a taking, whenever it was.
    func isTaking(_ event: LiveEvents.Event) -> Bool { generation.takings.contains(event) }

    /// Whether the generation has anything to learn from an event: a taking since it was trained, or an
    /// older one of something that it does not know her to have taken.
    ///
    /// - Parameter user: whose event it is.
    func wants(_ event: LiveEvents.Event, _ user: IDView?) -> Bool {
        guard isTaking(event) else { return false }
        if event.time > since { return true }
        guard let user, let item = ordinal(of: event) else { return false }
        guard
            let row = generation.userOrdinals.index(
                of: user.assumingMemoryBound(to: UInt8.self)),
            let histories = generation.histories
        else { return true }
        return !histories.columns[histories.row(Int(row))].contains(Int32(bitPattern: item))
    }

    /// Whether what was taken was liked: a low rating says nothing of what else she would take.
    func isLiked(_ event: LiveEvents.Event) -> Bool { event.value >= generation.takings.likedMin }

    /// Days from the newest event that the generation learned from to the newest of all; 0 or more.
    var days: Double { Self.days(from: since, to: newest.load(ordering: .relaxed)) }

    /// The time that ages are told from.
    var now: Int64 { newest.load(ordering: .relaxed) }

    /// What a pair adds to the weight of an edge between its items, 0 to 1: the share that the baskets
    /// since training have in their co-purchase score.
    @inline(__always)
    func weight(_ a: Int, _ b: Int, count: UInt32) -> Float {
        min(1, Float(count) * reach(of: a) * reach(of: b))
    }

    /// How much of what is known of an item was recorded since training, by the baskets with it; 0 to 1.
    @inline(__always)
    func novelty(of item: Int) -> Float {
        let recorded = Float(taken[item].load(ordering: .relaxed))
        return recorded > 0 ? recorded / (recorded + generation.items.taken[item]) : 0
    }

    @inline(__always)
    private func reach(of item: Int) -> Float {
        Float(bitPattern: reach[item].load(ordering: .relaxed))
    }

    /// How many baskets since training hold two items; 0 where they are not among the most frequent.
    func count(_ from: Int, _ to: UInt32) -> UInt32 {
        for place in 0..<pairs.partnerCount(of: from) {
            let partner = pairs.partner(place, of: from)
            if partner.item == to { return partner.count }
        }
        return 0
    }

    /// How often the baskets with one item hold another, by training's counts and those since.
    ///
    /// - Parameter trained: what training counted; nil where it kept nothing of the pair.
    /// - Returns: nil where neither knows of it.
    func facts(
        from: Int, to: UInt32, trained: (lift: Float, confidence: Float)?
    ) -> (lift: Float, confidence: Float)? {
        let count = Float(count(from, to))
        guard count > 0 else { return trained }
        let items = generation.items
        let to = Int(to)
        guard to < items.count else { return trained }
        func recorded(_ item: Int) -> Float { Float(taken[item].load(ordering: .relaxed)) }
        let own = items.taken[from]
        let both = (trained?.confidence ?? 0) * own + count
        let confidence = min(1, both / (own + recorded(from)))
        guard let all = trainedBaskets else { return trained }
        let others = items.taken[to] + recorded(to)
        return (confidence * (all + Float(basketCount)) / others, confidence)
    }

    // MARK: Counting, on one thread

    /// Gives the next item's number its ordinal.
    func learnItem(_ id: IDView) {
        ordinals.append(ordinal(of: id))
    }

    private func ordinal(of id: IDView) -> UInt32? {
        generation.items.ordinal(of: id) ?? generation.items.spelling?.ordinal(of: id)
    }

    /// Takes note that an item was added to the generation.
    ///
    /// - Parameter number: nil where no event had it yet.
    /// - Returns: whether events of it may have been passed over; ``takeLate(_:_:_:)`` is to follow for each.
    func learnAdded(_ id: IDView, _ number: UInt32?) -> Bool {
        guard let ordinal = ordinal(of: id) else { return false }
        sales.expect(Int(ordinal), of: generation)
        guard let number, ordinals[number] == nil else { return false }
        ordinals.set(number, ordinal)
        return true
    }

    /// Counts an event before the cursor that was passed over, as though it had been counted in its place.
    ///
    /// - Parameter late: the items of all that were passed over; of these, events that come later than this one
    ///   are not counted yet.
    func takeLate(
        _ event: LiveEvents.Event, _ basket: [LiveEvents.Event], _ late: Set<UInt32>
    ) {
        guard event.position < cursor else { return }
        take(
            event,
            basket.filter { !late.contains($0.item) || $0.position < event.position }, cursor)
    }

    /// Counts the event at the cursor.
    ///
    /// - Parameter basket: the other events of its basket; those after it are passed over.
    func take(_ event: LiveEvents.Event, _ basket: [LiveEvents.Event]) {
        take(event, basket, event.position + 1)
    }

    private func take(
        _ event: LiveEvents.Event, _ basket: [LiveEvents.Event], _ next: UInt64
    ) {
        cursor = next
        guard let item = counted(event) else { return }
        if event.time > newest.load(ordering: .relaxed) {
            newest.store(event.time, ordering: .relaxed)
        }
        factors?.add(item, event.position)
        change(item, event, basket, sign: 1)
    }

    /// Takes back what an event added, if it was counted.
    func drop(_ event: LiveEvents.Event, _ basket: [LiveEvents.Event]) {
        guard event.position < cursor, let item = counted(event) else { return }
        factors?.remove(item, event.position)
        change(item, event, basket, sign: -1)
    }

    /// Starts anew at the oldest event where what it would have counted next has gone.
    func skip(to oldest: UInt64) { cursor = max(cursor, oldest) }

    /// Makes known what changed with several events: what fell off lists, and what fades with time.
    func refresh() {
        pairs.publish()
        guard since != .min else { return }
        sales.advance(toHour: Int64(days * 24))
    }

    private func change(
        _ item: UInt32, _ event: LiveEvents.Event, _ basket: [LiveEvents.Event], sign: Int
    ) {
        others.removeAll(keepingCapacity: true)
        for other in basket where other.position < cursor && other.position != event.position {
            guard let ordinal = counted(other), !others.contains(ordinal) else { continue }
            others.append(ordinal)
        }
        // An item counts once a basket.
        guard !others.contains(item) else { return }
        if others.isEmpty {
            baskets.store(baskets.load(ordering: .relaxed) + sign, ordering: .relaxed)
        }
        if others.count < Self.basketItemsMax {
            for other in others {
                if sign > 0 { pairs.add(item, other) } else { pairs.remove(item, other) }
            }
        }
        let place = Int(item)
        let count = max(0, Int(taken[place].load(ordering: .relaxed)) + sign)
        taken[place].store(UInt32(count), ordering: .relaxed)
        generation.items.set(isProven: count >= Int(PairCounts.countMin), place)
        reach[place].store(
            Self.reach(generation.items.taken[place] + Float(count)).bitPattern, ordering: .relaxed)
        sales.count(Double(sign), of: place, age: Self.days(from: since, to: event.time))
    }

    /// The item of an event that counts: a taking that was liked, since the generation was trained.
    private func counted(_ event: LiveEvents.Event) -> UInt32? {
        guard event.time > since, !event.isErased, isTaking(event), isLiked(event) else {
            return nil
        }
        return ordinal(of: event)
    }

    private static func reach(_ baskets: Float) -> Float {
        1 / (max(0, baskets) + shrinkage).squareRoot()
    }

    /// 0 where the first is not known, or later.
    private static func days(from: Int64, to: Int64) -> Double {
        from == .min || to <= from ? 0 : Double(to - from) / 86_400
    }
}

/// Which events say to a model that somebody took an item, as in its training.
package struct Takings: Equatable, Sendable {
    private var kinds: UInt8
    /// Whether values are ratings: then one of any value is a taking.
    private var areRatings: Bool
    /// The least value that says that an item was liked.
    package var likedMin: Float

    /// - Parameters:
    ///   - kinds: those that count; nil for purchases.
    ///   - likedMin: nil where every rating says that an item was liked.
    package init(kinds: [EventKind]?, likedMin: Float?) {
        let kinds = kinds ?? [.purchase]
        self.kinds = kinds.reduce(0) { $0 | 1 << $1.rawValue }
        areRatings = kinds == [.rating]
        self.likedMin = areRatings ? likedMin ?? -.infinity : -.infinity
    }

    package func contains(_ kind: EventKind) -> Bool { kinds & 1 << kind.rawValue != 0 }

    package func contains(_ event: LiveEvents.Event) -> Bool {
        contains(event.kind) && (areRatings || event.value > 0)
    }
}
