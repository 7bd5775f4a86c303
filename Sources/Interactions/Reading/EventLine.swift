internal import Glibc

/// Which columns of a file make an event, and how they are written.
struct EventLine {
    let user: Int?
    let item: Int
    let time: Int?
    let basket: Int?
    /// What makes the basket's id, where it is more than `basket`.
    let joinedBasket: JoinedColumns?
    let value: Int?
    let kind: Int?
    let eventID: Int?
    let title: Int?
    let category: Int?
    let price: Int?
    let timeFormat: TimeFormat?
    private let lastTime = LastTime()
    let numbers: WrittenNumbers
    let missing: MissingValues
    let returnPrefix: [UInt8]?

    init(_ file: TableFile, _ options: ReadOptions, missing: MissingValues, numbers: WrittenNumbers)
    {
        user = file.index(.user)
        item = file.index(.item)!  // a file without one is refused before
        time = file.index(.time)
        basket = file.index(.basket)
        joinedBasket = file.basketParts.isEmpty ? nil : JoinedColumns(file.basketParts)
        value = file.index(.value)
        kind = file.index(.kind)
        eventID = file.index(.eventID)
        title = file.index(.title)
        category = file.index(.category)
        price = file.index(.price)
        timeFormat = file.timeFormat
        self.numbers = numbers
        self.missing = missing
        returnPrefix = options.returnBasketPrefix.map { Array($0.utf8) }
    }

    /// The column's number, or nil where it is missing.
    @inline(__always)
    func number<Reader: RecordReader>(_ column: Int?, _ reader: Reader) throws(ReadError) -> Float?
    {
        guard let column else { return nil }
        let text = reader.field(column)
        if let number = numbers.number(text) {
            let short = Float(number)
            if short.isFinite { return short }
            throw reader.badField(column, "\(shown(text)) is larger than a number may be")
        } else if isMissing(text) {
            return nil
        }
        throw reader.badField(column, numbers.fault(text))
    }

    @inline(__always)
    func seconds<Reader: RecordReader>(_ reader: Reader) throws(ReadError) -> Int64 {
        guard let time else { return EventTable.noTime }
        let text = reader.field(time)
        if lastTime.isWritten(text) { return lastTime.seconds }
        if let seconds = timeFormat?.seconds(text) {
            lastTime.keep(text, seconds)
            return seconds
        }
        if isMissing(text) { return EventTable.noTime }
        // Without a format no sample record had a time, and this one comes too late to guess from.
        let format = timeFormat.map { "not a time as \($0.rawValue)" }
        throw reader.badField(
            time,
            "\(shown(text)) is "
                + (format
                    ?? "the first time, after so many lines without one that its format must be given")
        )
    }

    func isMissing(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        missing.take(trimmedBlanks(text))
    }

    /// The text of an id: the column's, or for a basket of several columns theirs together.
    @inline(__always)
    private func text<Reader: RecordReader>(
        _ column: Int, _ reader: Reader
    ) -> UnsafeBufferPointer<UInt8> {
        guard let joinedBasket, column == basket else { return reader.field(column) }
        return joinedBasket.text(reader, missing: missing)
    }

    @inline(__always)
    func find<Reader: RecordReader>(
        _ reader: Reader, _ column: Int?, _ identifiers: inout IdentifierColumn,
        _ table: IdentifierTable
    ) throws(ReadError) -> Int32 {
        guard let column else { return IdentifierColumn.missing }
        if reader.isNested(column) {
            throw reader.badField(
                column,
                "holds a JSON array or object, \(shown(reader.field(column))), where one id is "
                    + "meant; --columns item=NAME takes an array's elements for items, and a dot "
                    + "leads into an object, as in user=customer.id")
        }
        do throws(IdentifierColumn.Problem) {
            return try identifiers.find(text(column, reader), in: table)
        } catch {
            throw reader.badField(column, error.message)
        }
    }

    @inline(__always)
    func insert<Reader: RecordReader>(
        _ found: Int32, _ reader: Reader, _ column: Int?, _ identifiers: inout IdentifierColumn,
        _ table: inout IdentifierTable
    ) throws(ReadError) -> Int32 {
        guard found == IdentifierColumn.unseen, let column else { return found }
        do throws(IdentifierColumn.Problem) {
            return try identifiers.insert(text(column, reader), in: &table)
        } catch {
            throw reader.badField(column, error.message)
        }
    }

    @inline(__always)
    func beginsReturn(_ basket: UnsafeBufferPointer<UInt8>) -> Bool {
        guard let returnPrefix else { return false }
        return trimmedBlanks(basket).starts(with: returnPrefix)
    }
}

/// The time that was read last: lines of one order, which follow each other, mostly share it.
private final class LastTime {
    private static let bytesMax = 64
    private let text = UnsafeMutablePointer<UInt8>.allocate(capacity: bytesMax)
    private var count = 0
    private(set) var seconds: Int64 = 0

    deinit { text.deallocate() }

    @inline(__always)
    func isWritten(_ other: UnsafeBufferPointer<UInt8>) -> Bool {
        guard other.count == count, count > 0, let start = other.baseAddress else { return false }
        return memcmp(text, start, count) == 0
    }

    @inline(__always)
    func keep(_ other: UnsafeBufferPointer<UInt8>, _ seconds: Int64) {
        count = 0
        guard let start = other.baseAddress, other.count <= Self.bytesMax else { return }
        memcpy(text, start, other.count)
        (count, self.seconds) = (other.count, seconds)
    }
}

