internal import EmbeddingStore
internal import Interactions
internal import ModelParts

/// Items' vectors with who took them since a model was trained: each is solved anew for its new takers, with
/// everything else as training left it.
///
/// Training made an item's vector y from the vectors x of its takers T. For those who took it since, N, it
/// becomes the vector z that minimizes
///
///     sum over N of (1 - x.z)^2 + (z - y)' A (z - y)
///
/// where A is the system that y was solved from: the weighted Gramian of all users, the sum of x x' over T
/// and the ridge. That is one item's half-step of eALS or iALS, begun where training ended, so that without
/// new takers it is y itself. Shoppers' own vectors are folded in at their calls.
///
/// A vector is a function of the events in memory alone, in their order: whatever goes, or is forgotten,
/// leaves it as though it had never been. Of an item's old takers at most ``oldMax`` stand for all of them,
/// evenly spread, and of new ones the newest ``newMax`` count, so that a popular item takes no longer than others.
///
/// Source: He, Zhang, Kan and Chua 2016, "Fast matrix factorization for online recommendation with implicit
/// feedback", section 4.4, with a whole solve in place of one pass over the coordinates.
///
/// Used by one thread at a time.
final class ItemFactors {
    static let oldMax = 256
    static let newMax = 256
    /// Of the events with which an item was taken, how many are looked at, the newest.
    private static let lookedAtMax = 1_024

    private let generation: Generation
    private let events: LiveEvents
    private let solver: FoldInSolver
    private let scratch: FoldInScratch
    private let items: StoreReader
    private let users: StoreReader
    /// The hashes of the users that training knew, ascending, and their rows.
    private let hashes: [(hash: UInt64, row: Int32)]
    /// By item that training knew, who liked it.
    private let takers: SparseMatrix
    /// By item, the positions of the events with which it was taken since, ascending.
    private var positions: [UInt32: [UInt64]] = [:]
    /// Items whose vectors are to be solved anew, in the order in which they came to be.
    private var waiting: [UInt32] = []
    private var isWaiting: Set<UInt32> = []
    private var next = 0
    /// By item with a vector of its own: what training gave it, and what was put in its place.
    private var own: [UInt32: (trained: [Float], put: [Float])] = [:]
    /// The takers' vectors.
    private let rows: UnsafeMutablePointer<Float>
    private let padded: Int

    /// nil where vectors cannot be folded in, users have none, or there is no room for two more readers.
    init?(_ generation: Generation, _ events: LiveEvents) {
        guard let solver = generation.itemSolver, let histories = generation.histories,
            let items = try? generation.itemStore.makeReader(),
            let users = try? generation.userStore.makeReader()
        else { return nil }
        (self.generation, self.events, self.solver) = (generation, events, solver)
        (self.items, self.users) = (items, users)
        scratch = FoldInScratch(dimensions: generation.dimensions)
        padded = max(items.paddedDimensions, users.paddedDimensions)
        rows = .allocate(capacity: (Self.oldMax + Self.newMax) * padded)
        rows.initialize(repeating: 0, count: (Self.oldMax + Self.newMax) * padded)
        let ids = generation.userOrdinals
        hashes = (0..<ids.count).map { user in
            ids.withBytes(of: user) { (events.hash(ofUser: IDView($0)), Int32(user)) }
        }.sorted { $0.hash < $1.hash }
        takers =
            SparseMatrix(
                rows: histories.rows, columnCount: histories.columnCount,
                entries: (0..<histories.rows).flatMap { user in
                    histories.row(user).filter { histories.values[$0] > 0 }.map {
                        (row: Int32(user), column: histories.columns[$0], value: Float(1))
                    }
                }
            ).transposed()
    }

    deinit { rows.deallocate() }

    /// How many vectors are to be solved anew.
    var waitingCount: Int { waiting.count - next }

    /// Memory, about, in bytes.
    var bytes: Int {
        16 * hashes.count + 8 * takers.nonZeroCount + 8 * generation.dimensions * own.count
            + 4 * (Self.oldMax + Self.newMax) * padded
    }

    func add(_ item: UInt32, _ position: UInt64) {
        var list = positions.removeValue(forKey: item) ?? []
        list.insert(position, at: Self.place(of: position, in: list))
        positions[item] = list
        wait(item)
    }

    func remove(_ item: UInt32, _ position: UInt64) {
        guard var list = positions.removeValue(forKey: item) else { return }
        let place = Self.place(of: position, in: list)
        if place < list.count, list[place] == position { list.remove(at: place) }
        positions[item] = list.isEmpty ? nil : list
        wait(item)
    }

    /// Solves some of the vectors that wait.
    ///
    /// - Returns: whether others still do.
    /// - Complexity: O(count x ((``oldMax`` + ``newMax``) D^2 + D^3)).
    func advance(count: Int) -> Bool {
        for _ in 0..<min(count, waitingCount) {
            let item = waiting[next]
            next += 1
            isWaiting.remove(item)
            update(item)
        }
        items.quiesce()
        users.quiesce()
        guard waitingCount == 0 else { return true }
        waiting.removeAll(keepingCapacity: true)
        next = 0
        return false
    }

    private func wait(_ item: UInt32) {
        if isWaiting.insert(item).inserted { waiting.append(item) }
    }

