/// Elements that share a key, side by side and in the order given, by one counting sort.
struct Groups {
    /// Where each key's elements start, shape `[keys + 1]`.
    private let starts: [Int]
    private let elements: [Int]

    /// - Parameters:
    ///   - elements: what is grouped.
    ///   - key: of an element; 0 or more, and best dense.
    /// - Complexity: O(elements + largest key).
    init(of elements: [Int], by key: (Int) -> Int32) {
        let keys = elements.map { Int(key($0)) }
        var starts = Array(repeating: 0, count: (keys.max() ?? -1) + 2)
        for key in keys { starts[key + 1] += 1 }
        for key in starts.indices.dropLast() { starts[key + 1] += starts[key] }
        var next = starts
        var grouped = Array(repeating: 0, count: elements.count)
        for (element, key) in zip(elements, keys) {
            grouped[next[key]] = element
            next[key] += 1
        }
        self.starts = starts
        self.elements = grouped
    }

    /// One more than the largest key.
    var count: Int { starts.count - 1 }

    subscript(key: Int) -> ArraySlice<Int> { elements[starts[key]..<starts[key + 1]] }

    /// A key's elements by what `value` says of them, equals in the order given.
    ///
    /// - Complexity: O(n) where they are in order already, as events in a log are.
    func sorted(_ key: Int, by value: (Int) -> Int64) -> ArraySlice<Int> {
        let own = self[key]
        let isSorted = zip(own, own.dropFirst()).allSatisfy { value($0) <= value($1) }
        guard !isSorted else { return own }
        // The place breaks ties, since sorting is not stable by contract.
        let places = own.indices.map { (value: value(own[$0]), place: $0) }
        return places.sorted { ($0.value, $0.place) < ($1.value, $1.place) }
            .map { own[$0.place] }[...]
    }
}
