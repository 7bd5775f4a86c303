/// Several columns that make one id together: their texts with `/` between them.
final class JoinedColumns {
    private let columns: [Int]
    private var buffer: [UInt8] = []
    private var lent = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: 256)

    init(_ columns: [Int]) { self.columns = columns }

    deinit { lent.deallocate() }

    /// The joined text, lent until the next call; empty where a column is.
    func text(_ reader: some RecordReader, missing: MissingValues) -> UnsafeBufferPointer<UInt8> {
        buffer.removeAll(keepingCapacity: true)
        for (place, column) in columns.enumerated() {
            let part = trimmedBlanks(reader.field(column))
            if missing.take(part) { return UnsafeBufferPointer(start: nil, count: 0) }
            if place > 0 { buffer.append(UInt8(ascii: "/")) }
            buffer.append(contentsOf: part)
        }
        if buffer.count > lent.count {
            lent.deallocate()
            lent = .allocate(capacity: 2 * buffer.count)
        }
        _ = lent.update(from: buffer)
        return UnsafeBufferPointer(rebasing: lent[..<buffer.count])
    }
}