    /// The place of the first that is no less.
    private static func place(of position: UInt64, in list: [UInt64]) -> Int {
        if let last = list.last, last < position { return list.count }
        return list.firstPlace { $0 >= position }
    }

    private func update(_ item: UInt32) {
        // What was added and is like nothing has no vector until somebody takes it.
        let stored = vector(items, items.row(ordinal: item))
        guard stored != nil || Int(item) >= generation.items.trainedCount else { return }
        let present = stored ?? Array(repeating: 0, count: generation.dimensions)
        // Where somebody put another one meanwhile, that is the one to start from.
        let known = own[item].flatMap { $0.put == present ? $0 : nil }
        let trained = known?.trained ?? present
        let new = newTakers(of: item)
        guard !new.isEmpty, let solved = solve(item, trained, new) else {
            if known != nil { restore(trained, item) }
            own[item] = nil
            return
        }
        put(solved, item)
        guard let stored = vector(items, items.row(ordinal: item)) else { return }
        own[item] = (trained, stored)
    }

    private func put(_ vector: [Float], _ item: UInt32) {
        guard let id = generation.items.id(of: item) else { return }
        // Where there is no room for another copy, the vector stays as it was.
        _ = vector.withUnsafeBufferPointer {
            try? generation.itemStore.put(id, vector: $0, ordinal: item)
        }
    }

    private func restore(_ trained: [Float], _ item: UInt32) {
        guard Int(item) >= generation.items.trainedCount, trained.allSatisfy({ $0 == 0 }) else {
            return put(trained, item)
        }
        if let id = generation.items.id(of: item) { generation.itemStore.delete(id) }
    }

    private func vector(_ reader: StoreReader, _ row: StoreRow?) -> [Float]? {
        guard let row else { return nil }
        var vector = Array(repeating: Float(0), count: reader.paddedDimensions)
        vector.withUnsafeMutableBufferPointer { reader.read(row, into: $0.baseAddress!) }
        return Array(vector.prefix(generation.dimensions))
    }

    /// The rows of those who took an item since training and not before, the newest of them, each once.
    private func newTakers(of item: UInt32) -> [Int32] {
        var found: [Int32] = []
        var seen = Set<Int32>()
        let old = oldTakers(of: item)
        for position in (positions[item] ?? []).suffix(Self.lookedAtMax).reversed() {
            guard found.count < Self.newMax else { break }
            guard let row = row(of: events.event(at: position).user), seen.insert(row).inserted,
                !Self.contains(old, row)
            else { continue }
            found.append(row)
        }
        return found.reversed()
    }

    /// Whether one is among ascending ones.
    private static func contains(_ rows: ArraySlice<Int32>, _ row: Int32) -> Bool {
        let place = rows.firstPlace { $0 >= row }
        return place < rows.endIndex && rows[place] == row
    }

    private func oldTakers(of item: UInt32) -> ArraySlice<Int32> {
        Int(item) < takers.rows ? takers.columns[takers.row(Int(item))] : []
    }

    private func row(of hash: UInt64) -> Int32? {
        let place = hashes.firstPlace { $0.hash >= hash }
        return place < hashes.count && hashes[place].hash == hash ? hashes[place].row : nil
    }

    private func solve(_ item: UInt32, _ trained: [Float], _ new: [Int32]) -> [Float]? {
        let all = oldTakers(of: item)
        let old = (0..<min(all.count, Self.oldMax)).map {
            all[all.startIndex + $0 * all.count / min(all.count, Self.oldMax)]
        }
        var used: [UnsafePointer<Float>] = []
        var oldCount = 0
        for (place, user) in (old + new).enumerated() {
            guard let row = users.row(ordinal: UInt32(bitPattern: user)) else { continue }
            let vector = rows + used.count * padded
            users.read(row, into: vector)
            used.append(UnsafePointer(vector))
            if place < old.count { oldCount = used.count }
        }
        guard used.count > oldCount else { return nil }
        var vector = trained
        let isSolved = used.withUnsafeBufferPointer {
            solver.solve(
                history: $0.baseAddress!, count: $0.count, into: &vector, scratch: scratch) != nil
        }
        guard isSolved else { return nil }
        // What the new takers' ones lack, and of that the share that they have among all takers.
        var rest = Array(repeating: Float(0), count: generation.dimensions)
        for taker in used[oldCount...] {
            var product: Float = 0
            for d in 0..<rest.count { product += taker[d] * trained[d] }
            for d in 0..<rest.count { rest[d] += (1 - product) * taker[d] }
        }
        let newCount = Float(used.count - oldCount)
        let scale = (Float(oldCount) + newCount) / (Float(max(all.count, oldCount)) + newCount)
        solver.explain(item: rest, into: &vector, scratch: scratch)
        for d in 0..<rest.count { vector[d] = trained[d] + scale * vector[d] }
        return vector.allSatisfy(\.isFinite) ? vector : nil
    }
}

extension RandomAccessCollection where Index == Int {
    /// The place of the first element that `holds`, where it holds for all behind it too; the end where it
    /// holds for none.
    ///
    /// - Complexity: O(log count).
    fileprivate func firstPlace(where holds: (Element) -> Bool) -> Int {
        var (low, high) = (startIndex, endIndex)
        while low < high {
            let middle = (low + high) / 2
            if holds(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
