internal import Glibc

/// A file whose layout and columns are known, about to be read.
struct TableFile {
    /// How much of a file is looked at before it is read.
    static let sampleBytesMax = 4 << 20
    private static let sampleRecords = 1000
    /// What one record may need.
    private static let recordBytesMax = 4 << 20

    let reader: any RecordReader
    let columns: ResolvedColumns
    /// nil where no time is mapped, or no sample record has one.
    let timeFormat: TimeFormat?
    /// The id columns whose sample values all end in `.0`.
    let floatColumns: Set<ColumnRole>
    let notes: [String]

    /// Looks at the file's beginning, then is ready to read it from there.
    ///
    /// - Parameters:
    ///   - timeFormat: nil to find it out.
    ///   - windowBytes: read at a time.
    init(
        _ source: any ByteSource, file: String, options: TableOptions, isCatalog: Bool,
        timeFormat: TimeFormat?, windowBytes: Int
    ) throws(ReadError) {
        let text = try TextSource(
            source, file: file, encoding: options.encoding, sampleBytesMax: Self.sampleBytesMax)
        var sample = text.sample
        if sample.count == Self.sampleBytesMax, let end = sample.lastIndex(of: 10) {
            sample.removeSubrange((end + 1)...)  // half a record
        }
        let kind = try RecordKind(
            options, file: file, firstLine: sample.prefix { $0 != 10 }, separator: text.delimiter)
        func makeReader(_ source: any ByteSource, keys: [String]?) throws(ReadError)
            -> any RecordReader
        {
            let window = ByteWindow(
                source, bytes: min(windowBytes, Self.recordBytesMax), bytesMax: Self.recordBytesMax)
            switch kind {
            case .delimited(let layout):
                return try DelimitedReader(
                    window, file: file, layout: layout, linesBefore: text.linesBefore)
            case .jsonLines:
                return try JSONLinesReader(
                    window, file: file, keys: keys ?? [], learnsKeys: isCatalog || keys == nil)
            }
        }

        // A first pass over the sample alone. Its bad lines are met again, and reported, in the
        // second.
        let scout = try makeReader(MemorySource(sample), keys: nil)
        // The first record names the columns of a delimited file; JSON may name more in any record.
        var unread = kind.isDelimited ? 1 : Self.sampleRecords
        while unread > 0 {
            unread -= 1
            do throws(ReadError) {
                guard try scout.next() else { break }
            } catch {
                continue
            }
        }
        let hasHeader = options.hasHeader || !kind.isDelimited
        if scout.names.isEmpty {
            let isEmpty = sample.allSatisfy { [9, 10, 13, 32].contains($0) }
            throw ReadError(
                .missingColumn, file: file,
                isEmpty ? "is empty" : "the first line cannot be understood")
        }
        columns = try ResolvedColumns(
            options.columns, names: scout.names, hasHeader: hasHeader, isCatalog: isCatalog,
            file: file)
        let findings = try Self.survey(
            makeReader(MemorySource(sample), keys: scout.names), columns, given: timeFormat,
            file: file)
        self.timeFormat = findings.timeFormat
        floatColumns = findings.floatColumns
        let keys =
            isCatalog
            ? scout.names
            : Array(Set(columns.mapping.columns.values).union(columns.basketNames)).sorted()
        reader = try makeReader(text.source, keys: keys)
        var notes = text.notes
        var taken = "\(file): columns taken as \(columns.mapping)"
        if !isCatalog, !columns.unused.isEmpty {
            taken += "; unused: \(columns.unused.prefix(20).joined(separator: ", "))"
            if columns.unused.count > 20 { taken += " and \(columns.unused.count - 20) more" }
        }
        notes.append(taken)
        if let note = kind.note { notes.append("\(file): \(note)") }
        self.notes = notes
    }

    /// The index of the role's column in the reader, which for JSON has fewer than the sample had.
    func index(_ role: ColumnRole) -> Int? {
        guard reader is JSONLinesReader else { return columns.indices[role] }
        let name = columns.mapping.columns[role]
        return (role == .basket ? columns.basketNames.first ?? name : name)
            .flatMap { reader.names.firstIndex(of: $0) }
    }

    /// The columns that make a basket together, where there are several.
    var basketParts: [Int] { columns.basketNames.compactMap { reader.names.firstIndex(of: $0) } }

