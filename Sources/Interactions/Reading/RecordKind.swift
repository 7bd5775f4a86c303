/// What the records of a file look like, once the options and its beginning have said it.
enum RecordKind {
    case delimited(DelimitedReader.Layout)
    case json(JSONReader.Layout)
    /// Lines of items, perhaps behind a user.
    case basketLines(DelimitedReader.Layout, hasUser: Bool)
    case oneHot(DelimitedReader.Layout)

    /// - Parameters:
    ///   - sample: the file's beginning.
    ///   - separator: what the file itself says of its delimiter.
    init(
        _ options: TableOptions, file: String, sample: [UInt8], separator: UInt8?
    ) throws(ReadError) {
        let firstLine = sample.prefix { $0 != 10 }
        var format = options.format ?? FileFormat(path: file)
        if format == nil, options.delimiter == nil {
            let first = firstLine.first { $0 > 32 }
            format = first == UInt8(ascii: "{") || first == UInt8(ascii: "[") ? .jsonLines : nil
        }
        if format == .jsonLines {
            guard options.delimiter == nil else {
                throw ReadError(.options, file: file, "JSON Lines have no delimiter")
            }
            self = .json(try Self.jsonLayout(sample, file: file))
            return
        }
        let delimiter: [UInt8]
        if let given = options.delimiter {
            delimiter = Array(given.utf8)
            guard (1...4).contains(delimiter.count),
                !delimiter.contains(where: { [10, 13, 34].contains($0) })
            else {
                throw ReadError(
                    .options, file: file,
                    "a delimiter has 1 to 4 bytes, none of them a line end or a double quote")
            }
        } else if let separator {
            delimiter = [separator]
        } else if format == .tsv {
            delimiter = [9]
        } else if format == .baskets || format == .userItems {
            delimiter = Self.likelyDelimiter(sample.prefix(1 << 16), besides: [[32]])
        } else {
            delimiter = Self.likelyDelimiter(firstLine)
        }
        var layout = DelimitedReader.Layout(
            delimiter: delimiter, hasQuotes: options.hasQuotes ?? (delimiter != [9]),
            hasHeader: options.hasHeader)
        switch format {
        case .baskets, .userItems:
            (layout.isRagged, layout.hasHeader) = (true, false)
            self = .basketLines(layout, hasUser: format == .userItems)
        case .oneHot: self = .oneHot(layout)
        default: self = .delimited(layout)
        }
    }

    /// One object a line, unless the text begins with an array, or with an object over several
    /// lines.
    private static func jsonLayout(_ sample: [UInt8], file: String) throws(ReadError)
        -> JSONReader.Layout
    {
        let text = sample.starts(with: [0xef, 0xbb, 0xbf]) ? sample[3...] : sample[...]
        guard let start = text.firstIndex(where: { $0 > 32 }) else { return .lines }
        if text[start] == UInt8(ascii: "[") { return .stream }
        let line = text[start...].prefix { $0 != 10 }
        guard text[start] == UInt8(ascii: "{"), line.endIndex < text.endIndex else { return .lines }
        let isWhole = line.withUnsafeBufferPointer { JSONCursor.endOfValue($0) != nil }
        guard !isWhole else { return .lines }
        // A line that is cut short is a bad line, not the beginning of a long object: the next one
        // tells.
        let next = text[line.endIndex...].first { $0 > 32 }
        return next == UInt8(ascii: "{") ? .lines : .stream
    }

    /// The format's name, and what stands between fields.
    var form: (format: FileFormat, delimiter: String?) {
        func text(_ layout: DelimitedReader.Layout) -> String {
            String(decoding: layout.delimiter, as: UTF8.self)
        }
        return switch self {
        case .delimited(let layout): (layout.delimiter == [9] ? .tsv : .csv, text(layout))
        case .json: (.jsonLines, nil)
        case .basketLines(let layout, let hasUser): (hasUser ? .userItems : .baskets, text(layout))
        case .oneHot(let layout): (.oneHot, text(layout))
        }
    }

    /// The same without a header; for tables alone.
    var withoutHeader: RecordKind {
        guard case .delimited(var layout) = self else { return self }
        layout.hasHeader = false
        return .delimited(layout)
    }

    /// Whether names of columns come from the file, so that their usual names mean something.
    var hasNames: Bool {
        if case .delimited(let layout) = self { layout.hasHeader } else { true }
    }

    /// The delimiter that the text shows: `::`, the comma, or whichever of the others occurs most.
    private static func likelyDelimiter(
        _ text: ArraySlice<UInt8>, besides more: [[UInt8]] = []
    ) -> [UInt8] {
        var counts: [UInt8: Int] = [:]
        var colons = 0
        var isQuoted = false
        var last: UInt8 = 0
        for byte in text {
            if byte == 0x22 { isQuoted.toggle() }
            if !isQuoted {
                counts[byte, default: 0] += 1
                if byte == 0x3a, last == 0x3a { colons += 1 }
            }
            last = byte
        }
        let comma = UInt8(ascii: ",")
        // MovieLens, whose titles hold commas.
        if colons >= 2 { return [0x3a, 0x3a] }
        if counts[comma, default: 0] > 0 { return [comma] }
        let others: [[UInt8]] = [[9], [UInt8(ascii: ";")], [UInt8(ascii: "|")]] + more
        let best = others.max { counts[$0[0], default: 0] < counts[$1[0], default: 0] }!
        return counts[best[0], default: 0] > 0 ? best : [comma]
    }
}
