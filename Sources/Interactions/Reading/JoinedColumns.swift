/// Several columns that make one id together: their texts with `/` between them.
final class JoinedColumns {
    private let columns: [Int]
    private var joined = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: 256)

    init(_ columns: [Int]) { self.columns = columns }

    deinit { joined.deallocate() }

    /// The joined text, lent until the next call; empty where a column is.
    func text(_ reader: some RecordReader, missing: MissingValues) -> UnsafeBufferPointer<UInt8> {
        var count = 0
        for column in columns {
            let part = trimmedBlanks(reader.field(column))
            if missing.take(part) { return UnsafeBufferPointer(start: nil, count: 0) }
            makeRoom(for: count + part.count + 1, keeping: count)
            if count > 0 {
                joined[count] = UInt8(ascii: "/")
                count += 1
            }
            _ = UnsafeMutableBufferPointer(rebasing: joined[count...]).update(from: part)
            count += part.count
        }
        return UnsafeBufferPointer(rebasing: joined[..<count])
    }

    private func makeRoom(for bytes: Int, keeping count: Int) {
        guard bytes > joined.count else { return }
        let larger = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: 2 * bytes)
        _ = larger.update(from: joined[..<count])
        joined.deallocate()
        joined = larger
    }
}
