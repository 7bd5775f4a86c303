/// How impression logs are laid out.
package struct ImpressionLogOptions: Sendable {
    package var columns = ImpressionColumns()
    /// Of the text, by a name that iconv knows; nil to find it out.
    package var encoding: String?
    /// nil to find it out.
    package var timeFormat: TimeFormat?
    /// As many bad lines of a file are left out and reported; one more is an error.
    package var badLinesMax = 0

    package init() {}
}

/// Reads impression logs: CSV and its kin with a header, plain or gzip, one line an impression.
///
///     var reader = ImpressionLogReader(options)
///     try reader.read(from: "impressions.csv.gz")
///     let (log, notes) = reader.finish()
///
/// Lines with the same request belong together, wherever they stand; without such a column each
/// line is a request of its own. Who asked, with which basket and when may stand in each line of a
/// request or in its first one alone. The items of a basket stand between `|`. Without a position
/// column all items were shown at place 1.
///
/// After an error the reader must not be used any more.
package struct ImpressionLogReader {
    /// A slate is not longer.
    package static let positionMax = 1_000
    /// A basket holds no more items.
    package static let basketItemsMax = 256
    private static let windowBytes = 1 << 20
    private static let recordBytesMax = 4 << 20
    private static let sampleBytesMax = 1 << 20
    private static let recordsBetweenReports = 8192
    private static let examplesMax = 10

    private let options: ImpressionLogOptions
    private let progress: ((ReadProgress) -> Void)?
    private let missing = MissingValues(MissingValues.usual)
    private let missingUsers = MissingValues(MissingValues.usual + MissingValues.usualUsers)
    private var log = ImpressionLog()
    /// The ids of requests that have one, and the number of each in the log.
    private var requestIDs = IdentifierTable()
    private var requestNumbers: [Int32] = []
    /// By impression, its line and the request's impression before it, or -1; by request, its newest
    /// impression.
    private var lines: [Int] = []
    private var earlier: [Int32] = []
    private var newest: [Int32] = []
    private var notes: [String] = []

    package init(
        _ options: ImpressionLogOptions = ImpressionLogOptions(),
        progress: ((ReadProgress) -> Void)? = nil
    ) {
        self.options = options
        self.progress = progress
    }

    /// - Parameter path: `-` is standard input.
    /// - Throws: for a file that cannot be read or lacks a column, and for the first bad line more
    ///   than are tolerated: a propensity that is not above 0 and at most 1, a request that shows
    ///   something twice or is told in two ways, and whatever cannot be parsed.
    /// - Complexity: O(bytes).
    package mutating func read(from path: String) throws(ReadError) {
        try read(from: openSource(path: path), file: path)
    }

    /// Reads a source that is not compressed.
    package mutating func read(from source: any ByteSource, file: String) throws(ReadError) {
        let text = try TextSource(
            source, file: file, encoding: options.encoding, sampleBytesMax: Self.sampleBytesMax)
        let firstLine = text.sample.prefix { $0 != 10 }
        guard firstLine.first != UInt8(ascii: "{"), firstLine.first != UInt8(ascii: "[") else {
            throw ReadError(.options, file: file, "is JSON; impression logs are CSV with a header")
        }
        // The comma, unless the first line has none.
        let delimiter =
            text.delimiter
            ?? [UInt8(ascii: ","), 9, UInt8(ascii: ";")].first { firstLine.contains($0) }
            ?? UInt8(ascii: ",")
        func makeReader(_ source: any ByteSource) throws(ReadError) -> DelimitedReader {
            try DelimitedReader(
                ByteWindow(source, bytes: Self.windowBytes, bytesMax: Self.recordBytesMax),
                file: file,
                layout: .init(delimiter: [delimiter], hasQuotes: true, hasHeader: true),
                linesBefore: text.linesBefore)
        }
        let reader = try makeReader(text.source)
        let columns = try options.columns.resolve(in: reader.names, file: file)
        var timeFormat = options.timeFormat
        if timeFormat == nil {
            timeFormat = try Self.timeFormat(makeReader(MemorySource(text.sample)), columns)
        }
        try prepare(reader, columns, notes: text.notes)
        var (records, badLines) = (0, 0)
        while true {
            do throws(ReadError) {
                guard try reader.next() else { break }
                try add(ImpressionLine(reader, columns, timeFormat: timeFormat))
            } catch {
                guard error.code == .badLine else { throw error }
                badLines += 1
                try tolerate(error, badLines)
            }
            records += 1
            if records % Self.recordsBetweenReports == 0 { tell(reader, records) }
        }
        tell(reader, records)
        if badLines > 0 { notes.append("\(file): \(badLines) of \(records) lines were left out") }
    }

    /// The log and what is to be said of it.
    ///
    /// - Throws: code `options` where no file had an impression.
    package consuming func finish() throws(ReadError) -> (log: ImpressionLog, notes: [String]) {
        guard log.count > 0 else {
            throw ReadError(.options, file: "impression log", "has no impressions")
        }
        return (log, notes)
    }

    private func tell(_ reader: DelimitedReader, _ records: Int) {
        progress?(
            ReadProgress(
                file: reader.file, bytesRead: reader.bytesRead, bytesTotal: reader.bytesTotal,
                lines: records))
    }

    private mutating func tolerate(_ error: ReadError, _ badLines: Int) throws(ReadError) {
        guard badLines > options.badLinesMax else {
            if badLines <= Self.examplesMax { notes.append("left out: \(error)") }
            return
        }
        if options.badLinesMax == 0 { throw error }
        throw ReadError(
            .tooManyBadLines, file: error.file, line: error.line, column: error.column,
            "\(error.message) (bad line \(badLines), where \(options.badLinesMax) are tolerated)")
    }

    /// Takes what the header says.
    private mutating func prepare(
        _ reader: DelimitedReader, _ columns: [ImpressionRole: Int], notes textNotes: [String]
    ) throws(ReadError) {
        let file = reader.file
        let openBanditItems = OpenBanditColumns.items(in: reader.names)
        if log.count > 0,
            log.isOpenBandit != (openBanditItems != nil)
                || (openBanditItems?.count ?? log.items.count) != log.items.count
        {
            throw ReadError(
                .options, file: file, "is of another format or campaign than the files before it")
        }
        if let openBanditItems {
            log.isOpenBandit = true
            for item in openBanditItems { log.items.insert(item) }
        }
        let taken = ImpressionRole.allCases.compactMap { role in
            columns[role].map { "\(role.rawValue)=\(reader.names[$0])" }
        }
        notes += textNotes
        notes.append("\(file): columns taken as \(taken.joined(separator: ","))")
        if openBanditItems != nil {
            notes.append(
                "\(file): the Open Bandit Dataset, \(log.items.count) items; its hashed user features "
                    + "tell models nothing")
        } else if columns[.request] == nil {
            notes.append("\(file): no column says the request, so each line is one of its own")
        }
        if columns[.position] == nil {
            notes.append("\(file): no column says the position, so all are at position 1")
        }
    }

    /// How the file writes its times, as far as its beginning tells.
    private static func timeFormat(
        _ reader: DelimitedReader, _ columns: [ImpressionRole: Int]
    ) throws(ReadError) -> TimeFormat? {
        guard let time = columns[.time] else { return nil }
        var detector = TimeFormatDetector()
        while true {
            do throws(ReadError) {
                guard try reader.next() else { break }
            } catch {
                continue  // met again, and reported, when the file is read
            }
            detector.look(at: reader.field(time))
        }
        switch detector.result(now: now()) {
        case .format(let format): return format
        case .nothing: return nil
        case .dayOrMonthFirst(let example), .implausible(let example, _), .unknown(let example):
            throw ReadError(
                .options, file: reader.file, column: reader.position(of: time),
                "how the time \"\(example)\" is written cannot be told; --time-format says it, and "
                    + "--log-columns time= leaves the column out")
        }
    }

    /// Adds one impression; nothing changes where it is bad, but for ids that are new.
    private mutating func add(_ line: ImpressionLine) throws(ReadError) {
        let propensity = try line.number(.propensity)
        guard propensity > 0, propensity <= 1 else {
            throw line.fault(
                .propensity, "\(propensity) is no propensity, which is above 0 and at most 1")
        }
        let reward = try line.reward()
        let position = try line.position()
        let time = try line.time(missing)
        let itemID = try line.id(.item, missing)
        guard let itemID else { throw line.fault(.item, "the item is missing") }
        let userID = try line.id(.user, missingUsers)
        let basketIDs = try line.basket(missing)
        let requestID = try line.id(.request, missing)
        if line.has(.request), requestID == nil {
            throw line.fault(.request, "the request is missing")
        }

        let known = requestID.flatMap { requestIDs.index(of: $0) }.map { requestNumbers[Int($0)] }
        if let known {
            try checkContext(of: known, line, user: userID, basket: basketIDs, time: time)
            try checkNew(known, line, item: itemID, position: position)
        }
        let item = log.items.insert(itemID)
        let request: Int32
        if let known {
            request = known
        } else {
            request = log.addRequest(
                user: userID.map { log.users.insert($0) } ?? EventTable.none,
                basket: basketIDs.map { log.items.insert($0) }, time: time)
            newest.append(-1)
            if let requestID {
                requestIDs.insert(requestID)
                requestNumbers.append(request)
            }
        }
        lines.append(line.number)
        earlier.append(newest[Int(request)])
        newest[Int(request)] = Int32(log.count)
        log.append(
            request: request, item: item, position: position, propensity: propensity,
            reward: reward)
    }

    /// - Throws: where a request's later line says something else of it than its first.
    private func checkContext(
        of request: Int32, _ line: ImpressionLine, user: String?, basket: [String], time: Int64
    ) throws(ReadError) {
        let first = Int(request)
        if let user {
            let known = log.requestUsers[first]
            guard known != EventTable.none, log.users[Int(known)] == user else {
                throw line.fault(.user, "\"\(user)\" is not who asked in the request's first line")
            }
        }
        if !basket.isEmpty {
            let known = log.basket(ofRequest: first).map { log.items[Int($0)] }
            guard known == basket else {
                throw line.fault(.basket, "is not the basket of the request's first line")
            }
        }
        if time != EventTable.noTime, log.requestTimes[first] != time {
            throw line.fault(.time, "is not the time of the request's first line")
        }
    }

    /// - Throws: where the request has shown the item or filled the place before.
    /// - Complexity: O(impressions of the request).
    private func checkNew(
        _ request: Int32, _ line: ImpressionLine, item: String, position: Int32
    ) throws(ReadError) {
        let number = log.items.index(of: item)
        var at = newest[Int(request)]
        while at >= 0 {
            let i = Int(at)
            if log.positions[i] == position {
                throw line.fault(
                    line.has(.position) ? .position : .request,
                    "the request has something at position \(position) already, in line \(lines[i])"
                )
            }
            if log.shown[i] == number {
                throw line.fault(
                    .item, "the request shows \"\(item)\" already, in line \(lines[i])")
            }
            at = earlier[i]
        }
    }
}
