import Interactions
import Testing

@Suite struct TableTests {
    @Test("A table of ids does what a dictionary does")
    func identifiers() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededGenerator(seed: seed)
        var table = IdentifierTable()
        var reference: [String: Int32] = [:]
        var order: [String] = []
        for _ in 0..<20_000 {
            let length = Int.random(in: 1...4, using: &random)
            let id = String((0..<length).map { _ in "abcé☕1".randomElement(using: &random)! })
            #expect(table.index(of: id) == reference[id], "\(id), seed \(seed)")
            if Bool.random(using: &random) {
                if reference[id] == nil {
                    reference[id] = Int32(order.count)
                    order.append(id)
                }
                #expect(table.insert(id) == reference[id])
            }
        }
        #expect(table.count == order.count)
        #expect(order.indices.allSatisfy { table[$0] == order[$0] })
        #expect(table.bytes.count == order.reduce(0) { $0 + $1.utf8.count })
        #expect(IdentifierTable(["x", "y", "x"]).count == 2)
    }

    @Test("A matrix holds the sums of its entries, and its transpose holds them mirrored")
    func sparseMatrix() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededGenerator(seed: seed)
        for (rows, columns, count) in [(0, 0, 0), (3, 2, 0), (1, 1, 9), (7, 5, 60), (40, 90, 800)] {
            var entries: [(row: Int32, column: Int32, value: Float)] = []
            var reference: [[Int32]: Float] = [:]
            for _ in 0..<count {
                let row = Int32.random(in: 0..<Int32(rows), using: &random)
                let column = Int32.random(in: 0..<Int32(columns), using: &random)
                let value = Float(Int.random(in: -8...8, using: &random))
                entries.append((row, column, value))
                reference[[row, column], default: 0] += value
            }
            let matrix = SparseMatrix(rows: rows, columnCount: columns, entries: entries)
            #expect(cells(matrix) == reference, "seed \(seed)")
            let mirrored = Dictionary(
                uniqueKeysWithValues: reference.map { ([$0.key[1], $0.key[0]], $0.value) })
            #expect(cells(matrix.transposed()) == mirrored, "seed \(seed)")
            #expect(matrix.transposed().columnCount == rows)
        }
    }

    /// The matrix as a dictionary; checks that columns ascend.
    private func cells(_ matrix: SparseMatrix) -> [[Int32]: Float] {
        var cells: [[Int32]: Float] = [:]
        for row in 0..<matrix.rows {
            let range = matrix.row(row)
            for entry in range {
                #expect(
                    entry == range.lowerBound || matrix.columns[entry - 1] < matrix.columns[entry])
                cells[[Int32(row), matrix.columns[entry]]] = matrix.values[entry]
            }
        }
        #expect(cells.count == matrix.nonZeroCount)
        return cells
    }

    @Test("Histories are those of a plain computation")
    func histories() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededGenerator(seed: seed)
        var dataset = Dataset()
        for user in 0..<9 { dataset.users.insert("u\(user)") }
        for item in 0..<6 { dataset.items.insert("i\(item)") }
        for basket in 0..<30 { dataset.baskets.insert("b\(basket)") }
        for _ in 0..<400 {
            dataset.events.append(
                user: Int32.random(in: -1..<8, using: &random),
                item: Int32.random(in: 0..<6, using: &random),
                kind: EventKind.allCases.randomElement(using: &random)!,
                time: Int.random(in: 0..<9, using: &random) == 0
                    ? EventTable.noTime : Int64.random(in: 0..<40, using: &random),
                basket: Int32.random(in: -1..<29, using: &random))
        }
        let events = dataset.events
        for (kinds, lengthMax) in [
            (EventKind.positive, nil), (Set([.view, .return]), nil), (EventKind.positive, 5),
            (EventKind.positive, 0), ([], nil),
        ] as [(Set<EventKind>, Int?)] {
            let histories = dataset.histories(kinds: kinds, lengthMax: lengthMax)
            #expect(histories.offsets.count == 10)
            for user in 0..<9 {
                let all = (0..<400)
                    .filter { events.users[$0] == user && kinds.contains(events.kinds[$0]) }
                    .sorted { (events.times[$0], $0) < (events.times[$1], $1) }
                let expected = all.suffix(lengthMax ?? 400)
                let range = histories.range(of: user)
                #expect(histories.events[range].map(Int.init) == Array(expected), "seed \(seed)")
                #expect(Array(histories.items[range]) == expected.map { events.items[$0] })
            }
        }
    }
}
