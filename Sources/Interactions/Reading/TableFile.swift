internal import Glibc

/// A file whose layout and columns are known, about to be read.
struct TableFile {
    /// How much of a file is looked at before it is read.
    static let sampleBytesMax = 4 << 20
    static let sampleRecords = 1000
    /// What one record may need.
    private static let recordBytesMax = 4 << 20

    let reader: any RecordReader
    let columns: ResolvedColumns
    /// The reader's columns; it may not have met them yet.
    private let names: [String]
    /// nil where no time is mapped, or no sample record has one.
    let timeFormat: TimeFormat?
    /// The id columns whose sample values all end in `.0`.
    let floatColumns: Set<ColumnRole>
    let understood: FileReport
    let notes: [String]

    /// Looks at the file's beginning, then is ready to read it from there.
    ///
    /// - Parameters:
    ///   - timeFormat: nil to find it out.
    ///   - windowBytes: read at a time.
    init(
        _ source: any ByteSource, file: String, options: TableOptions,
        content: FileReport.Content, timeFormat: TimeFormat?, windowBytes: Int
    ) throws(ReadError) {
        let text = try TextSource(
            source, file: file, encoding: options.encoding, sampleBytesMax: Self.sampleBytesMax)
        var sample = text.sample
        if sample.count == Self.sampleBytesMax, let end = sample.lastIndex(of: 10) {
            sample.removeSubrange((end + 1)...)  // half a record
        }
        var notes = text.notes
        var kind = try RecordKind(
            options, file: file, sample: sample, separator: text.delimiter)
        var wanted = options.columns
        func makeReader(_ source: any ByteSource, keys: [String]?) throws(ReadError)
            -> any RecordReader
        {
            let window = ByteWindow(
                source, bytes: min(windowBytes, Self.recordBytesMax), bytesMax: Self.recordBytesMax)
            func delimited(_ layout: DelimitedReader.Layout) throws(ReadError) -> DelimitedReader {
                try DelimitedReader(
                    window, file: file, layout: layout, linesBefore: text.linesBefore)
            }
            switch kind {
            case .delimited(let layout): return try delimited(layout)
            case .json(let layout):
                return try JSONReader(
                    window, file: file, layout: layout, keys: keys ?? [],
                    learnsKeys: content == .catalog || keys == nil, flattens: content != .catalog)
            case .basketLines(let layout, let hasUser):
                return BasketLineReader(try delimited(layout), hasUser: hasUser)
            case .oneHot(let layout):
                let table = try delimited(layout)
                let facts = ResolvedColumns.facts(ofOneHot: table.names, wanted)
                return try OneHotReader(
                    table, facts: facts.columns, namesOwner: facts.namesOwner)
            }
        }

        // A first pass over the sample alone. Its bad lines are met again, and reported, in the
        // second.
        var scout = try Self.scouted(makeReader(MemorySource(sample), keys: nil), kind)
        if case .delimited = kind, kind.hasNames,
            let known = Self.headerless(scout.names, wanted)
        {
            (kind, wanted) = (kind.withoutHeader, known.columns)
            notes.append("\(file): \(known.note)")
            scout = try Self.scouted(makeReader(MemorySource(sample), keys: nil), kind)
        }
        if scout.names.isEmpty {
            let isEmpty = sample.allSatisfy { [9, 10, 13, 32].contains($0) }
            throw ReadError(
                .missingColumn, file: file,
                isEmpty ? "is empty" : "the first line cannot be understood")
        }
        let list =
            content == .events && kind.hasNames
            ? try ItemList(
                makeReader(MemorySource(sample), keys: scout.names), wanted,
                separator: options.listSeparator) : nil
        var names = scout.names
        if let list {
            let unfolded = ListReader(
                try makeReader(MemorySource(sample), keys: scout.names), list: list.column,
                layout: list.layout, keys: nil)
            try Self.readAll(unfolded, records: Self.sampleRecords)
            names = unfolded.names
        }
        do throws(ReadError) {
            columns = try ResolvedColumns(
                wanted, names: names, hasNames: kind.hasNames, content: content, list: list?.name,
                file: file)
        } catch {
            guard error.code == .missingColumn, wanted.columns[.item] == nil,
                let hint = ShapeHint(sample, kind, scout.names)
            else { throw error }
            throw ReadError(.missingColumn, file: file, "\(error.message); \(hint.text)")
        }
        let mapped = Array(Set(columns.mapping.columns.values).union(columns.basketNames)).sorted()
        func makeWhole(_ source: any ByteSource, all: Bool) throws(ReadError) -> any RecordReader {
            guard let list else { return try makeReader(source, keys: all ? names : mapped) }
            let prefix = "\(list.name)."
            let own = all ? scout.names : mapped.filter { !$0.hasPrefix(prefix) } + [list.name]
            let base = try makeReader(source, keys: own)
            return ListReader(
                base, list: base.names.firstIndex(of: list.name)!, layout: list.layout,
                keys: (all ? names : mapped).filter { $0.hasPrefix(prefix) }
                    .map { String($0.dropFirst(prefix.count)) })
        }
        let findings = try Self.survey(
            makeWhole(MemorySource(sample), all: true), columns, given: timeFormat, file: file)
        self.timeFormat = findings.timeFormat
        floatColumns = findings.floatColumns
        reader = try makeWhole(text.source, all: content == .catalog)
        self.names = reader.names.isEmpty ? names : reader.names
        let form = kind.form
        understood = FileReport(
            file: file, content: content, format: form.format.rawValue, delimiter: form.delimiter,
            encoding: text.encoding,
            columns: Dictionary(
                uniqueKeysWithValues: columns.mapping.columns.map { ($0.key.rawValue, $0.value) }),
            unused: content == .catalog ? [] : columns.unused,
            attributes: content == .catalog ? columns.unused : [], list: list?.name,
            timeFormat: findings.timeFormat?.rawValue, hasGuessedTimes: timeFormat == nil)
        self.notes = notes
    }

