/// Whose each basket is and of when, from a file beside the events, such as Instacart's orders.
struct BasketFacts {
    private var baskets = IdentifierTable()
    private var users = IdentifierTable()
    /// By basket; -1 for none.
    private var userOf: [Int32] = []
    private var timeOf: [Int64] = []
    /// Which of its user's baskets each is, and the days since the one before; where no times are.
    private var sequences: [Float] = []
    private var gaps: [Float] = []

    var capacityBytes: Int {
        baskets.capacityBytes + users.capacityBytes + 4 * userOf.capacity + 8 * timeOf.capacity
            + 4 * (sequences.capacity + gaps.capacity)
    }

    var count: Int { baskets.count }

    mutating func add(
        basket: UnsafeBufferPointer<UInt8>, user: UnsafeBufferPointer<UInt8>?, time: Int64,
        sequence: Float?, gap: Float?
    ) {
        let number = Int(baskets.insert(basket))
        if number == userOf.count {
            userOf.append(EventTable.none)
            timeOf.append(EventTable.noTime)
            sequences.append(0)
            gaps.append(0)
        }
        if let user { userOf[number] = users.insert(user) }
        if time != EventTable.noTime { timeOf[number] = time }
        sequences[number] = sequence ?? 0
        gaps[number] = gap ?? 0
    }

    /// Makes times of the places in each user's sequence: the last basket of all is of the last day,
    /// and each one as many days before the next as that one says, one where it does not.
    ///
    /// - Parameter end: seconds since 1970 of everybody's last basket.
    mutating func makeTimes(endingAt end: Int64) {
        var byUser = Array(repeating: [Int](), count: users.count)
        for basket in userOf.indices where userOf[basket] >= 0 {
            byUser[Int(userOf[basket])].append(basket)
        }
        for own in byUser {
            var time = end
            for basket in own.sorted(by: { sequences[$0] > sequences[$1] }) {
                timeOf[basket] = time
                // Two baskets of one day keep their order.
                time -= max(1, Int64(gaps[basket] * 86_400))
            }
        }
    }

    /// What is known of a basket: its user's id and its time.
    func facts(of basket: UnsafeBufferPointer<UInt8>) -> (user: String?, time: Int64)? {
        guard let number = baskets.index(of: basket).map(Int.init) else { return nil }
        let user = userOf[number]
        return (user < 0 ? nil : users[Int(user)], timeOf[number])
    }
}

extension DatasetReader {
    /// Adds what a file says of baskets: their user, their time, or which of their user's they are.
    ///
    /// Events without a user or a time get that of their basket once all is read. Where the file has
    /// no times but says which of its user's baskets each is (Instacart's `order_number` and
    /// `days_since_prior_order`), times are made of that, with everybody's last basket on one day.
    /// - Parameter path: CSV, TSV or JSON Lines, plain or gzip.
    /// - Throws: as ``readEvents(from:)`` does.
    package mutating func readBaskets(from path: String) throws(ReadError) {
        try readBaskets(from: openSource(path: path), file: path)
    }

    package mutating func readBaskets(
        from source: any ByteSource, file path: String, windowBytes: Int = Self.windowBytes
    ) throws(ReadError) {
        let start = ContinuousClock.now
        var table = options.table
        table.columns = ColumnMapping()
        if case .baskets? = table.format { table.format = nil }
        if case .userItems? = table.format { table.format = nil }
        let file = try TableFile(
            source, file: path, options: table, content: .baskets, timeFormat: options.timeFormat,
            windowBytes: windowBytes)
        cutFloats(in: file)
        var facts = basketFacts ?? BasketFacts()
        let line = BasketLine(file, missing: missing, numbers: numbers)
        report.basketLines += try readBaskets(of: file.reader, line, into: &facts)
        if file.index(.time) == nil, line.sequence != nil {
            // A day on which nothing else depends.
            facts.makeTimes(endingAt: 1_577_836_800)
            report.notes.append(
                "\(path): has no times; each user's order of baskets makes some, which end on "
                    + "2020-01-01")
        }
        basketFacts = facts
        report.files.append(file.understood)
        report.notes += file.notes
        duration += ContinuousClock.now - start
    }