extension DatasetReader {
    /// Adds the event of one record, unless a rule leaves it out.
    ///
    /// All fields are understood before a rule is applied or a table grows: a bad line is reported
    /// as such whatever rule would also leave it out, and only kept events give numbers to ids.
    @inline(__always)
    mutating func addEvent<Reader: RecordReader>(_ reader: Reader, _ line: EventLine)
        throws(ReadError)
    {
        let time = try line.seconds(reader)
        var value = try line.number(line.value, reader) ?? 1
        let price = try line.number(line.price, reader)
        guard var kind = try kind(reader, line) else { return leaveOut(.unknownKind) }

        let item = try line.find(reader, line.item, &itemColumn, dataset.items)
        let user = try line.find(reader, line.user, &userColumn, dataset.users)
        let basket = try line.find(reader, line.basket, &basketColumn, dataset.baskets)
        if item == IdentifierColumn.missing { return leaveOut(.noItem) }
        if item == IdentifierColumn.excluded { return leaveOut(.excludedItem) }
        if user == IdentifierColumn.missing, basket == IdentifierColumn.missing {
            return leaveOut(.noUserAndNoBasket)
        }
        if let price, let least = options.priceMin, Double(price) < least {
            return leaveOut(.priceBelowMinimum)
        }
        if let column = line.basket, line.beginsReturn(reader.field(column)) {
            kind = .return
            value = abs(value)
        } else if value < 0, kind != .rating {
            switch options.negativeValues {
            case .leaveOut: return leaveOut(.negativeValue)
            case .keep: break
            case .return:
                kind = .return
                value = -value
            }
        }
        if value == 0, kind == .purchase || kind == .cart { return leaveOut(.zeroValue) }
        if let column = line.eventID, try isRepeated(reader, column) {
            return leaveOut(.repeatedEvent)
        }

        let itemNumber = try line.insert(item, reader, line.item, &itemColumn, &dataset.items)
        let userNumber = try line.insert(user, reader, line.user, &userColumn, &dataset.users)
        let basketNumber = try line.insert(
            basket, reader, line.basket, &basketColumn, &dataset.baskets)
        recent.add(
            Event(
                user: userNumber, item: itemNumber, kind: kind, value: value, time: time,
                basket: basketNumber), to: &dataset.events)
        // The text beside a return often is a note on why.
        if kind != .return {
            if let column = line.title {
                titles.vote(item: Int(itemNumber), trimmedBlanks(reader.field(column)))
            }
            if let column = line.category {
                categories.vote(item: Int(itemNumber), trimmedBlanks(reader.field(column)))
            }
            if let price, price > 0 { keep(price, item: Int(itemNumber)) }
        }
    }

    private mutating func leaveOut(_ cause: LeftOutCause) {
        report.leftOut[cause, default: 0] += 1
    }

    private mutating func kind<Reader: RecordReader>(
        _ reader: Reader, _ line: EventLine
    ) throws(ReadError) -> EventKind? {
        guard let column = line.kind else { return options.kind }
        let text = reader.field(column)
        if let kind = kindNames.kind(text) { return kind }
        if line.isMissing(text) { return options.kind }
        if options.leavesOutUnknownKinds { return nil }
        let names = EventKind.allCases.map(\.name).joined(separator: ", ")
        throw reader.badField(
            column,
            "\(shown(text)) is not a known kind; those are \(names), and --kinds "
                + "\(String(decoding: trimmedBlanks(text).prefix(40), as: UTF8.self))=cart, say, "
                + "names one of them")
    }

    private mutating func isRepeated<Reader: RecordReader>(
        _ reader: Reader, _ column: Int
    ) throws(ReadError) -> Bool {
        let id = trimmedBlanks(reader.field(column))
        if id.isEmpty { return false }
        guard id.count <= 256 else {
            throw reader.badField(column, "an event id of \(id.count) bytes is longer than 256")
        }
        let count = eventIDs.count
        return eventIDs.insert(id) < count
    }

    private mutating func keep(_ price: Float, item: Int) {
        while prices.count <= item { prices.append(0) }
        prices[item] = price
    }

    /// What the events' own columns say of the items; a catalog's word counts more.
    mutating func fillCatalogFromEvents() {
        var catalog = dataset.catalog
        dataset.catalog = Catalog()
        var notUTF8 = 0
        titles.forEach { item, text in
            if catalog.titles[item].isEmpty {
                catalog.update(item: item, title: decoded(text, &notUTF8))
            }
        }
        categories.forEach { item, text in
            if catalog.categories[item].isEmpty {
                let path = categoryPath(decoded(text, &notUTF8), options.categorySeparator)
                catalog.update(item: item, category: path)
            }
        }
        for (item, price) in prices.enumerated() where price > 0 && catalog.prices[item] == 0 {
            catalog.update(item: item, price: price)
        }
        textsNotUTF8 += notUTF8
        dataset.catalog = catalog
    }
}

/// The text, read as Latin-1 (and counted) where it is not UTF-8.
func decoded(_ text: UnsafeBufferPointer<UInt8>, _ notUTF8: inout Int) -> String {
    if let string = String(validating: text, as: UTF8.self) { return string }
    notUTF8 += 1
    return String(String.UnicodeScalarView(text.map { Unicode.Scalar($0) }))
}

/// The levels of a category path, blanks around them removed and empty ones left out.
func categoryPath(_ text: String, _ separator: String?) -> [String] {
    let separator = separator ?? (text.contains(">") ? ">" : "|")
    var levels: [String] = []
    var rest = text[...]
    while let found = rest.firstRange(of: separator) {
        levels.append(trimmed(rest[..<found.lowerBound]))
        rest = rest[found.upperBound...]
    }
    levels.append(trimmed(rest))
    return levels.filter { !$0.isEmpty }
}
