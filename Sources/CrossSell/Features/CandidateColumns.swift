internal import CKernels
internal import ModelParts
internal import Synchronization

/// What is known of each candidate: one column a feature, by ordinal, and the list of candidates.
///
/// Columns reach over all items, so that a source adds to its own without looking anything up; what
/// was touched is cleared for the next request. Invariant: `marks[i] == 1` exactly for the first
/// `count` entries i of the candidates, and every column is 0 elsewhere.
///
/// Its variables are used by one thread and never by two accesses at once; that is not checked as the
/// program runs, which would take a tenth of a small call.
final class CandidateColumns {
    /// The features that sources write, each with its column.
    private let written: [RankerFeature]
    @exclusivity(unchecked) private var columns: [UnsafeMutablePointer<Float>]
    @exclusivity(unchecked) private var marks: UnsafeMutablePointer<UInt8>
    @exclusivity(unchecked) private var candidates: UnsafeMutablePointer<UInt32>
    /// Room for a score of each candidate.
    @exclusivity(unchecked) private var scores: UnsafeMutablePointer<Float>
    @exclusivity(unchecked) private var capacity: Int
    @exclusivity(unchecked) private(set) var count = 0
    /// Facts of the request under way, the same for all candidates.
    @exclusivity(unchecked) private var facts: [Float]
    private static let factFeatures: [RankerFeature] = [
        .historyLength, .basketLength, .basketCount,
    ]
    /// What is known of items whoever asks, by feature.
    private let itemFacts: [(feature: RankerFeature, values: [Float])]
    /// What stands for their values where something is learned while serving, `liveCount` of each; nil where
    /// nothing is.
    private let liveFacts: [UnsafePointer<Atomic<UInt32>>?]
    private let liveCount: Int
    /// What `liveFacts` points into.
    private let sales: LiveSales?
    /// What the shopper bought before; nil where no ranker asks.
    let habits: ShopperHabits?

    /// - Parameters:
    ///   - features: the features that any ranker of this engine asks for.
    ///   - itemFacts: the values of those that are facts of items, by ordinal.
    ///   - sales: what some of them are by now; nil where nothing is learned while serving.
    init(
        features: [RankerFeature], items: Int,
        itemFacts: [(feature: RankerFeature, values: [Float])], sales: LiveSales?,
        habits: ShopperHabits?
    ) {
        let given = itemFacts.map(\.feature) + Self.factFeatures
        written = features.filter { !given.contains($0) && !$0.isHabit }
        capacity = max(16, items)
        columns = written.map { [capacity] _ in Self.zeros(capacity) }
        marks = Self.zeros(capacity)
        // One more, since a kernel writes an item before it knows whether it is new.
        candidates = Self.zeros(capacity + 1)
        scores = Self.zeros(capacity)
        facts = Self.factFeatures.map { _ in 0 }
        self.itemFacts = itemFacts
        self.sales = sales
        liveCount = items
        liveFacts = itemFacts.map { sales?.values(of: $0.feature) }
        self.habits = habits
    }

    deinit {
        for column in columns { column.deallocate() }
        marks.deallocate()
        candidates.deallocate()
        scores.deallocate()
    }

    /// Ordinals that there is room for.
    var itemCount: Int { capacity }

    subscript(position: Int) -> UInt32 { candidates[position] }

    func contains(_ ordinal: UInt32) -> Bool {
        Int(ordinal) < capacity && marks[Int(ordinal)] != 0
    }

    func removeAll() {
        let (marks, candidates, count) = (marks, candidates, count)
        for position in 0..<count { marks[Int(candidates[position])] = 0 }
        for column in columns {
            for position in 0..<count { column[Int(candidates[position])] = 0 }
        }
        self.count = 0
    }

    /// Where a feature's column is; nil where nobody asks for the feature.
    func column(of feature: RankerFeature) -> Int? { written.firstIndex(of: feature) }

    /// Adds a candidate unless it is one.
    func add(_ ordinal: UInt32) {
        if Int(ordinal) >= capacity { grow(toHold: Int(ordinal)) }
        guard marks[Int(ordinal)] == 0 else { return }
        marks[Int(ordinal)] = 1
        candidates[count] = ordinal
        count += 1
    }

    /// Adds the items that edges lead to, with `share` times each edge's weight in a column.
    func add(_ edges: UnsafeBufferPointer<sc_edge>, share: Float, to column: Int) {
        guard let first = edges.baseAddress else { return }
        count = sc_edges_add(
            first, edges.count, share, columns[column], marks, candidates, count)
    }

    /// Raises a column to the weights of edges whose items are candidates.
    func raise(_ edges: UnsafeBufferPointer<sc_edge>, in column: Int) {
        guard let first = edges.baseAddress else { return }
        sc_edges_max(first, edges.count, columns[column])
    }

    /// Sets a fact of the request under way.
    func set(_ fact: RankerFeature, to value: Float) {
        facts[Self.factFeatures.firstIndex(of: fact)!] = value
    }

