/// Reads event and catalog files into one dataset, cleaning on the way.
///
///     var reader = DatasetReader(options)
///     try reader.readEvents(from: "events.csv.gz")
///     try reader.readCatalog(from: "items.csv")
///     let (dataset, report) = reader.finish()
///
/// After an error the reader must not be used any more.
package struct DatasetReader {
    package static let windowBytes = 1 << 20
    private static let badLineExamplesMax = 10
    private static let recordsBetweenReports = 8192

    let options: ReadOptions
    private let progress: ((ReadProgress) -> Void)?
    var dataset = Dataset()
    var report = ReadReport()
    let missing: MissingValues
    private let missingUsers: MissingValues
    let numbers: WrittenNumbers
    var userColumn: IdentifierColumn
    var itemColumn: IdentifierColumn
    var basketColumn: IdentifierColumn
    var kindNames: KindNames
    var eventIDs = IdentifierTable()
    var recent = RecentEvents()
    var basketFacts: BasketFacts?
    var titles = MajorityText()
    var categories = MajorityText()
    /// Of the last line that has one, by item; 0 where none has.
    var prices: [Float] = []
    var textsNotUTF8 = 0
    var longAttributes = 0
    var oddStocks = (count: 0, example: "")
    /// Catalog lines of items that an earlier one named.
    var repeatedItems = (count: 0, example: "")
    /// By item, whether a catalog names it.
    var isInCatalog: [Bool] = []
    /// Of the file being read.
    private var badLinesOfFile = 0
    var duration = Duration.zero

    package init(
        _ options: ReadOptions = ReadOptions(), progress: ((ReadProgress) -> Void)? = nil
    ) {
        self.options = options
        self.progress = progress
        let markers = options.table.missingMarkers
        numbers = WrittenNumbers(decimalComma: options.table.hasDecimalComma)
        missing = MissingValues(markers ?? MissingValues.usual)
        missingUsers = MissingValues(markers ?? MissingValues.usual + MissingValues.usualUsers)
        userColumn = IdentifierColumn(
            composes: options.composesIdentifiers, missing: missingUsers)
        itemColumn = IdentifierColumn(
            filter: options.excludedItems, foldsCase: options.foldsItemCase,
            composes: options.composesIdentifiers, missing: missing)
        basketColumn = IdentifierColumn(missing: missing)
        kindNames = KindNames(own: options.kindNames)
    }

    /// Adds a file's events.
    ///
    /// - Parameter path: CSV, TSV or JSON Lines, plain or gzip; `-` is standard input.
    /// - Throws: for a file that cannot be read or has no such columns, and for the first bad line
    ///   more than `options.table.badLinesMax`.
    /// - Complexity: O(bytes); no allocation per line but the growth of the tables.
    package mutating func readEvents(from path: String) throws(ReadError) {
        try readEvents(from: openSource(path: path), file: path)
    }

    /// Adds the events of a source that is not compressed.
    ///
    /// - Parameter layout: of this source, where it has another than the files.
    package mutating func readEvents(
        from source: any ByteSource, file path: String, layout: ReadOptions? = nil,
        windowBytes: Int = Self.windowBytes
    ) throws(ReadError) {
        let options = layout ?? self.options
        let start = ContinuousClock.now
        let file = try TableFile(
            source, file: path, options: options.table, content: .events,
            timeFormat: options.timeFormat, windowBytes: windowBytes)
        cutFloats(in: file)
        let line = EventLine(file, options, missing: missing, numbers: numbers)
        if let reader = file.reader as? DelimitedReader {
            report.linesRead += try readRecords(reader, max: options.table.badLinesMax) {
                (self, reader) throws(ReadError) in try self.addEvent(reader, line)
            }
        } else {
            report.linesRead += try readEvents(of: file.reader, line)
        }
        report.files.append(file.understood)
        report.notes += file.notes
        if let name = file.columns.mapping.columns[.value], options.kind != .rating,
            line.kind == nil, ["rating", "stars", "score"].contains(name.lowercased())
        {
            report.notes.append(
                "\(path): column \(name) is taken for a quantity; --kind rating takes it for ratings"
            )
        }
        if let name = file.understood.unused.first(where: { statusNames.contains(plainName($0)) }) {
            report.notes.append(
                "\(path): column \(name) is not used: where it tells cancelled orders, they count as "
                    + "sold; --columns kind=\(name) --kinds cancelled=return, say, takes them back")
        }
        duration += ContinuousClock.now - start
    }

    /// The same for any other shape: not made for each reader, and so somewhat slower.
    private mutating func readEvents(of reader: some RecordReader, _ line: EventLine)
        throws(ReadError) -> Int
    {
        try readRecords(reader, max: options.table.badLinesMax) {
            (self, reader) throws(ReadError) in try self.addEvent(reader, line)
        }
    }

    /// Calls the body with each good record, and counts the bad ones.
    ///
    /// - Returns: how many records there were, good and bad.
    mutating func readRecords<Reader: RecordReader>(
        _ reader: Reader, max badLinesMax: Int,
        _ body: (inout Self, Reader) throws(ReadError) -> Void
    ) throws(ReadError) -> Int {
        badLinesOfFile = 0
        var lines = 0
        var records = 0
        while true {
            var isNewLine = true
            do throws(ReadError) {
                guard try reader.next() else { break }
                isNewLine = !reader.isContinuation
                try body(&self, reader)
            } catch {
                guard error.code == .badLine else { throw error }
                try tolerate(error, max: badLinesMax)
            }
            if isNewLine { lines += 1 }
            records += 1
            if records % Self.recordsBetweenReports == 0 {
                tell(reader, lines)
                try checkMemory(reader)
            }
        }
        tell(reader, lines)
        report.bytesRead += reader.bytesRead
        if let (count, first) = reader.repeatedHeaders {
            report.notes.append(
                "\(reader.file): the header came again in \(count) \(count == 1 ? "line" : "lines"), "
                    + "first in line \(first), and was left out")
        }
        return lines
    }

    private func checkMemory(_ reader: some RecordReader) throws(ReadError) {
        let bytes = memoryBytes
        guard bytes > options.memoryBytesMax else { return }
        throw ReadError(
            .tooLarge, file: reader.file, line: reader.line,
            "\(dataset.events.count) events with \(dataset.users.count) users, "
                + "\(dataset.items.count) items and \(dataset.baskets.count) baskets take "
                + "\(bytes >> 20) MiB so far, more than \(options.memoryBytesMax >> 20) MiB; "
                + "--read-mebibytes-max allows more")
    }

    /// What the tables of events and ids hold room for.
    private var memoryBytes: Int {
        dataset.events.bytes + dataset.users.capacityBytes + dataset.items.capacityBytes
            + dataset.baskets.capacityBytes + eventIDs.capacityBytes
            + userColumn.capacityBytes + itemColumn.capacityBytes + basketColumn.capacityBytes
            + (basketFacts?.capacityBytes ?? 0)
    }

    private func tell(_ reader: some RecordReader, _ lines: Int) {
        progress?(
            ReadProgress(
                file: reader.file, bytesRead: reader.bytesRead, bytesTotal: reader.bytesTotal,
                lines: lines))
    }

    private mutating func tolerate(_ error: ReadError, max: Int) throws(ReadError) {
        report.badLines += 1
        badLinesOfFile += 1
        if report.badLineExamples.count < Self.badLineExamplesMax {
            report.badLineExamples.append(error.description)
        }
        guard badLinesOfFile > max else { return }
        if max == 0 { throw error }
        throw ReadError(
            .tooManyBadLines, file: error.file, line: error.line, column: error.column,
            "\(error.message) (bad line \(badLinesOfFile), where \(max) are tolerated)")
    }

    mutating func cutFloats(in file: TableFile) {
        switch options.floatIdentifiers {
        case .keep: break
        case .cut:
            userColumn.cutsFloats = true
            itemColumn.cutsFloats = true
            basketColumn.cutsFloats = true
        case .detect:
            for role in [ColumnRole.user, .item, .basket] where file.floatColumns.contains(role) {
                switch role {
                case .user: userColumn.cutsFloats = true
                case .item: itemColumn.cutsFloats = true
                default: basketColumn.cutsFloats = true
                }
                report.notes.append(
                    "\(file.reader.file): all first \(role.rawValue) ids end in .0, which is cut off"
                )
            }
        }
    }

    /// The dataset and what is to be said of it.
    package consuming func finish() -> (dataset: Dataset, report: ReadReport) {
        let start = ContinuousClock.now
        dataset.catalog.grow(to: dataset.items.count)
        fillFromBaskets()
        fillCatalogFromEvents()
        summarize()
        duration += ContinuousClock.now - start
        let (seconds, attoseconds) = duration.components
        report.seconds = Double(seconds) + Double(attoseconds) * 1e-18
        return (dataset, report)
    }

    private mutating func summarize() {
        let events = dataset.events
        report.users = dataset.users.count
        report.items = dataset.items.count
        report.baskets = dataset.baskets.count
        report.eventsKept = events.count + recent.counted
        report.eventsCounted = recent.counted
        var kinds = recent.countedByKind
        for kind in events.kinds { kinds[Int(kind.rawValue)] += 1 }
        for kind in EventKind.allCases where kinds[Int(kind.rawValue)] > 0 {
            report.eventsByKind[kind.name] = kinds[Int(kind.rawValue)]
        }
        report.eventsWithoutUser =
            events.users.count { $0 == EventTable.none } + recent.countedWithoutUser
        let times = events.times.lazy.filter { $0 != EventTable.noTime }
        report.eventsWithoutTime =
            events.count - times.count { _ in true } + recent.countedWithoutTime
        report.firstTime = times.min()
        report.lastTime = times.max()
        let early = times.count { $0 < plausibleYears.first }
        let late = times.count { [limit = now() + plausibleYears.ahead] in $0 > limit }
        // Of a clock of its own are all, and that was said.
        let isGuessed = report.files.contains { $0.timeFormat != nil && $0.hasGuessedTimes }
        if early + late > 0, early + late < events.count || isGuessed {
            report.notes.append(
                "\(early + late) times lie before 1990 or more than a year ahead, from "
                    + "\(isoTime(report.firstTime!)) to \(isoTime(report.lastTime!))")
        }
        var hasEvent = Array(repeating: false, count: report.items)
        for item in events.items { hasEvent[Int(item)] = true }
        report.itemsOnlyInCatalog = hasEvent.count { !$0 }
        for item in 0..<report.items where isInCatalog.count > item && isInCatalog[item] {
            report.catalogItems += 1
            if hasEvent[item] { report.catalogItemsWithEvents += 1 }
        }
        if report.catalogItems > 0, report.catalogItemsWithEvents == 0, !events.items.isEmpty {
            let named = isInCatalog.firstIndex(of: true)!
            report.notes.append(
                "none of the catalog's \(report.catalogItems) items has events: it says "
                    + "\"\(dataset.items[named])\", and events say "
                    + "\"\(dataset.items[Int(events.items[0])])\"")
        }
        report.basketsMadeBy =
            report.files.lazy.filter { $0.content == .events }.compactMap(\.basketMaker).first
            ?? ReadReport.sessions
        report.identifiers.folded = itemColumn.foldedTexts
        report.identifiers.composed = itemColumn.composedTexts + userColumn.composedTexts
        note(itemColumn.foldedTexts, "item ids differed from another one by case and were folded")
        note(
            report.identifiers.composed,
            "ids differed from another one by how accents are composed and were folded")
        note(recent.counted, "events were equal to another one and add to its value")
        let cut = userColumn.cutTexts + itemColumn.cutTexts + basketColumn.cutTexts
        note(cut, "ids lost their .0")
        let cleaned = userColumn.cleanedTexts + itemColumn.cleanedTexts + basketColumn.cleanedTexts
        report.identifiers.cut = cut
        report.identifiers.trimmed =
            cleaned - cut - itemColumn.foldedTexts - report.identifiers.composed
        note(report.identifiers.trimmed, "ids lost blanks at their ends")
        noteMissing()
        if let note = numbers.note { report.notes.append(note) }
        if oddStocks.count > 0 {
            report.notes.append(
                "\(oddStocks.count) items are taken for sold out, since their stock cannot be read, "
                    + "such as \"\(oddStocks.example)\"")
        }
        if repeatedItems.count > 0 {
            report.notes.append(
                "\(repeatedItems.count) catalog lines are of an item that an earlier one named, such as "
                    + "\"\(repeatedItems.example)\"; what a later one says counts")
        }
        noteIdentifiers()
        note(longAttributes, "attributes were longer than 256 bytes and were left out")
        note(textsNotUTF8, "titles or categories were not UTF-8 and were read as Latin-1")
    }

    private mutating func noteMissing() {
        for (role, met) in [("", missing.met), (" users", missingUsers.met)] where !met.isEmpty {
            for (text, count) in met { report.missingValues[text, default: 0] += count }
            let list = met.map { "\"\($0.text)\" \($0.count == 1 ? "once" : "\($0.count) times")" }
                .joined(separator: ", ")
            report.notes.append(
                "taken for missing\(role): \(list); --missing names the texts that are to be")
        }
    }

    func isMissingUser(_ id: UnsafeBufferPointer<UInt8>) -> Bool { missingUsers.take(id) }

    private mutating func note(_ count: Int, _ what: String) {
        if count > 0 { report.notes.append("\(count) \(what)") }
    }
}

extension Dataset {
    /// Reads event files, and a catalog beside them.
    ///
    /// - Parameter more: adds what is read from elsewhere, between events and catalog.
    /// - Throws: as ``DatasetReader`` does.
    package static func read(
        events paths: [String], baskets: String? = nil, catalog: String? = nil,
        options: ReadOptions = ReadOptions(),
        catalogOptions: CatalogOptions = CatalogOptions(),
        progress: ((ReadProgress) -> Void)? = nil,
        more: (inout DatasetReader) throws(ReadError) -> Void = { _ in }
    ) throws(ReadError) -> (dataset: Dataset, report: ReadReport) {
        var reader = DatasetReader(options, progress: progress)
        if let baskets { try reader.readBaskets(from: baskets) }
        for path in paths { try reader.readEvents(from: path) }
        try more(&reader)
        if let catalog { try reader.readCatalog(from: catalog, options: catalogOptions) }
        return reader.finish()
    }
}
