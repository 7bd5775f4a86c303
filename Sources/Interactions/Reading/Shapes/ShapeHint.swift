/// What a table without a column for the item may be instead, and how it is read.
struct ShapeHint {
    /// Ends a sentence.
    let text: String

    /// nil where the file's beginning shows none of the known shapes.
    init?(_ sample: [UInt8], _ kind: RecordKind, _ names: [String]) {
        if case .json = kind {
            guard let text = Self.wrapper(sample) else { return nil }
            self.text = text
            return
        }
        guard case .delimited(let layout) = kind else { return nil }
        let rows = Self.rows(sample, layout)
        if let line = Self.laterHeader(sample, layout) {
            text = "line \(line) looks like the header; leave out the lines before it"
            return
        }
        let widths = Set(rows.map(\.count))
        let isBlank =
            rows.prefix(20).allSatisfy { $0.count == 1 }
            && rows.prefix(20).contains { $0[0].split(separator: 32).count > 2 }
        if isBlank || widths.count > 1, rows.count > 1 {
            let fields =
                isBlank
                ? "blanks between numbers" : "\(widths.min()!) to \(widths.max()!) fields"
            text =
                "its lines have \(fields), as where a line is one basket (--format baskets reads "
                + "that) or a user and all her items (--format user-items)"
            return
        }
        let cells = rows.dropFirst()
        let flags = names.indices.filter { column in
            cells.allSatisfy { row in
                column < row.count
                    && Array(row[column]).withUnsafeBufferPointer {
                        OneHotReader.flag(trimmedBlanks($0)) != nil
                    }
            }
        }
        if !cells.isEmpty, flags.count >= 2, 2 * flags.count > names.count {
            text =
                "\(flags.count) columns hold nothing but flags, as where each column is an item: "
                + "--format one-hot reads that"
            return
        }
        guard 2 * names.count(where: { Double($0) != nil }) >= names.count else { return nil }
        text =
            "the first line looks like data and not like a header; --columns user=1,item=2, say, "
            + "names columns by number"
    }

    /// The line that names an item, and a user or a basket, as headers do below a title.
    private static func laterHeader(
        _ sample: [UInt8], _ layout: DelimitedReader.Layout
    ) -> Int? {
        let usual = usualNames(.events)
        let lines = sample.prefix(1 << 16).split(separator: 10, omittingEmptySubsequences: false)
        for (place, line) in lines.prefix(20).enumerated().dropFirst() {
            let names = line.split(separator: layout.delimiter[0]).map {
                plainName(String(decoding: $0, as: UTF8.self))
            }
            func has(_ role: ColumnRole) -> Bool { names.contains(where: usual[role]!.contains) }
            if has(.item), has(.user) || has(.basket) { return place + 1 }
        }
        return nil
    }

    /// The first lines' fields; quotes are not looked at.
    private static func rows(
        _ sample: [UInt8], _ layout: DelimitedReader.Layout
    ) -> [[ArraySlice<UInt8>]] {
        sample.prefix(1 << 18).split(separator: 10).prefix(200).map { line in
            line.split(separator: layout.delimiter[0], omittingEmptySubsequences: false)
        }
    }

    /// Where the file is one object that holds the records in an array.
    private static func wrapper(_ sample: [UInt8]) -> String? {
        var names: [String] = []
        var text = sample
        guard let start = text.firstIndex(of: UInt8(ascii: "{")) else { return nil }
        text.withUnsafeMutableBufferPointer { bytes in
            let rest = UnsafeMutableBufferPointer(rebasing: bytes[start...])
            guard let end = JSONCursor.endOfValue(UnsafeBufferPointer(rest)) else { return }
            var cursor = JSONCursor(UnsafeMutableBufferPointer(rebasing: rest[..<end]))
            try? cursor.forEachMember { key, value in
                if case .nested(let array) = value, array.first == UInt8(ascii: "["),
                    array.dropFirst().first(where: { $0 > 32 }) == UInt8(ascii: "{")
                {
                    names.append(String(decoding: key, as: UTF8.self))
                }
            }
        }
        guard let name = names.first else { return nil }
        return
            "the objects in the array \"\(name)\" may be the records: write that array alone, as "
            + "jq '.\(name)' does"
    }
}
