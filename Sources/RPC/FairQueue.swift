/// A queue that serves its sources in turn, and each source's elements in the order they came.
///
/// Invariant: `order` holds every source with elements exactly once.
package struct FairQueue<Element: Sendable>: Sendable {
    private var lines: [Int: [Element]] = [:]
    /// Who is served next comes first.
    private var order: [Int] = []

    package init() {}

    package var isEmpty: Bool { order.isEmpty }

    package mutating func append(_ element: Element, from source: Int) {
        if lines[source] == nil { order.append(source) }
        lines[source, default: []].append(element)
    }

    /// Takes the first element of the source whose turn it is.
    package mutating func popFirst() -> Element? {
        guard !order.isEmpty else { return nil }
        let source = order.removeFirst()
        let element = lines[source]?.removeFirst()
        if lines[source]?.isEmpty == false { order.append(source) } else { lines[source] = nil }
        return element
    }

    /// Takes out what a source has left of those elements.
    package mutating func removeAll(
        from source: Int, where isUnwanted: (Element) -> Bool = { _ in true }
    ) -> [Element] {
        let line = lines[source] ?? []
        let rest = line.filter { !isUnwanted($0) }
        if rest.isEmpty { order.removeAll { $0 == source } }
        lines[source] = rest.isEmpty ? nil : rest
        return line.filter(isUnwanted)
    }
}
