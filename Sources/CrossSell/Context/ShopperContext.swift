internal import CKernels
internal import EmbeddingStore
internal import Interactions
internal import ModelParts

/// Who asks and about what, as ordinals: what a query's ids come to in one generation.
///
/// Scratch of one engine, filled anew for each request.
///
/// Its variables are used by one thread and never by two accesses at once; that is not checked as the
/// program runs, which would take a tenth of a small call.
final class ShopperContext {
    /// Items in the basket now, each once, in the order given.
    @exclusivity(unchecked) private(set) var basket: [UInt32] = []
    /// Items taken before, each once, oldest first; the newest `historyItems` of them.
    @exclusivity(unchecked) private(set) var past: [UInt32] = []
    /// Scratch.
    @exclusivity(unchecked) private var newest: [UInt32] = []
    /// The row of the known user in histories and user lists, where no history came with the call.
    @exclusivity(unchecked) private(set) var userRow: Int?
    /// The row of the shopper's vector, under the same condition; valid until the engine's turn ends.
    @exclusivity(unchecked) private(set) var storedRow: StoreRow?
    /// Ids of basket, history and rules that the generation does not know.
    @exclusivity(unchecked) private(set) var unknown: [IDView] = []
    /// What is known of each item in this request.
    let flags: ItemFlags
    /// What she took by the events in memory; nil where nothing is learned while serving.
    private let live: LiveShopper?

    private let generation: Generation
    private let limits: EngineLimits
    private let substitutes: NeighborLists?

    init(
        _ generation: Generation, _ live: LiveShopper?, limits: EngineLimits,
        now: @escaping () -> Int64
    ) {
        self.generation = generation
        self.live = live
        self.limits = limits
        substitutes = generation.relations[.substitute]
        let most = limits.basketItems + 2 * limits.exclusions + limits.historyItems
        let longest = substitutes.map { lists in
            (1..<lists.offsets.count).reduce(0) { max($0, lists.range(of: $1 - 1).count) }
        }
        flags = ItemFlags(
            generation.items,
            flaggedMax: most + ShopperHabits.habitsMax + 2 * LiveShopper.eventsMax + limits
                .basketItems * (longest ?? 0),
            now: now)
        basket.reserveCapacity(limits.basketItems)
        past.reserveCapacity(limits.historyItems + LiveShopper.eventsMax)
        newest.reserveCapacity(LiveShopper.eventsMax)
        unknown.reserveCapacity(most)
    }

    /// Whether the shopper has events in memory that the generation counts.
    var hasLiveEvents: Bool { live?.isEmpty == false }

    /// Reads what a user took by the events in memory, and nothing else of her.
    func readLive(_ user: IDView) { live?.read(user) }

    /// What was read of her last, newest first.
    var liveItems: [UInt32] {
        guard let live else { return [] }
        return (0..<live.count).reversed().map { live[$0].ordinal }
    }

    /// The past items whose lists are summed.
    var listedPast: ArraySlice<UInt32> {
        basket.isEmpty ? past[...] : past.suffix(limits.historyItemsBesideBasket)
    }

    /// How many different items basket and history name together.
    var length: Int {
        basket.reduce(past.count) { $0 + (flags.has(.boughtBefore, $1) ? 0 : 1) }
    }

    /// Reads a query. One look-up an id.
    ///
    /// - Parameter vectorSuffices: whether what a known user took can be left unread where she has a
    ///   stored vector, since nothing else of her is asked.
    func read(
        _ query: borrowing Query, _ lookUp: ItemLookUp, users: StoreReader, vectorSuffices: Bool
    ) {
        flags.removeAll()
        basket.removeAll(keepingCapacity: true)
        past.removeAll(keepingCapacity: true)
        unknown.removeAll(keepingCapacity: true)
        userRow = nil
        storedRow = nil
        live?.removeAll()
        for id in query.basket {
            guard let ordinal = known(id, lookUp) else { continue }
            if flags.insert(.inBasket, ordinal) { basket.append(ordinal) }
        }
        if query.history.isEmpty {
            if let user = query.user {
                live?.read(user)
                readUser(user, users, vectorSuffices: vectorSuffices)
            }
        } else {
            for id in query.history {
                guard let ordinal = known(id, lookUp) else { continue }
                if flags.insert(.boughtBefore, ordinal) { past.append(ordinal) }
            }
        }
        for id in query.rules.exclusions {
            if let ordinal = known(id, lookUp) { _ = flags.insert(.excluded, ordinal) }
        }
        for id in query.rules.allowed {
            if let ordinal = known(id, lookUp) { _ = flags.insert(.named, ordinal) }
        }
        if query.rules.leavesOutSubstitutes { noteSubstitutes() }
    }

    private func noteSubstitutes() {
        guard let substitutes else { return }
        for item in basket where Int(item) < generation.items.trainedCount {
            for edge in substitutes.range(of: Int(item)) {
                _ = flags.insert(.substitute, UInt32(bitPattern: substitutes.items[edge]))
            }
        }
    }

    /// Notes more items that she bought, whose lists are not summed: a long history's oldest, which
    /// may still be among her habits.
    func noteBought(_ items: UnsafeBufferPointer<Int32>) {
        for item in items { _ = flags.insert(.boughtBefore, UInt32(bitPattern: item)) }
    }