    /// The reader once it has met its columns: those of a table with the first record, those of
    /// JSON in any.
    private static func scouted(_ reader: any RecordReader, _ kind: RecordKind) throws(ReadError)
        -> any RecordReader
    {
        if case .json = kind {
            try readAll(reader, records: sampleRecords)
        } else {
            try readAll(reader, records: 1)
        }
        return reader
    }

    /// Reads on without a look at what is read; bad lines are met again when the file is.
    private static func readAll(_ reader: any RecordReader, records: Int) throws(ReadError) {
        for _ in 0..<records {
            do throws(ReadError) {
                guard try reader.next() else { return }
            } catch {
                guard error.code == .badLine else { throw error }
            }
        }
    }

    /// What the columns of a file mean whose first line is no header, where that is plain.
    private static func headerless(_ names: [String], _ wanted: ColumnMapping) -> (
        columns: ColumnMapping, note: String
    )? {
        let given = wanted.columns.values.filter { !$0.isEmpty }
        if !given.isEmpty, given.allSatisfy({ Int($0) != nil }),
            !given.allSatisfy(names.contains)
        {
            return (wanted, "columns are named by number, so the first line is no header")
        }
        // MovieLens: 1::1193::5::978300760, or with tabs.
        let numbers = names.compactMap { Double($0) }
        guard wanted.isEmpty, names.count == 4, numbers.count == 4, (0...10).contains(numbers[2]),
            numbers[3] > 6e8
        else { return nil }
        return (
            ColumnMapping([.user: "1", .item: "2", .value: "3", .time: "4"]),
            "has no header and is taken for user, item, rating and time, as MovieLens has them; "
                + "--kind rating takes column 3 for ratings, not quantities"
        )
    }

    /// The index of the role's column in the reader, which for JSON has fewer than the sample had.
    func index(_ role: ColumnRole) -> Int? {
        let name = columns.mapping.columns[role]
        return (role == .basket ? columns.basketNames.first ?? name : name)
            .flatMap(names.firstIndex(of:))
    }

    /// The columns that make a basket together, where there are several.
    var basketParts: [Int] { columns.basketNames.compactMap(names.firstIndex(of:)) }

    private static func survey(
        _ reader: any RecordReader, _ columns: ResolvedColumns, given: TimeFormat?, file: String
    ) throws(ReadError) -> (timeFormat: TimeFormat?, floatColumns: Set<ColumnRole>) {
        var detector = TimeFormatDetector()
        // A catalog's only times are those from which its items can be had.
        let time = given == nil ? columns.indices[.time] ?? columns.indices[.availableFrom] : nil
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
                    + "column out by --\(columns.indices[.time] == nil ? "catalog-" : "")columns "
                    + "\(columns.indices[.time] == nil ? "available_from" : "time")=")
        case .unknown(let example):
            let formats = TimeFormat.allCases.map(\.rawValue).joined(separator: ", ")
            throw ReadError(
                .options, file: file, column: reader.position(of: time),
                "\"\(example)\" is in none of the time formats \(formats)")
        }
    }
}

/// Seconds since 1970.
func now() -> Int64 { Int64(time(nil)) }
