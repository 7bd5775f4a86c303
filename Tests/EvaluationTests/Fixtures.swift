import Interactions
import ModelParts
import Models

/// Rows that hold the listed columns, with value 1.
func makeMatrix(_ rows: [[Int32]], columns: Int) -> SparseMatrix {
    SparseMatrix(
        rows: rows.count, columnCount: columns,
        entries: rows.enumerated().flatMap { row, columns in
            columns.map { (row: Int32(row), column: $0, value: Float(1)) }
        })
}

/// Users and baskets that take items at random, the first items far more often than the last.
func makeRandomData(users: Int, items: Int, pairs: Int, seed: UInt64) -> TrainingData {
    var generator = SeededGenerator(seed: seed)
    func draw() -> SparseMatrix {
        let entries = (0..<pairs).map { _ in
            let rank = Double(generator.next() >> 11) * 0x1p-53
            return (
                row: Int32.random(in: 0..<Int32(users), using: &generator),
                column: Int32(Double(items) * rank * rank), value: Float(1)
            )
        }
        return SparseMatrix(rows: users, columnCount: items, entries: entries)
    }
    return TrainingData(interactions: draw(), baskets: draw())
}

/// Parts that score every user alike.
func makeParts(scores: [Float]) -> ModelParts { ModelParts(popularity: scores) }

/// A shop's events: user, item, time, and optionally a basket, each by number.
func makeDataset(
    users: Int, items: Int, baskets: Int = 0,
    _ events: [(user: Int32, item: Int32, time: Int64, basket: Int32)]
) -> Dataset {
    var dataset = Dataset()
    dataset.users = IdentifierTable((0..<users).map { "u\($0)" })
    dataset.items = IdentifierTable((0..<items).map { "i\($0)" })
    dataset.baskets = IdentifierTable((0..<baskets).map { "b\($0)" })
    dataset.catalog.grow(to: items)
    for event in events {
        dataset.events.append(
            user: event.user, item: event.item, time: event.time, basket: event.basket)
    }
    return dataset
}