    private func readUser(_ user: IDView, _ users: StoreReader, vectorSuffices: Bool) {
        if let folding = generation.items.spelling?.folding, folding.composes,
            user.contains(where: { $0 >= 0x80 }),
            generation.userOrdinals.index(of: user.assumingMemoryBound(to: UInt8.self)) == nil
        {
            // Users were composed when events were read; their case was not touched.
            var text = IdentifierFolding(foldsCase: false, composes: true)
                .folded(String(decoding: user, as: UTF8.self))
            return text.withUTF8 {
                readKnownUser(IDView($0), users, vectorSuffices: vectorSuffices)
            }
        }
        readKnownUser(user, users, vectorSuffices: vectorSuffices)
    }

    private func readKnownUser(_ user: IDView, _ users: StoreReader, vectorSuffices: Bool) {
        // Who took nothing has zeros, which say nothing.
        if generation.dimensions > 0, let row = users.find(user), row.norm > 0 {
            storedRow = row
            if vectorSuffices, !hasLiveEvents { return }
        }
        if generation.histories != nil || generation.userLists != nil {
            userRow = generation.userOrdinals.index(of: user.assumingMemoryBound(to: UInt8.self))
                .map { Int($0) }
        }
        guard let live, !live.isEmpty else { return readHistory() }
        // The newest first, so that what she took again stands where she took it last.
        newest.removeAll(keepingCapacity: true)
        note(live) { $0.isNew || userRow == nil }
        readHistory()
        var grows = !newest.isEmpty || live.hasNew
        for item in newest.reversed() { past.append(item) }
        guard userRow != nil else { return trim() }
        // What training has not, though it is older than what it has.
        newest.removeAll(keepingCapacity: true)
        note(live) { !$0.isNew }
        if !newest.isEmpty {
            grows = true
            newest.reverse()
            past.insert(contentsOf: newest, at: 0)
        }
        trim()
        // A history that has grown is folded in anew, where the model says how.
        if grows, generation.foldIn != nil { storedRow = nil }
    }

    /// Collects, newest first, what a shopper took and liked and what is not flagged yet.
    private func note(_ live: LiveShopper, _ isIncluded: (LiveShopper.Taking) -> Bool) {
        for place in (0..<live.count).reversed() where isIncluded(live[place]) {
            let taking = live[place]
            if flags.insert(.boughtBefore, taking.ordinal), taking.isLiked {
                newest.append(taking.ordinal)
            }
        }
    }

    /// Leaves the newest past items, as many as count.
    private func trim() {
        if past.count > limits.historyItems {
            past.removeFirst(past.count - limits.historyItems)
        }
    }

    /// Adds what training knew that she took.
    private func readHistory() {
        guard let row = userRow, let histories = generation.histories else { return }
        let entries = histories.row(row).suffix(limits.historyItems)
        guard !generation.hasDislikes else { return readRated(entries, histories) }
        histories.columns.withUnsafeBufferPointer {
            flags.insert(.boughtBefore, UnsafeBufferPointer(rebasing: $0[entries]), new: &past)
        }
    }

    /// What she rated low was taken, and says nothing of what else she would take.
    private func readRated(_ entries: Range<Int>, _ histories: SparseMatrix) {
        for entry in entries {
            let ordinal = UInt32(bitPattern: histories.columns[entry])
            if flags.insert(.boughtBefore, ordinal), histories.values[entry] > 0 {
                past.append(ordinal)
            }
        }
    }

    private func known(_ id: IDView, _ lookUp: ItemLookUp) -> UInt32? {
        if let ordinal = lookUp.ordinal(of: id) { return ordinal }
        unknown.append(id)
        return nil
    }
}

/// Finds items by id, and their vectors by ordinal; one an engine.
final class ItemLookUp {
    let items: ItemTable
    let reader: StoreReader
    let hasVectors: Bool
    /// The last vector that was asked for.
    private let widened: UnsafeMutablePointer<Float>

    init(items: ItemTable, reader: StoreReader, hasVectors: Bool) {
        (self.items, self.reader, self.hasVectors) = (items, reader, hasVectors)
        widened = .allocate(capacity: reader.paddedDimensions)
    }

    deinit { widened.deallocate() }

    /// The item's ordinal; nil where neither catalog nor store knows the id.
    func ordinal(of id: IDView) -> UInt32? {
        if let ordinal = items.ordinal(of: id) { return ordinal }
        if hasVectors, let ordinal = reader.find(id)?.ordinal { return ordinal }
        return items.spelling?.ordinal(of: id)
    }

    /// The item's row of the store; nil where it has none, or where it was deleted.
    func row(of ordinal: UInt32) -> StoreRow? {
        hasVectors ? reader.row(ordinal: ordinal) : nil
    }

    /// The item's vector, shape `[D]` and zeros after it; nil as ``row(of:)``. Valid until the next call
    /// of this or of ``product(_:_:)``.
    func vector(of ordinal: UInt32) -> UnsafePointer<Float>? {
        row(of: ordinal).map(vector)
    }

    /// A row's vector, likewise.
    func vector(of row: StoreRow) -> UnsafePointer<Float> {
        reader.read(row, into: widened)
        return UnsafePointer(widened)
    }

    /// The inner product of two rows.
    func product(_ a: StoreRow, _ b: StoreRow) -> Float { reader.product(vector(of: a), b) }

    /// The inner product of two padded vectors.
    func dot(_ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>) -> Float {
        var (row, score): (UnsafePointer<Float>?, Float) = (b, 0)
        sc_dot_rows(a, &row, 1, reader.paddedDimensions, &score)
        return score
    }

    /// The item's id; nil where it was put while serving and deleted since.
    func id(of ordinal: UInt32) -> IDView? { items.id(of: ordinal) ?? row(of: ordinal)?.id }
}
