import ArgumentParser
import Interactions

/// How event files are laid out and cleaned; shared by every command that reads some.
struct ReadingOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Which column means what: user, item, time, basket, value, kind, event_id, title, category, price.",
            discussion:
                "Left out, the columns go by their usual names, such as customer_id or sku.",
            valueName: "role=column,…"))
    var columns: String?

    @Option(
        help: ArgumentHelp(
            "csv, tsv or jsonl; left out, the extension tells.", valueName: "format"))
    var format: FileFormat?

    @Option(help: ArgumentHelp("Between fields, such as ';'.", valueName: "text"))
    var delimiter: String?

    @Flag(help: "The files have no header line; columns then go by number, from 1.")
    var noHeader = false

    @Flag(help: "Numbers are written as 2,55.")
    var decimalComma = false

    @Option(
        help: ArgumentHelp(
            "\(TimeFormat.allCases.map(\.rawValue).joined(separator: ", ")); left out, it is found out.",
            valueName: "format"))
    var timeFormat: TimeFormat?

    @Option(
        help: ArgumentHelp("What an event is where no column says it.", valueName: "kind"),
        transform: Self.kind)
    var kind = EventKind.purchase

    @Option(
        help: ArgumentHelp(
            "Items that are no products, such as 'POST,M,gift_*'.", valueName: "id,…"))
    var excludeItems: String?

    @Flag(help: "Leave out items whose id has no digit, such as POST among numbered products.")
    var excludeItemsWithoutDigit = false

    @Flag(help: "Take 85123a and 85123A for one item.")
    var foldItemCase = false

    @Option(
        help: ArgumentHelp(
            "What an event with a negative value is: return, leave-out or keep.", valueName: "rule")
    )
    var negativeValues = ReadOptions.NegativeValues.return

    @Option(
        help: ArgumentHelp(
            "Baskets whose id begins so are cancelled, such as C.", valueName: "text"))
    var returnBasketPrefix: String?

    @Option(help: ArgumentHelp("Leave out lines with a lower price.", valueName: "price"))
    var priceMin: Double?

    @Option(
        help: ArgumentHelp(
            "Leave out up to so many lines of a file that cannot be parsed.", valueName: "n"))
    var skipBadLines = 0

    @Option(
        help: ArgumentHelp(
            "A file beside the events with id, title, category, price, stock and attributes.",
            valueName: "file"))
    var catalog: String?

    @Option(
        help: ArgumentHelp(
            "Which column of the catalog means what.", valueName: "role=column,…"))
    var catalogColumns: String?

    @Option(
        help: ArgumentHelp(
            "Between the levels of a category path; left out, '>' or '|'.", valueName: "text"))
    var categorySeparator: String?

    func validate() throws {
        guard skipBadLines >= 0 else {
            throw ValidationError("--skip-bad-lines is \(skipBadLines); it must be 0 or more")
        }
    }

    func makeReadOptions() throws(ReadError) -> ReadOptions {
        var options = ReadOptions()
        options.table = try makeTableOptions(columns: columns)
        options.timeFormat = timeFormat
        options.kind = kind
        options.excludedItems = ItemFilter(
            patterns: excludeItems?.split(separator: ",").map { String($0) } ?? [],
            excludesItemsWithoutDigit: excludeItemsWithoutDigit)
        options.foldsItemCase = foldItemCase
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
        if let columns { table.columns = try ColumnMapping(parsing: columns) }
        return table
    }

    private static func kind(_ name: String) throws -> EventKind {
        guard let kind = EventKind(name: name) else {
            let names = EventKind.allCases.map(\.name).joined(separator: ", ")
            throw ValidationError("'\(name)' is no kind of event; the kinds are \(names)")
        }
        return kind
    }

    /// Reads the files with a progress bar, and takes what was returned off what was bought.
    func read(_ paths: [String]) throws -> (dataset: Dataset, report: ReadReport) {
        let bar = ProgressBar("reading")
        defer { bar.finish() }
        var (dataset, report) = try Dataset.read(
            events: paths, catalog: catalog, options: makeReadOptions(),
            catalogOptions: makeCatalogOptions()
        ) { progress in
            guard let total = progress.bytesTotal, total > 0 else { return }
            bar.update(
                Double(progress.bytesRead) / Double(total),
                detail: "\(progress.lines.grouped) lines of \(progress.file)")
        }
        let returns: NettedReturns
        (dataset, returns) = dataset.nettingReturns()
        if let note = returns.note { report.add(note: note) }
        return (dataset, report)
    }
}

extension FileFormat: ExpressibleByArgument {}
extension TimeFormat: ExpressibleByArgument {}
extension ReadOptions.NegativeValues: ExpressibleByArgument {}