    /// Sets a candidate's value of a column.
    func set(_ value: Float, of ordinal: UInt32, in column: Int) {
        columns[column][Int(ordinal)] = value
    }

    /// Where the value of a feature comes from.
    enum Input {
        case column(Int)
        /// A place among the facts of items, or of the request.
        case item(Int)
        case request(Int)
        case habit(RankerFeature)
        case nothing
    }

    func input(of feature: RankerFeature) -> Input {
        if let place = itemFacts.firstIndex(where: { $0.feature == feature }) {
            return .item(place)
        }
        if let place = Self.factFeatures.firstIndex(of: feature) { return .request(place) }
        if feature.isHabit { return habits == nil ? .nothing : .habit(feature) }
        return column(of: feature).map(Input.column) ?? .nothing
    }

    /// A feature of any item; 0 where no source spoke of it.
    func value(of input: Input, _ ordinal: UInt32) -> Float {
        switch input {
        case .column(let column): return value(inColumn: column, ordinal)
        case .item(let place):
            if let live = liveFacts[place] {
                return Int(ordinal) < liveCount
                    ? Float(bitPattern: live[Int(ordinal)].load(ordering: .relaxed)) : 0
            }
            let values = itemFacts[place].values
            return Int(ordinal) < values.count ? values[Int(ordinal)] : 0
        case .request(let place): return facts[place]
        case .habit(let feature): return habits!.value(feature, ordinal)
        case .nothing: return 0
        }
    }

    /// The same of many items, in their order.
    func fill(
        _ input: Input, _ ordinals: UnsafeBufferPointer<UInt32>,
        into values: UnsafeMutablePointer<Float>
    ) {
        switch input {
        case .column(let column):
            let (own, capacity) = (columns[column], capacity)
            for (place, ordinal) in ordinals.enumerated() {
                values[place] = Int(ordinal) < capacity ? own[Int(ordinal)] : 0
            }
        case .item(let place):
            if let live = liveFacts[place] {
                for (place, ordinal) in ordinals.enumerated() {
                    values[place] =
                        Int(ordinal) < liveCount
                        ? Float(bitPattern: live[Int(ordinal)].load(ordering: .relaxed)) : 0
                }
                return
            }
            itemFacts[place].values.withUnsafeBufferPointer { own in
                for (place, ordinal) in ordinals.enumerated() {
                    values[place] = Int(ordinal) < own.count ? own[Int(ordinal)] : 0
                }
            }
        case .request(let place): values.update(repeating: facts[place], count: ordinals.count)
        case .habit(let feature): habits!.fill(feature, ordinals, into: values)
        case .nothing: values.update(repeating: 0, count: ordinals.count)
        }
    }

    /// Gives the candidates from a position on a weighted sum of their features, the same to the bit
    /// as adding up one candidate's in their order.
    ///
    /// - Returns: as many scores as candidates, by position; valid until the next call.
    /// - Complexity: O(candidates x inputs).
    func sums(
        from position: Int, _ inputs: [Input], _ weights: [Float], bias: Float
    ) -> UnsafeMutablePointer<Float> {
        let (scores, candidates, count) = (scores, candidates, count)
        for place in position..<count { scores[place] = bias }
        for (input, weight) in zip(inputs, weights) {
            switch input {
            case .column(let column):
                let values = columns[column]
                for place in position..<count {
                    scores[place] += weight * values[Int(candidates[place])]
                }
            case .item, .request, .habit:
                for place in position..<count {
                    scores[place] += weight * value(of: input, candidates[place])
                }
            case .nothing: break
            }
        }
        return scores
    }

    /// The candidates by position; valid until the next one is added.
    var all: UnsafeBufferPointer<UInt32> { UnsafeBufferPointer(start: candidates, count: count) }

    func value(inColumn column: Int, _ ordinal: UInt32) -> Float {
        Int(ordinal) < capacity ? columns[column][Int(ordinal)] : 0
    }

    private func grow(toHold ordinal: Int) {
        let larger = max(ordinal + 1, capacity * 2)
        for column in columns.indices {
            columns[column] = Self.moved(columns[column], capacity, to: larger)
        }
        marks = Self.moved(marks, capacity, to: larger)
        candidates = Self.moved(candidates, capacity + 1, to: larger + 1)
        scores = Self.moved(scores, capacity, to: larger)
        capacity = larger
    }

    private static func zeros<T: Numeric>(_ count: Int) -> UnsafeMutablePointer<T> {
        let memory = UnsafeMutablePointer<T>.allocate(capacity: count)
        memory.initialize(repeating: 0, count: count)
        return memory
    }

    private static func moved<T: Numeric>(
        _ memory: UnsafeMutablePointer<T>, _ count: Int, to larger: Int
    ) -> UnsafeMutablePointer<T> {
        let moved: UnsafeMutablePointer<T> = zeros(larger)
        moved.update(from: memory, count: count)
        memory.deallocate()
        return moved
    }
}