    private mutating func readBaskets(
        of reader: some RecordReader, _ line: BasketLine, into facts: inout BasketFacts
    ) throws(ReadError) -> Int {
        var known = facts
        defer { facts = known }
        return try readRecords(reader, max: options.table.badLinesMax) {
            (self, reader) throws(ReadError) in
            let basket = self.cleaned(reader.field(line.basket), self.basketColumn.cutsFloats)
            guard !line.missing.take(basket) else {
                throw reader.badField(line.basket, "the basket has no id")
            }
            if let fault = IdentifierRule.fault(in: UnsafeRawBufferPointer(basket)) {
                throw reader.badField(line.basket, "the id \(shown(basket)) \(fault)")
            }
            var user = line.user.map { self.cleaned(reader.field($0), self.userColumn.cutsFloats) }
            if let id = user, self.isMissingUser(id) { user = nil }
            if let id = user, let fault = IdentifierRule.fault(in: UnsafeRawBufferPointer(id)) {
                throw reader.badField(line.user!, "the id \(shown(id)) \(fault)")
            }
            known.add(
                basket: basket, user: user, time: try line.seconds(reader),
                sequence: try line.number(line.sequence, reader),
                gap: try line.number(line.gap, reader))
        }
    }

    private func cleaned(_ text: UnsafeBufferPointer<UInt8>, _ cutsFloats: Bool)
        -> UnsafeBufferPointer<UInt8>
    {
        let text = trimmedBlanks(text)
        return cutsFloats && isWholeFloat(text)
            ? UnsafeBufferPointer(rebasing: text.dropLast(2)) : text
    }

    /// Gives the events what is known of their baskets.
    mutating func fillFromBaskets() {
        guard let basketFacts else { return }
        var users = Array(repeating: EventTable.none, count: dataset.baskets.count)
        var times = Array(repeating: EventTable.noTime, count: dataset.baskets.count)
        var unknown = 0
        for basket in users.indices {
            guard
                let facts = dataset.baskets.withBytes(of: basket, { basketFacts.facts(of: $0) })
            else {
                unknown += 1
                continue
            }
            if let user = facts.user { users[basket] = dataset.users.insert(user) }
            times[basket] = facts.time
        }
        dataset.events.fill(users: users, times: times)
        report.notes.append(
            "baskets: \(users.count - unknown) of \(users.count) are among the "
                + "\(basketFacts.count) of the file given by --baskets")
    }

    private struct BasketLine {
        let basket: Int
        let user: Int?
        let time: Int?
        let sequence: Int?
        let gap: Int?
        let timeFormat: TimeFormat?
        let missing: MissingValues
        let numbers: WrittenNumbers

        init(_ file: TableFile, missing: MissingValues, numbers: WrittenNumbers) {
            basket = file.index(.basket)!  // a file without one is refused before
            user = file.index(.user)
            time = file.index(.time)
            sequence = file.index(.sequence)
            gap = file.index(.gapDays)
            timeFormat = file.timeFormat
            (self.missing, self.numbers) = (missing, numbers)
        }

        func seconds(_ reader: some RecordReader) throws(ReadError) -> Int64 {
            guard let time else { return EventTable.noTime }
            let text = reader.field(time)
            if let seconds = timeFormat?.seconds(text) { return seconds }
            if missing.take(trimmedBlanks(text)) { return EventTable.noTime }
            throw reader.badField(
                time, "\(shown(text)) is not a time as \(timeFormat?.rawValue ?? "any other")")
        }

        func number(_ column: Int?, _ reader: some RecordReader) throws(ReadError) -> Float? {
            guard let column else { return nil }
            let text = reader.field(column)
            if let number = numbers.number(text) { return Float(number) }
            if missing.take(trimmedBlanks(text)) { return nil }
            throw reader.badField(column, numbers.fault(text))
        }
    }
}
