import ArgumentParser
import EventJournal
import Interactions

/// How event files are laid out and cleaned; shared by every command that reads some.
struct ReadingOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Which column plays which role, such as user=CustomerID,item=StockCode. The roles are user, item, time, basket, value, kind, event_id, title, category and price. Default: columns are found by their usual names, such as customer_id or sku.",
            valueName: "role=column,…"))
    var columns: String?

    @Option(
        help: ArgumentHelp(
            "The format of the files: csv, tsv, jsonl (objects, one a line or in an array), baskets (a line is one basket of items), user-items (a line is a user and all her items) or one-hot (a column for each item). Default: what the file's extension and beginning say.",
            valueName: "format"))
    var format: FileFormat?

    @Option(
        help: ArgumentHelp(
            "The text between two fields, such as ';'. Default: what the first line shows.",
            valueName: "text"))
    var delimiter: String?

    @Option(
        help: ArgumentHelp(
            "The text between two items where one column holds a list of them, such as '|'. Default: what the lists show; arrays in brackets need none.",
            valueName: "text"))
    var listSeparator: String?

    @Option(
        help: ArgumentHelp(
            "A file that says of each basket its user and time, such as Instacart's orders.csv; events without them get those of their basket.",
            valueName: "file"))
    var baskets: String?

    @Option(
        help: ArgumentHelp(
            "The encoding of the text, by a name that iconv -l lists, such as SHIFT_JIS. Default: UTF-8, UTF-16 by its mark, or windows-1252 where it is not UTF-8.",
            valueName: "name"))
    var encoding: String?

    @Option(
        help: ArgumentHelp(
            "The texts that mean \"no value\", such as 'NA,-,0', instead of those that programs usually write (NA, NULL, NaN, None, #N/A and the like) and, for users, guest, anonymous, unknown and -1.",
            valueName: "text,…"))
    var missing: String?

    @Option(
        help: ArgumentHelp(
            "What the shop's own kinds of events are, such as fav=cart,pv=view.",
            valueName: "text=kind,…"),
        transform: Self.kindNames)
    var kinds: [String: EventKind] = [:]

    @Flag(help: "The files have no header line; --columns then names columns by number, from 1.")
    var noHeader = false

    @Flag(help: "Numbers have a decimal comma, such as 2,55.")
    var decimalComma = false

    @Option(
        help: ArgumentHelp(
            "How times are written: \(TimeFormat.allCases.map(\.rawValue).joined(separator: ", ")). Default: found out from the first lines.",
            valueName: "format"))
    var timeFormat: TimeFormat?

    @Option(
        help: ArgumentHelp(
            "The kind of events for which no column tells it: \(EventKind.allCases.map(\.name).joined(separator: ", ")).",
            valueName: "kind"),
        transform: Self.kind)
    var kind = EventKind.purchase

    @Option(
        help: ArgumentHelp(
            "Items to leave out since they are not products, such as 'POST,M,gift_*'.",
            valueName: "id,…"))
    var excludeItems: String?

    @Flag(help: "Leave out items whose id has no digit, such as POST among numbered products.")
    var excludeItemsWithoutDigit = false

    @Flag(
        help:
            "Take item ids that differ in case alone, such as 85123a and 85123A, for one item; letters of any script."
    )
    var foldItemCase = false

    @Flag(
        help:
            "Take ids that differ only in how accents are composed (Unicode NFC and NFD) for one."
    )
    var composeIds = false

    @Option(
        help: ArgumentHelp(
            "What to make of an event with a negative value: a return, nothing (leave-out), or an event as any other (keep).",
            valueName: "rule")
    )
    var negativeValues = ReadOptions.NegativeValues.return

    @Option(
        help: ArgumentHelp(
            "Take the events of baskets whose id begins with this text, such as C, for returns.",
            valueName: "text"))
    var returnBasketPrefix: String?

    @Option(
        help: ArgumentHelp(
            "Leave out lines with a price below this one, such as 0.01.", valueName: "price"))
    var priceMin: Double?

    @Option(
        help: ArgumentHelp(
            "Leave out at most this many lines of a file that cannot be parsed, and report them.",
            valueName: "n"))
    var skipBadLines = 0

    @Option(
        help: ArgumentHelp(
            "What the events and ids that are read may take of memory, in MiB; past it reading ends with an error.",
            valueName: "n"))
    var readMebibytesMax = 4096

    @Option(
        help: ArgumentHelp(
            "A file with the items' id, title, category, price, stock, group (what an item is a variant of), available_from, discontinued, margin (money, or 30% of the price) and attributes, such as items.csv.",
            valueName: "file"))
    var catalog: String?

    @Option(
        help: ArgumentHelp(
            "The file in which a server keeps events and catalog (serve --events-db), such as events.db; read besides the event files or instead of them, also while the server runs.",
            valueName: "file"))
    var eventsDb: String?

    @Option(
        help: ArgumentHelp(
            "Which column of the catalog plays which role, such as id=sku,title=name.",
            valueName: "role=column,…"))
    var catalogColumns: String?

    @Option(
        help: ArgumentHelp(
            "The text between two levels of a category, such as '/'. Default: '>' or '|'.",
            valueName: "text"))
    var categorySeparator: String?

    func validate() throws {
        guard skipBadLines >= 0 else {
            throw ValidationError("--skip-bad-lines is \(skipBadLines); it must be 0 or more")
        }
        guard 1...1_000_000 ~= readMebibytesMax else {
            throw ValidationError(
                "--read-mebibytes-max is \(readMebibytesMax); it must be 1 to 1000000")
        }
    }

    func makeReadOptions() throws(ReadError) -> ReadOptions {
        var options = ReadOptions()
        options.table = try makeTableOptions(columns: columns)
        options.timeFormat = timeFormat
        options.kind = kind
        options.kindNames = kinds
        options.excludedItems = ItemFilter(
            patterns: excludeItems?.split(separator: ",").map { String($0) } ?? [],
            excludesItemsWithoutDigit: excludeItemsWithoutDigit)
        options.foldsItemCase = foldItemCase
        options.composesIdentifiers = composeIds
        options.memoryBytesMax = readMebibytesMax << 20
        options.table.listSeparator = listSeparator
        options.negativeValues = negativeValues
        options.returnBasketPrefix = returnBasketPrefix
        options.priceMin = priceMin
        options.categorySeparator = categorySeparator
        return options
    }

    func makeCatalogOptions() throws(ReadError) -> CatalogOptions {
        var options = CatalogOptions()
        options.table = try makeTableOptions(columns: catalogColumns)
        // The events' layout says nothing of the catalog's but how bad lines and numbers are
        // taken.
        options.table.format = nil
        options.table.delimiter = nil
        options.table.hasHeader = true
        options.categorySeparator = categorySeparator
        return options
    }

    private func makeTableOptions(columns: String?) throws(ReadError) -> TableOptions {
        var table = TableOptions()
        table.format = format
        table.delimiter = delimiter
        table.hasHeader = !noHeader
        table.hasDecimalComma = decimalComma
        table.badLinesMax = skipBadLines
        table.encoding = encoding
        table.missingMarkers = missing?.split(separator: ",").map { String($0) }
        if let columns { table.columns = try ColumnMapping(parsing: columns) }
        return table
    }

    /// How ids that differ in spelling are one.
    var folding: IdentifierFolding {
        IdentifierFolding(foldsCase: foldItemCase, composes: composeIds)
    }

    private static func kindNames(_ text: String) throws -> [String: EventKind] {
        var kinds: [String: EventKind] = [:]
        for pair in text.split(separator: ",") {
            guard let equals = pair.firstIndex(of: "=") else {
                throw ValidationError("'\(pair)' lacks the = between the file's word and a kind")
            }
            kinds[String(pair[..<equals])] = try kind(String(pair[pair.index(after: equals)...]))
        }
        return kinds
    }

    private static func kind(_ name: String) throws -> EventKind {
        guard let kind = EventKind(name: name) else {
            let names = EventKind.allCases.map(\.name).joined(separator: ", ")
            throw ValidationError("'\(name)' is no kind of event; the kinds are \(names)")
        }
        return kind
    }

    /// Refuses a command that has no events to read.
    func validateEvents(_ paths: [String]) throws {
        if paths.isEmpty, eventsDb == nil {
            throw ValidationError("Missing expected argument '<events> ...', or --events-db")
        }
    }

    /// Reads the files, and the journal, with a progress bar, and takes what was returned off what
    /// was bought.
    func read(_ paths: [String]) throws -> (dataset: Dataset, report: ReadReport) {
        var (dataset, report) = try readWithReturns(paths)
        let returns: NettedReturns
        (dataset, returns) = dataset.nettingReturns()
        report.add(returns)
        return (dataset, report)
    }

    /// Reads the files, and the journal, with a progress bar.
    func readWithReturns(_ paths: [String]) throws -> (dataset: Dataset, report: ReadReport) {
        let bar = ProgressBar("reading")
        defer { bar.finish() }
        return try Dataset.read(
            events: paths, baskets: baskets, catalog: catalog, options: makeReadOptions(),
            catalogOptions: makeCatalogOptions(),
            progress: { progress in
                guard let total = progress.bytesTotal, total > 0 else { return }
                bar.update(
                    Double(progress.bytesRead) / Double(total),
                    detail: "\(progress.lines.grouped) lines of \(progress.file)")
            },
            more: { reader throws(ReadError) in try readJournal(into: &reader) })
    }

    private func readJournal(into reader: inout DatasetReader) throws(ReadError) {
        guard let eventsDb else { return }
        let journal: JournalReader
        let (events, catalog): (any ByteSource, any ByteSource)
        do throws(JournalError) {
            journal = try JournalReader(eventsDb)
            (events, catalog) = (try journal.eventSource(), try journal.catalogSource())
        } catch {
            throw ReadError(.cannotOpen, file: eventsDb, error.message)
        }
        if journal.watermark > 0 {
            try reader.readEvents(
                from: events, file: "\(eventsDb) (events)", layout: JournalReader.eventLayout)
        }
        try reader.readCatalog(
            from: catalog, file: "\(eventsDb) (catalog)", options: JournalReader.catalogLayout)
    }
}

extension FileFormat: ExpressibleByArgument {}
extension TimeFormat: ExpressibleByArgument {}
extension ReadOptions.NegativeValues: ExpressibleByArgument {}
