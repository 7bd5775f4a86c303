extension DatasetReader {
    /// Says what looks wrong with ids once all are known: what a spreadsheet did to them, and ids
    /// that many things share.
    mutating func noteIdentifiers() {
        for (name, table) in [
            ("item", dataset.items), ("user", dataset.users), ("basket", dataset.baskets),
        ] {
            noteMangled(name, table)
        }
        noteSharedUser()
        noteSharedBaskets()
    }

    private mutating func noteMangled(_ name: String, _ table: IdentifierTable) {
        var (rounded, dates, stripped) = (0, 0, 0)
        var (roundedExample, dateExample, strippedExample) = ("", "", "")
        for index in 0..<table.count {
            table.withBytes(of: index) { id in
                if Self.isRounded(id) {
                    rounded += 1
                    if rounded == 1 { roundedExample = String(decoding: id, as: UTF8.self) }
                } else if Self.isShortDate(id) || (name == "item" && Self.isDate(id)) {
                    dates += 1
                    if dates == 1 { dateExample = String(decoding: id, as: UTF8.self) }
                } else if let short = Self.shortened(id), table.index(of: short) != nil {
                    stripped += 1
                    if stripped == 1 {
                        strippedExample =
                            "\(String(decoding: short, as: UTF8.self)) and "
                            + String(decoding: id, as: UTF8.self)
                    }
                }
            }
        }
        report.identifiers.mangled += rounded + dates + stripped
        if stripped > 0 {
            report.notes.append(
                "\(stripped) \(name) ids are there without leading zeros or .0 too, such as "
                    + "\(strippedExample): some program took them for numbers, and they may be one; "
                    + "export the column as text")
        }
        if rounded > 0 {
            report.notes.append(
                "\(rounded) \(name) ids look rounded by a spreadsheet, such as \(roundedExample): "
                    + "different ones may have become one; export the column as text")
        }
        if dates > 0 {
            report.notes.append(
                "\(dates) \(name) ids look as if a spreadsheet had taken them for dates, such as "
                    + "\(dateExample); export the column as text")
        }
    }

    /// Digits with an exponent, such as `5.90123E+12`; with a comma where decimals have one.
    private static func isRounded(_ id: UnsafeBufferPointer<UInt8>) -> Bool {
        guard id.count >= 5, id[0] &- 0x30 < 10,
            let e = id.firstIndex(where: { $0 | 0x20 == UInt8(ascii: "e") }), e + 2 < id.count,
            id[e + 1] == 0x2b, id[(e + 2)...].allSatisfy({ $0 &- 0x30 < 10 })
        else { return false }
        let hasPoint = id[1] == UInt8(ascii: ".") || id[1] == UInt8(ascii: ",")
        return e == 1 || (hasPoint && e > 2 && id[2..<e].allSatisfy { $0 &- 0x30 < 10 })
    }

    /// `2024-03-01`, perhaps with a midnight behind it, which was `3-1` once.
    private static func isDate(_ id: UnsafeBufferPointer<UInt8>) -> Bool {
        guard id.count == 10 || id.count == 19, id[4] == 0x2d, id[7] == 0x2d,
            id.count == 10 || id[10...].elementsEqual(" 00:00:00".utf8)
        else { return false }
        return TimeFormat.iso8601.seconds(id) != nil
    }

    /// Digits without the zeros before them or the `.0` behind them; nil for any other id.
    private static func shortened(_ id: UnsafeBufferPointer<UInt8>) -> UnsafeBufferPointer<UInt8>? {
        if isWholeFloat(id) { return UnsafeBufferPointer(rebasing: id.dropLast(2)) }
        guard id.count > 1, id[0] == 0x30, id.allSatisfy({ $0 &- 0x30 < 10 }) else { return nil }
        let short = id.drop { $0 == 0x30 }
        return short.isEmpty ? nil : UnsafeBufferPointer(rebasing: short)
    }

    private static let months: Set = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ]

    /// A day or year and a month's short name, such as `1-Mar` and `Mar-01`.
    private static func isShortDate(_ id: UnsafeBufferPointer<UInt8>) -> Bool {
        guard (5...6).contains(id.count), let dash = id.firstIndex(of: 0x2d) else { return false }
        let parts = [id[..<dash], id[(dash + 1)...]].map { String(decoding: $0, as: UTF8.self) }
        func isNumber(_ text: String) -> Bool {
            (1...2).contains(text.utf8.count) && text.utf8.allSatisfy { $0 &- 0x30 < 10 }
        }
        return isNumber(parts[0]) && months.contains(parts[1].lowercased())
            || isNumber(parts[1]) && months.contains(parts[0].lowercased())
    }

    /// One user with a fifth of all events is hardly one person.
    private mutating func noteSharedUser() {
        let events = dataset.events
        guard dataset.users.count > 1, events.count >= 100 else { return }
        var counts = Array(repeating: 0, count: dataset.users.count)
        let none = EventTable.none
        for user in events.users where user != none { counts[Int(user)] += 1 }
        let most = counts.indices.max { counts[$0] < counts[$1] }!
        guard counts[most] * 5 > events.count, counts[most] > 5 * events.count / counts.count
        else { return }
        let id = dataset.users[most]
        report.notes.append(
            "user \"\(id)\" has \(counts[most]) of \(events.count) events "
                + "(\(counts[most] * 100 / events.count) %), as guests have who share an id; "
                + "--missing \(id) would take it for no user")
    }

    /// Baskets over days or of several users are mostly numbers that are used again.
    private mutating func noteSharedBaskets() {
        let events = dataset.events
        guard dataset.baskets.count > 0 else { return }
        var first = Array(repeating: Int64.max, count: dataset.baskets.count)
        var last = Array(repeating: Int64.min, count: dataset.baskets.count)
        var users = Array(repeating: EventTable.none, count: dataset.baskets.count)
        var shared = Array(repeating: false, count: dataset.baskets.count)
        // Columns are taken out once: each use through the table would cost a call.
        let (basketOf, times, userOf) = (events.baskets, events.times, events.users)
        for event in 0..<events.count where basketOf[event] != EventTable.none {
            let basket = Int(basketOf[event])
            let (time, user) = (times[event], userOf[event])
            if time != EventTable.noTime {
                first[basket] = min(first[basket], time)
                last[basket] = max(last[basket], time)
            }
            guard user != EventTable.none else { continue }
            if users[basket] != EventTable.none, users[basket] != user { shared[basket] = true }
            users[basket] = user
        }
        let long = first.indices.filter { last[$0] != .min && last[$0] - first[$0] > 86_400 }
        if long.count * 20 > first.count, let example = long.first {
            let days = long.map { (last[$0] - first[$0]) / 86_400 }.max()!
            report.notes.append(
                "\(long.count) of \(first.count) baskets span more than a day, up to \(days), such "
                    + "as \"\(dataset.baskets[example])\": where receipts are numbered anew each "
                    + "day, --columns basket=date+receipt joins two columns")
        }
        let several = shared.indices.filter { shared[$0] }
        if several.count * 20 > first.count, let example = several.first {
            report.notes.append(
                "\(several.count) of \(first.count) baskets are of more than one user, such as "
                    + "\"\(dataset.baskets[example])\"")
        }
    }
}
