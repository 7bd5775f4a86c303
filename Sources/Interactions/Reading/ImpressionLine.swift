/// One line of an impression log, valid until its reader moves on.
struct ImpressionLine {
    private let reader: DelimitedReader
    private let columns: [ImpressionRole: Int]
    private let timeFormat: TimeFormat?

    init(
        _ reader: DelimitedReader, _ columns: [ImpressionRole: Int], timeFormat: TimeFormat?
    ) {
        self.reader = reader
        self.columns = columns
        self.timeFormat = timeFormat
    }

    /// Counted from 1.
    var number: Int { reader.line }

    func has(_ role: ImpressionRole) -> Bool { columns[role] != nil }

    func fault(_ role: ImpressionRole, _ message: String) -> ReadError {
        columns[role].map { reader.badField($0, message) } ?? reader.badLine(message)
    }

    private func text(_ role: ImpressionRole) -> UnsafeBufferPointer<UInt8>? {
        columns[role].map { trimmedBlanks(reader.field($0)) }
    }

    /// - Throws: where the field is no finite number, or is empty.
    func number(_ role: ImpressionRole) throws(ReadError) -> Double {
        let text = text(role)!  // roles that are read as numbers are never absent
        guard let number = parseNumber(text) else {
            throw fault(
                role,
                text.isEmpty ? "the \(role.rawValue) is missing" : "\(shown(text)) is not a number"
            )
        }
        return number
    }

    /// A number, or `true` or `false`.
    func reward() throws(ReadError) -> Double {
        switch String(decoding: text(.reward)!.prefix(8), as: UTF8.self).lowercased() {
        case "true": return 1
        case "false": return 0
        case "":
            throw fault(.reward, "the reward is missing; where nothing came of it, it is 0")
        default: return try number(.reward)
        }
    }

    /// 1 where no column says it.
    func position() throws(ReadError) -> Int32 {
        guard has(.position) else { return 1 }
        let position = try number(.position)
        guard position == position.rounded(), position >= 1,
            position <= Double(ImpressionLogReader.positionMax)
        else {
            throw fault(
                .position,
                "\(shown(text(.position)!)) is no position, which is 1 to "
                    + "\(ImpressionLogReader.positionMax)")
        }
        return Int32(position)
    }

    /// ``EventTable/noTime`` where the field is missing.
    func time(_ missing: MissingValues) throws(ReadError) -> Int64 {
        guard let text = text(.time) else { return EventTable.noTime }
        if let seconds = timeFormat?.seconds(text) { return seconds }
        if missing.take(text) { return EventTable.noTime }
        let format = timeFormat.map { "not a time as \($0.rawValue)" } ?? "no time"
        throw fault(.time, "\(shown(text)) is \(format)")
    }

    /// nil where the field is missing or there is no such column.
    func id(_ role: ImpressionRole, _ missing: MissingValues) throws(ReadError) -> String? {
        guard let text = text(role), !missing.take(text) else { return nil }
        return try id(text, role)
    }

    /// The items between `|`; none where the field is missing.
    func basket(_ missing: MissingValues) throws(ReadError) -> [String] {
        guard let text = text(.basket), !missing.take(text) else { return [] }
        var items: [String] = []
        for part in text.split(separator: UInt8(ascii: "|")) {
            let item = trimmedBlanks(UnsafeBufferPointer(rebasing: part))
            if item.isEmpty { continue }
            items.append(try id(item, .basket))
        }
        guard items.count <= ImpressionLogReader.basketItemsMax else {
            throw fault(
                .basket,
                "\(items.count) items, where at most \(ImpressionLogReader.basketItemsMax) are allowed"
            )
        }
        return items
    }

    private func id(
        _ text: UnsafeBufferPointer<UInt8>, _ role: ImpressionRole
    ) throws(ReadError) -> String {
        if let problem = IdentifierRule.fault(in: UnsafeRawBufferPointer(text)) {
            throw fault(role, "the id \(shown(text)) \(problem)")
        }
        return String(decoding: text, as: UTF8.self)
    }
}
