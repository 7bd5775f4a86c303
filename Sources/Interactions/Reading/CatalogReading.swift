extension DatasetReader {
    private static let attributeBytesMax = 256

    /// Adds what a catalog file says of the items, and the items that only it names.
    ///
    /// Columns: `item` (or `id`), `title`, `category`, `price`, `stock`, `group` (what the item is a
    /// variant of), `available_from`, `discontinued`, `margin` (what the shop earns on one
    /// piece: money, or with `%` a share of the price), `attributes`. Every other column is an attribute, `name=value`; several values of one stand between `|`. In JSON Lines
    /// a category may be an array, and attributes an object or an array of `name=value`.
    /// - Parameter path: CSV, TSV or JSON Lines, plain or gzip; `-` is standard input.
    /// - Throws: as `readEvents(from:)` does.
    package mutating func readCatalog(
        from path: String, options: CatalogOptions = CatalogOptions()
    ) throws(ReadError) {
        try readCatalog(from: openSource(path: path), file: path, options: options)
    }

    /// Adds what a source says of the items that is not compressed.
    package mutating func readCatalog(
        from source: any ByteSource, file path: String, options: CatalogOptions = CatalogOptions(),
        windowBytes: Int = Self.windowBytes
    ) throws(ReadError) {
        let start = ContinuousClock.now
        let file = try TableFile(
            source, file: path, options: options.table, content: .catalog, timeFormat: nil,
            windowBytes: windowBytes)
        cutFloats(in: file)
        let numbers = WrittenNumbers(decimalComma: options.table.hasDecimalComma)
        let line = CatalogLine(file, options, missing: missing, numbers: numbers)
        if let reader = file.reader as? DelimitedReader {
            report.catalogLines += try readRecords(reader, max: options.table.badLinesMax) {
                (self, reader) throws(ReadError) in try self.addItem(reader, line)
            }
        } else if let reader = file.reader as? JSONReader {
            report.catalogLines += try readRecords(reader, max: options.table.badLinesMax) {
                (self, reader) throws(ReadError) in try self.addItem(reader, line)
            }
        }
        report.files.append(file.understood)
        report.notes += file.notes
        if let note = numbers.note { report.notes.append(note) }
        duration += ContinuousClock.now - start
    }

    private mutating func addItem<Reader: RecordReader>(
        _ reader: Reader, _ line: CatalogLine
    ) throws(ReadError) {
        let text = reader.field(line.item)
        var facts = CatalogLine.Facts()
        try line.read(reader, into: &facts, notUTF8: &textsNotUTF8)
        longAttributes += facts.longTexts
        if let odd = facts.oddStock {
            oddStocks.count += 1
            if oddStocks.count == 1 { oddStocks.example = odd }
        }
        do throws(IdentifierColumn.Problem) {
            var item = try itemColumn.find(text, in: dataset.items)
            if item == IdentifierColumn.missing { throw .init(message: "the item has no id") }
            if item == IdentifierColumn.excluded { return }
            if item == IdentifierColumn.unseen {
                item = try itemColumn.insert(text, in: &dataset.items)
            }
            dataset.catalog.update(
                item: Int(item), title: facts.title, category: facts.category, price: facts.price,
                stock: facts.stock, group: facts.group, availableFrom: facts.availableFrom,
                isDiscontinued: facts.isDiscontinued, margin: facts.margin,
                attributes: facts.attributes.isEmpty ? nil : facts.attributes)
            while isInCatalog.count <= Int(item) { isInCatalog.append(false) }
            if isInCatalog[Int(item)] {
                repeatedItems.count += 1
                if repeatedItems.count == 1 { repeatedItems.example = dataset.items[Int(item)] }
            }
            isInCatalog[Int(item)] = true
        } catch {
            throw reader.badField(line.item, error.message)
        }
    }

    /// Which columns of a file say what of an item.
    private struct CatalogLine {
        struct Facts {
            var title: String?
            var category: [String]?
            var price: Float?
            var stock: Int32?
            var group: String?
            var availableFrom: Int64?
            var isDiscontinued: Bool?
            var margin: Float?
            var attributes: [String] = []
            var longTexts = 0
            /// What the stock column says, where nobody can tell what it means.
            var oddStock: String?
        }

        let item: Int
        private let title: Int?
        private let category: Int?
        private let price: Int?
        private let stock: Int?
        private let group: Int?
        private let availableFrom: Int?
        private let discontinued: Int?
        private let margin: Int?
        private let timeFormat: TimeFormat?
        private let attributes: Int?
        private let mapped: Set<Int>
        private let options: CatalogOptions
        private let missing: MissingValues
        private let numbers: WrittenNumbers

        init(
            _ file: TableFile, _ options: CatalogOptions, missing: MissingValues,
            numbers: WrittenNumbers
        ) {
            item = file.index(.item)!  // a file without one is refused before
            title = file.index(.title)
            category = file.index(.category)
            price = file.index(.price)
            stock = file.index(.stock)
            group = file.index(.group)
            availableFrom = file.index(.availableFrom)
            discontinued = file.index(.discontinued)
            margin = file.index(.margin)
            timeFormat = file.timeFormat
            attributes = file.index(.attributes)
            mapped = Set(ColumnRole.allCases.compactMap { file.index($0) })
            self.options = options
            self.missing = missing
            self.numbers = numbers
        }

        func read<Reader: RecordReader>(
            _ reader: Reader, into facts: inout Facts, notUTF8: inout Int
        ) throws(ReadError) {
            facts.title = try plainText(title, reader, &notUTF8)
            facts.price = try number(price, reader).map { Float($0) }
            if let price = facts.price, price < 0 || !price.isFinite {
                throw reader.badField(self.price!, "\(price) is not a price")
            }
            if let stock { facts.stock = pieces(reader.field(stock), &facts) }
            facts.group = try plainText(group, reader, &notUTF8)
            facts.availableFrom = try seconds(availableFrom, reader)
            facts.isDiscontinued = try truth(discontinued, reader)
            facts.margin = try money(margin, reader, price: facts.price)
            if let category { facts.category = try path(category, reader, &notUTF8) }
            for column in reader.names.indices where !mapped.contains(column) {
                try addAttributes(reader.names[column], column, reader, &facts, &notUTF8)
            }
            if let attributes { try addAttributes(nil, attributes, reader, &facts, &notUTF8) }
        }

        /// An amount, or with a percent sign a share of the price, which has to be known then.
        private func money(
            _ column: Int?, _ reader: some RecordReader, price: Float?
        ) throws(ReadError) -> Float? {
            guard let column else { return nil }
            let text = trimmedBlanks(reader.field(column))
            if isMissing(text) { return nil }
            let isShare = text.last == UInt8(ascii: "%")
            let digits = isShare ? trimmedBlanks(.init(rebasing: text.dropLast())) : text
            guard let number = numbers.number(digits), number.isFinite, abs(number) <= 1e9 else {
                throw reader.badField(
                    column, "\(shown(text)) is neither an amount nor a share such as 30%")
            }
            guard isShare else { return Float(number) }
            guard number <= 100 else {
                throw reader.badField(column, "\(shown(text)) is more than the whole price")
            }
            guard let price else {
                throw reader.badField(
                    column, "\(shown(text)) is a share of a price that is missing")
            }
            return price * Float(number / 100)
        }

        private func seconds(
            _ column: Int?, _ reader: some RecordReader
        ) throws(ReadError) -> Int64? {
            guard let column else { return nil }
            let text = reader.field(column)
            if let seconds = timeFormat?.seconds(text) { return seconds }
            if isMissing(trimmedBlanks(text)) { return nil }
            throw reader.badField(
                column, "\(shown(text)) is not a time as \(timeFormat?.rawValue ?? "any other")")
        }

        private func truth(
            _ column: Int?, _ reader: some RecordReader
        ) throws(ReadError) -> Bool? {
            guard let column else { return nil }
            let text = trimmedBlanks(reader.field(column))
            if isMissing(text) { return nil }
            let word = String(decoding: text, as: UTF8.self).lowercased()
            if ["1", "true", "t", "yes", "y", "x", "discontinued"].contains(word) { return true }
            if ["0", "false", "f", "no", "n", "active"].contains(word) { return false }
            throw reader.badField(column, "\(shown(text)) is neither true nor false")
        }

        /// The pieces in stock: a number, or a word as feeds have it. nil where nothing says that the
        /// item is out of stock; 0 where what is said cannot be read, since what may be sold out is
        /// not to be sold.
        private func pieces(_ text: UnsafeBufferPointer<UInt8>, _ facts: inout Facts) -> Int32? {
            let text = trimmedBlanks(text)
            if isMissing(text) { return nil }
            if let number = numbers.number(text) {
                return Int32(max(0, min(number.rounded(.down), Double(Int32.max))))
            }
            let word = String(decoding: text, as: UTF8.self)
            let plain = word.lowercased().filter { $0.isLetter }
            if Self.sellable.contains(plain) { return nil }
            if !Self.soldOut.contains(plain) { facts.oddStock = word }
            return 0
        }

        /// Source: support.google.com/merchants, "availability", and schema.org's ItemAvailability.
        private static let sellable: Set = [
            "instock", "available", "true", "yes", "y", "preorder", "backorder",
            "limitedavailability",
            "onlineonly", "instoreonly", "presale", "httpsschemaorginstock", "httpschemaorginstock",
        ]
        private static let soldOut: Set = [
            "outofstock", "soldout", "unavailable", "notavailable", "false", "no", "n",
            "discontinued", "httpsschemaorgoutofstock", "httpschemaorgoutofstock",
        ]

        private func text<Reader: RecordReader>(
            _ column: Int?, _ reader: Reader, _ notUTF8: inout Int
        ) -> String? {
            guard let column else { return nil }
            let text = trimmedBlanks(reader.field(column))
            if isMissing(text) { return nil }
            return decoded(text, &notUTF8)
        }

        private func plainText<Reader: RecordReader>(
            _ column: Int?, _ reader: Reader, _ notUTF8: inout Int
        ) throws(ReadError) -> String? {
            if let column, reader.isNested(column) {
                throw reader.badField(
                    column,
                    "holds a JSON array or object, \(shown(reader.field(column))), where a text is meant"
                )
            }
            return text(column, reader, &notUTF8)
        }

        private func isMissing(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
            missing.take(text)
        }

        private func number<Reader: RecordReader>(
            _ column: Int?, _ reader: Reader
        ) throws(ReadError) -> Double? {
            guard let column else { return nil }
            let text = trimmedBlanks(reader.field(column))
            if isMissing(text) { return nil }
            guard let number = numbers.number(text) else {
                throw reader.badField(column, numbers.fault(text))
            }
            return number
        }

        private func path<Reader: RecordReader>(
            _ column: Int, _ reader: Reader, _ notUTF8: inout Int
        ) throws(ReadError) -> [String]? {
            guard reader.isNested(column) else {
                return text(column, reader, &notUTF8).map {
                    categoryPath($0, options.categorySeparator)
                }
            }
            return try strings(reader, column)
        }

        /// The elements of an array, those that are arrays or objects themselves left out.
        private func strings<Reader: RecordReader>(
            _ reader: Reader, _ column: Int
        ) throws(ReadError) -> [String] {
            var strings: [String] = []
            do throws(JSONCursor.Failure) {
                var cursor = JSONCursor(.init(mutating: reader.field(column)))
                try cursor.forEachElement { (value) throws(JSONCursor.Failure) in
                    if let text = scalar(value) { strings.append(text) }
                }
            } catch {
                throw reader.badField(column, error.message)
            }
            return strings
        }

        private func addAttributes<Reader: RecordReader>(
            _ name: String?, _ column: Int, _ reader: Reader, _ facts: inout Facts,
            _ notUTF8: inout Int
        ) throws(ReadError) {
            let field = reader.field(column)
            guard field.count > 0 else { return }
            if reader.isNested(column), field[0] == UInt8(ascii: "{") {
                return try addMembers(name, column, reader, &facts)
            }
            let prefix = name.map { "\($0)=" } ?? ""
            if reader.isNested(column) {
                for value in try strings(reader, column) { add(prefix + value, &facts) }
            } else if let text = text(column, reader, &notUTF8) {
                for value in text.split(separator: "|") { add(prefix + trimmed(value), &facts) }
            }
        }

        /// The members of an object, or of a column's object with the column's name before theirs.
        private func addMembers<Reader: RecordReader>(
            _ name: String?, _ column: Int, _ reader: Reader, _ facts: inout Facts
        ) throws(ReadError) {
            do throws(JSONCursor.Failure) {
                var cursor = JSONCursor(.init(mutating: reader.field(column)))
                try cursor.forEachMember { (key, value) throws(JSONCursor.Failure) in
                    let own = String(decoding: key, as: UTF8.self)
                    let full = name.map { "\($0).\(own)" } ?? own
                    if case .nested(let array) = value, array.first == UInt8(ascii: "[") {
                        var elements = JSONCursor(array)
                        try elements.forEachElement { (element) throws(JSONCursor.Failure) in
                            if let text = scalar(element) { add("\(full)=\(text)", &facts) }
                        }
                    } else if let text = scalar(value) {
                        add("\(full)=\(text)", &facts)
                    }
                }
            } catch {
                throw reader.badField(column, error.message)
            }
        }

        /// Long text is a description, which no rule and no model compares.
        private func add(_ attribute: String, _ facts: inout Facts) {
            if attribute.utf8.count <= attributeBytesMax {
                facts.attributes.append(attribute)
            } else {
                facts.longTexts += 1
            }
        }

        private func scalar(_ value: JSONCursor.Value) -> String? {
            switch value {
            case .string(let text), .literal(let text): String(decoding: text, as: UTF8.self)
            case .null, .nested: nil
            }
        }
    }
}
