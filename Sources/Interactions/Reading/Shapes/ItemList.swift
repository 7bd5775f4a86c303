/// The column of a file that holds a list of items in each record.
struct ItemList {
    let column: Int
    let name: String
    let layout: ListReader.Layout

    /// Looks for one in the first records; nil where each holds one item.
    ///
    /// A list is plain where it is a JSON array, or where all cells of a column stand between
    /// brackets, or where a column is called `items`, `products` or the like and all its cells
    /// agree on what separates ids. Else `separator` tells.
    ///
    /// - Parameter reader: of the first records; is read to its end.
    /// - Throws: where a column is called so and holds no list that can be told.
    init?(_ reader: any RecordReader, _ wanted: ColumnMapping, separator: String?)
        throws(ReadError)
    {
        let names = reader.names
        guard let column = Self.candidate(names, wanted) else { return nil }
        self.column = column
        name = names[column]
        let cells = Cells(reader, column)
        if let separator {
            guard separator.utf8.count == 1 else {
                throw ReadError(
                    .options, file: reader.file, "a list's separator is one byte, such as |")
            }
            layout = .separated(separator.utf8.first!)
            return
        }
        guard cells.filled > 0 else { return nil }
        if cells.nested > 0 || cells.enclosed == cells.filled {
            layout = .array
            return
        }
        // A column of one item a record may be called anything.
        guard wanted.columns[.item] == nil, usualListNames.contains(plainName(name)) else {
            return nil
        }
        let found = cells.separators.filter { $0.value > 0 }
        guard found.count == 1, 2 * found.first!.value >= cells.filled else {
            throw ReadError(
                .missingColumn, file: reader.file, column: reader.position(of: column),
                "is called as a list of items, and \(cells.example) does not show what separates "
                    + "them; --list-separator '|', say, tells, or --columns item=\(name) that each "
                    + "is one id")
        }
        layout = .separated(found.first!.key)
    }

    /// The mapped item column or the array it is a member of, or the one that is usually called so.
    private static func candidate(_ names: [String], _ wanted: ColumnMapping) -> Int? {
        if let item = wanted.columns[.item] {
            let array = item.split(separator: ".").first.map { String($0) }
            return names.firstIndex(of: item) ?? array.flatMap(names.firstIndex(of:))
        }
        let plain = names.map(plainName)
        return (usualNames(.events)[.item]! + usualListNames).lazy
            .compactMap { plain.firstIndex(of: $0) }.first
    }

    /// What a column's first cells look like.
    private struct Cells {
        var filled = 0
        var nested = 0
        var enclosed = 0
        /// In how many cells each of them is.
        var separators: [UInt8: Int] = [0x7c: 0, 0x3b: 0, 0x2c: 0]
        var example = ""

        init(_ reader: any RecordReader, _ column: Int) {
            for _ in 0..<TableFile.sampleRecords {
                do throws(ReadError) {
                    guard try reader.next() else { return }
                } catch {
                    guard error.code == .badLine else { return }  // met again
                    continue
                }
                let cell = trimmedBlanks(reader.field(column))
                guard !cell.isEmpty else { continue }
                if filled == 0 { example = shown(cell) }
                filled += 1
                if reader.isNested(column) {
                    if cell[0] == UInt8(ascii: "[") { nested += 1 }
                } else if ListReader.isEnclosed(cell) {
                    enclosed += 1
                }
                for separator in separators.keys where cell.contains(separator) {
                    separators[separator]! += 1
                }
            }
        }
    }
}