    private static func survey(
        _ reader: any RecordReader, _ columns: ResolvedColumns, given: TimeFormat?, file: String
    ) throws(ReadError) -> (timeFormat: TimeFormat?, floatColumns: Set<ColumnRole>) {
        var detector = TimeFormatDetector()
        let time = given == nil ? columns.indices[.time] : nil
        let ids = [ColumnRole.user, .item, .basket].compactMap { role in
            columns.indices[role].map { (role, $0) }
        }
        var filled = [0, 0, 0]
        var floats = [0, 0, 0]
        var records = 0
        while records < sampleRecords || (time != nil && detector.isOpen) {
            records += 1
            do throws(ReadError) {
                guard try reader.next() else { break }
            } catch {
                continue
            }
            if let time { detector.look(at: reader.field(time)) }
            guard records <= sampleRecords else { continue }
            for (i, id) in ids.enumerated() {
                let text = trimmedBlanks(reader.field(id.1))
                if text.count > 0 { filled[i] += 1 }
                if isWholeFloat(text) { floats[i] += 1 }
            }
        }
        var floatColumns = Set<ColumnRole>()
        for (i, id) in ids.enumerated() where filled[i] > 0 && floats[i] == filled[i] {
            floatColumns.insert(id.0)
        }
        guard let time else { return (given, floatColumns) }
        switch detector.result(now: now()) {
        case .format(let format): return (format, floatColumns)
        case .nothing: return (nil, floatColumns)
        case .dayOrMonthFirst(let example):
            throw ReadError(
                .options, file: file, column: reader.position(of: time),
                "\"\(example)\" may have the day or the month first, and no other time tells; "
                    + "choose the time format day-first or month-first")
        case .implausible(let example, let guess):
            throw ReadError(
                .options, file: file, column: reader.position(of: time),
                "\"\(example)\" and the like are no times between 1990 and next year in any format; "
                    + "they may be \(guess). Say how times are written by --time-format, or leave the "
                    + "column out by --columns time=")
        case .unknown(let example):
            let formats = TimeFormat.allCases.map(\.rawValue).joined(separator: ", ")
            throw ReadError(
                .options, file: file, column: reader.position(of: time),
                "\"\(example)\" is in none of the time formats \(formats)")
        }
    }
}

/// What the records of a file look like, once the options and the first line have said it.
private enum RecordKind {
    case delimited(DelimitedReader.Layout)
    case jsonLines

    /// - Parameter separator: what the file itself says of its delimiter.
    init(
        _ options: TableOptions, file: String, firstLine: ArraySlice<UInt8>, separator: UInt8?
    ) throws(ReadError) {
        var format = options.format ?? FileFormat(path: file)
        if format == nil, options.delimiter == nil {
            let first = firstLine.first { $0 != 32 && $0 != 9 }
            format = first == UInt8(ascii: "{") || first == UInt8(ascii: "[") ? .jsonLines : nil
        }
        if format == .jsonLines, firstLine.first(where: { $0 > 32 }) == UInt8(ascii: "[") {
            throw ReadError(
                .options, file: file,
                "is a JSON array, where JSON Lines have one object a line: jq -c '.[]' makes them")
        }
        if format == .jsonLines {
            guard options.delimiter == nil else {
                throw ReadError(.options, file: file, "JSON Lines have no delimiter")
            }
            self = .jsonLines
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
        } else {
            delimiter = [separator ?? (format == .tsv ? 9 : Self.likelyDelimiter(firstLine))]
        }
        self = .delimited(
            DelimitedReader.Layout(
                delimiter: delimiter, hasQuotes: options.hasQuotes ?? (delimiter != [9]),
                hasHeader: options.hasHeader))
    }

    var isDelimited: Bool {
        if case .delimited = self { true } else { false }
    }

    var note: String? {
        guard case .delimited(let layout) = self, layout.delimiter != [0x2c],
            layout.delimiter != [9]
        else { return nil }
        return "the delimiter is \"\(String(decoding: layout.delimiter, as: UTF8.self))\""
    }

    private static func likelyDelimiter(_ line: ArraySlice<UInt8>) -> UInt8 {
        var counts: [UInt8: Int] = [:]
        var isQuoted = false
        for byte in line {
            if byte == 0x22 { isQuoted.toggle() }
            if !isQuoted { counts[byte, default: 0] += 1 }
        }
        let comma = UInt8(ascii: ",")
        if counts[comma, default: 0] > 0 { return comma }
        let others = [9, UInt8(ascii: ";"), UInt8(ascii: "|")] as [UInt8]
        let best = others.max { counts[$0, default: 0] < counts[$1, default: 0] }!
        return counts[best, default: 0] > 0 ? best : comma
    }
}

/// Seconds since 1970.
func now() -> Int64 { Int64(time(nil)) }
