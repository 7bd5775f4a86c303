internal import CKernels
internal import ModelParts

/// What is known of each candidate: one column a feature, by ordinal, and the list of candidates.
///
/// Columns reach over all items, so that a source adds to its own without looking anything up; what
/// was touched is cleared for the next request. Invariant: `marks[i] == 1` exactly for the first
/// `count` entries i of the candidates, and every column is 0 elsewhere.
final class CandidateColumns {
    /// The features that sources write, each with its column.
    private let written: [RankerFeature]
    private var columns: [UnsafeMutablePointer<Float>]
    private var marks: UnsafeMutablePointer<UInt8>
    private var candidates: UnsafeMutablePointer<UInt32>
    /// Room for a score of each candidate.
    private var scores: UnsafeMutablePointer<Float>
    private var capacity: Int
    private(set) var count = 0
    /// ``RankerFeature/historyLength`` of the request under way.
    var historyLength: Float = 0
    private let popularity: [Float]

    /// - Parameters:
    ///   - features: the features that any ranker of this engine asks for.
    ///   - popularity: ``RankerFeature/popularity`` by item, or empty.
    init(features: [RankerFeature], items: Int, popularity: [Float]) {
        written = features.filter { $0 != .popularity && $0 != .historyLength }
        capacity = max(16, items)
        columns = written.map { [capacity] _ in Self.zeros(capacity) }
        marks = Self.zeros(capacity)
        // One more, since a kernel writes an item before it knows whether it is new.
        candidates = Self.zeros(capacity + 1)
        scores = Self.zeros(capacity)
        self.popularity = popularity
    }

    deinit {
        for column in columns { column.deallocate() }
        marks.deallocate()
        candidates.deallocate()
        scores.deallocate()
    }

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

    /// Sets a candidate's value of a column.
    func set(_ value: Float, of ordinal: UInt32, in column: Int) {
        columns[column][Int(ordinal)] = value
    }

    /// Where the value of a feature comes from.
    enum Input {
        case column(Int)
        case popularity, historyLength, nothing
    }

    func input(of feature: RankerFeature) -> Input {
        switch feature {
        case .popularity: .popularity
        case .historyLength: .historyLength
        default: column(of: feature).map(Input.column) ?? .nothing
        }
    }

    /// A feature of any item; 0 where no source spoke of it.
    func value(of input: Input, _ ordinal: UInt32) -> Float {
        switch input {
        case .column(let column): value(inColumn: column, ordinal)
        case .popularity: Int(ordinal) < popularity.count ? popularity[Int(ordinal)] : 0
        case .historyLength: historyLength
        case .nothing: 0
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
            case .popularity, .historyLength:
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
