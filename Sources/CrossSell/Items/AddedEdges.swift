internal import CKernels
internal import Synchronization

/// Edges from and to the items that a generation was told of since it was trained, beside the lists of its
/// training: what is to be expected of them by what they are described like.
///
/// The list of an item holds its strongest edges, in no order; each is stored whole, so that any thread
/// reads while one adds.
///
/// `@unchecked Sendable`: lists are atomic words in memory that lasts as long as the object.
final class AddedEdges: @unchecked Sendable {
    /// The edges from one of the items that were added, and the new edges from any other, at most.
    static let ownMax = 100
    private let trained: EdgeLists
    private let targetsMax: Int
    private let itemCount: Int
    /// By item, where its list is: its length, and then the words, an item above the bits of a weight.
    private let lists: UnsafeMutablePointer<Atomic<UInt>>

    /// - Parameters:
    ///   - trained: the lists that edges are expected by; their items are those that training knew.
    ///   - itemCount: those, and as many as can be added.
    ///   - targetsMax: the most edges that an item that training knew gains.
    init(beside trained: EdgeLists, itemCount: Int, targetsMax: Int) {
        (self.trained, self.itemCount) = (trained, itemCount)
        self.targetsMax = targetsMax
        lists = .allocate(capacity: max(1, itemCount))
        for item in 0..<itemCount { (lists + item).initialize(to: Atomic(0)) }
    }

    deinit {
        for item in 0..<itemCount { list(of: item)?.deallocate() }
        lists.deallocate()
    }

    // MARK: Reading, on any thread

    /// How many edges an item has here.
    @inline(__always)
    func count(of item: Int) -> Int {
        guard item < itemCount, let list = list(of: item) else { return 0 }
        return Int(list[0].load(ordering: .acquiring))
    }

    @inline(__always)
    func edge(_ place: Int, of item: Int) -> sc_edge {
        let word = list(of: item)![place + 1].load(ordering: .relaxed)
        return sc_edge(
            item: UInt32(word >> 32),
            weight: Float(bitPattern: UInt32(truncatingIfNeeded: word)))
    }

    @inline(__always)
    private func list(of item: Int) -> UnsafeMutablePointer<Atomic<UInt64>>? {
        UnsafeMutablePointer(bitPattern: lists[item].load(ordering: .acquiring))
    }

    // MARK: Adding, on one thread at a time

    /// Adds the edges that are expected of new items: from one, the sum of the lists of its likes by their
    /// shares; to one, from any item the sum of the weights with which that leads to its likes.
    ///
    /// - Parameter new: ordinals, each with what it is like.
    /// - Complexity: O(all edges), once for all of them, and those from and to their likes.
    func add(_ new: [(ordinal: UInt32, likes: [(item: Int32, share: Float)])]) {
        var sums: [UInt32: Float] = [:]
        for (ordinal, likes) in new {
            sums.removeAll(keepingCapacity: true)
            for like in likes {
                for edge in trained[clamped: UInt32(bitPattern: like.item)] {
                    sums[edge.item, default: 0] += like.share * edge.weight
                }
            }
            let best = sums.filter { $0.value > 0 }
                .sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(Self.ownMax)
            for (item, weight) in best {
                insert(sc_edge(item: item, weight: weight), from: Int(ordinal), max: Self.ownMax)
            }
        }
        // By item, the new ones that are like it.
        var places: [Int32] = Array(repeating: -1, count: trained.rows)
        var wanted: [[(new: Int, share: Float)]] = []
        for (place, (_, likes)) in new.enumerated() {
            for like in likes where Int(like.item) < trained.rows {
                if places[Int(like.item)] < 0 {
                    places[Int(like.item)] = Int32(wanted.count)
                    wanted.append([])
                }
                wanted[Int(places[Int(like.item)])].append((place, like.share))
            }
        }
        guard !wanted.isEmpty else { return }
        var gained: [Int: Float] = [:]
        for source in 0..<trained.rows {
            gained.removeAll(keepingCapacity: true)
            for edge in trained[source] where places[Int(edge.item)] >= 0 {
                for (place, share) in wanted[Int(places[Int(edge.item)])] {
                    gained[place, default: 0] += share * edge.weight
                }
            }
            for (place, weight) in gained.sorted(by: { $0.key < $1.key }) where weight > 0 {
                insert(
                    sc_edge(item: new[place].ordinal, weight: weight), from: source,
                    max: targetsMax)
            }
        }
    }

    /// Adds an edge, in place of the weakest where the list is full and that is weaker.
    private func insert(_ edge: sc_edge, from item: Int, max most: Int) {
        let list = self.list(of: item) ?? makeList(item, most)
        let used = Int(list[0].load(ordering: .relaxed))
        let word = UInt64(edge.item) << 32 | UInt64(edge.weight.bitPattern)
        guard used == most else {
            list[used + 1].store(word, ordering: .relaxed)
            return list[0].store(UInt64(used + 1), ordering: .releasing)
        }
        // Bits of positive weights are in their order.
        func isStronger(_ a: UInt64, _ b: UInt64) -> Bool {
            let (mine, other) = (UInt32(truncatingIfNeeded: a), UInt32(truncatingIfNeeded: b))
            return mine != other ? mine > other : a >> 32 < b >> 32
        }
        var weakest = 1
        for place in 2..<used + 1
        where isStronger(
            list[weakest].load(ordering: .relaxed), list[place].load(ordering: .relaxed))
        {
            weakest = place
        }
        guard isStronger(word, list[weakest].load(ordering: .relaxed)) else { return }
        list[weakest].store(word, ordering: .relaxed)
    }

    private func makeList(_ item: Int, _ most: Int) -> UnsafeMutablePointer<Atomic<UInt64>> {
        let list = UnsafeMutablePointer<Atomic<UInt64>>.allocate(capacity: most + 1)
        for place in 0...most { (list + place).initialize(to: Atomic(0)) }
        lists[item].store(UInt(bitPattern: list), ordering: .releasing)
        return list
    }
}
