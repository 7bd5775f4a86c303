import Interactions

extension FuzzTarget {
    static let csv = FuzzTarget(
        name: "csv",
        seeds: Seeds.tables.map { [0] + Array($0.utf8) } + [[0x30] + Array(Seeds.wideTable.utf8)]
    ) {
        readEvents($0, file: "e.csv")
    }

    static let jsonLines = FuzzTarget(
        name: "jsonl", seeds: Seeds.json.map { [0] + Array($0.utf8) }
    ) { readEvents($0, file: "e.jsonl") }

    static let gzip = FuzzTarget(
        name: "gzip", seeds: Seeds.tables.prefix(4).map { Seeds.gzipped(Array($0.utf8)) }
    ) { bytes in
        var reader = DatasetReader(limited())
        do throws(ReadError) {
            let source = try unpacked(MemorySource(bytes), file: "e.csv.gz")
            try reader.readEvents(from: source, file: "e.csv.gz")
            check(reader.finish().dataset)
        } catch { precondition(!error.description.isEmpty) }
    }

    static let catalog = FuzzTarget(
        name: "catalog", seeds: Seeds.catalogs.map { [0] + Array($0.utf8) }
    ) { bytes in
        guard let first = bytes.first else { return }
        let text = Array(bytes.dropFirst())
        var options = CatalogOptions()
        options.table.hasDecimalComma = first & 1 != 0
        options.table.badLinesMax = first & 2 != 0 ? 3 : 0
        var reader = DatasetReader(limited())
        do throws(ReadError) {
            try reader.readCatalog(
                from: MemorySource(text), file: first & 4 != 0 ? "c.jsonl" : "c", options: options)
            check(reader.finish().dataset)
        } catch { precondition(!error.description.isEmpty) }
    }

    private static func limited() -> ReadOptions {
        var options = ReadOptions()
        options.memoryBytesMax = 256 << 20
        return options
    }

    /// The first byte chooses options; the rest is the file.
    private static func readEvents(_ bytes: [UInt8], file: String) {
        guard let first = bytes.first else { return }
        let text = Array(bytes.dropFirst())
        var options = limited()
        options.foldsItemCase = first & 1 != 0
        options.composesIdentifiers = first & 2 != 0
        options.table.badLinesMax = first & 4 != 0 ? 3 : 0
        options.table.hasHeader = first & 8 == 0
        if file == "e.csv" {
            options.table.format = [nil, .baskets, .userItems, .oneHot][Int(first >> 4) & 3]
        }
        if !options.table.hasHeader {
            options.table.columns = ColumnMapping([.user: "1", .item: "2"])
        }
        options.kind = first & 64 != 0 ? .rating : .purchase
        let whole = outcome(text, options, file, windowBytes: 1 << 16)
        // What comes in pieces is read as what comes at once.
        guard text.count <= 256 else { return }
        let pieces = outcome(text, options, file, windowBytes: 1 + Int(first >> 5))
        precondition(whole == pieces, "\(whole)\n\(pieces)")
    }

    private static func outcome(
        _ text: [UInt8], _ options: ReadOptions, _ file: String, windowBytes: Int
    ) -> String {
        var reader = DatasetReader(options)
        do throws(ReadError) {
            try reader.readEvents(
                from: unpacked(MemorySource(text), file: file), file: file, windowBytes: windowBytes
            )
            let (dataset, report) = reader.finish()
            check(dataset)
            precondition(!report.description.isEmpty)
            _ = dataset.nettingReturns()
            return "\(dataset.events.items) \(dataset.events.values) \(dataset.events.times)"
        } catch {
            // How much is held at a time may be in a message about what is too long.
            return "\(error.code) \(error.line ?? 0)"
        }
    }

    /// The invariants of a dataset.
    private static func check(_ dataset: Dataset) {
        let events = dataset.events
        precondition(dataset.catalog.count == dataset.items.count)
        precondition(events.items.allSatisfy { $0 >= 0 && $0 < dataset.items.count })
        precondition(events.users.allSatisfy { $0 >= -1 && $0 < dataset.users.count })
        precondition(events.baskets.allSatisfy { $0 >= -1 && $0 < dataset.baskets.count })
        precondition(events.values.allSatisfy(\.isFinite))
        precondition(dataset.catalog.prices.allSatisfy { $0.isFinite && $0 >= 0 })
        for table in [dataset.users, dataset.items, dataset.baskets] {
            for index in 0..<table.count {
                table.withBytes(of: index) {
                    precondition(IdentifierRule.fault(in: UnsafeRawBufferPointer($0)) == nil)
                }
            }
        }
    }
}
