internal import Glibc

/// Why a file cannot be written.
package struct WriteError: Error, Equatable, Sendable, CustomStringConvertible {
    package let file: String
    package let message: String

    package var description: String { "\(file): \(message)" }
}

extension Dataset {
    /// Writes the events as CSV: `user,item,kind,value,time,basket`, times in ISO 8601 and UTC.
    ///
    /// The file appears whole under its name or not at all.
    package func writeEvents(to path: String) throws(WriteError) {
        try CSVWriter.write(to: path) { (writer) throws(WriteError) in
            try writer.row("user", "item", "kind", "value", "time", "basket")
            for event in 0..<events.count {
                let user = events.users[event]
                let time = events.times[event]
                let basket = events.baskets[event]
                try writer.row(
                    user < 0 ? "" : users[Int(user)], items[Int(events.items[event])],
                    events.kinds[event].name, plain(events.values[event]),
                    time == EventTable.noTime ? "" : isoTime(time),
                    basket < 0 ? "" : baskets[Int(basket)])
            }
        }
    }

    /// Writes the catalog as CSV: `id,title,category,price,stock`, where known `group`,
    /// `available_from`, `discontinued` and `margin`, and a column for each
    /// attribute's name, levels of a category between ` > ` and several values of one attribute
    /// between `|`.
    ///
    /// The file appears whole under its name or not at all.
    /// - Throws: also where a category or a value holds its separator, which reading would split.
    package func writeCatalog(to path: String) throws(WriteError) {
        var facts = ["id", "title", "category", "price", "stock"]
        // Columns that few catalogs have are written where one has them.
        if catalog.groups.contains(where: { !$0.isEmpty }) { facts.append("group") }
        if catalog.availableFrom.contains(where: { $0 != .min }) { facts.append("available_from") }
        if catalog.isDiscontinued.contains(true) { facts.append("discontinued") }
        if catalog.margins.contains(where: { $0 != nil }) { facts.append("margin") }
        var names = Set<String>()
        for attributes in catalog.attributes {
            for attribute in attributes { names.insert(Self.parts(attribute).name) }
        }
        if let clash = names.sorted().first(where: { facts.contains($0) || $0.isEmpty }) {
            throw WriteError(file: path, message: "an attribute cannot be called \"\(clash)\"")
        }
        let columns = names.sorted()
        try CSVWriter.write(to: path) { (writer) throws(WriteError) in
            try writer.row(facts + columns)
            for item in 0..<items.count {
                try writer.row(catalogRow(item, facts, columns, path))
            }
        }
    }

    private func catalogRow(
        _ item: Int, _ facts: [String], _ columns: [String], _ path: String
    ) throws(WriteError) -> [String] {
        let category = catalog.categories[item]
        let stock = catalog.stocks[item]
        var row = [
            items[item], catalog.titles[item], category.joined(separator: " > "),
            catalog.prices[item] == 0 ? "" : plain(catalog.prices[item]),
            stock == Catalog.untrackedStock ? "" : String(stock),
        ]
        for fact in facts[5...] {
            switch fact {
            case "group": row.append(catalog.groups[item])
            case "margin": row.append(catalog.margins[item].map(plain) ?? "")
            case "discontinued": row.append(catalog.isDiscontinued[item] ? "true" : "")
            default:
                let time = catalog.availableFrom[item]
                row.append(time == .min ? "" : isoTime(time))
            }
        }
        var values: [String: [String]] = [:]
        for attribute in catalog.attributes[item] {
            let (name, value) = Self.parts(attribute)
            values[name, default: []].append(value)
        }
        let isSplit = category.contains { $0.contains(">") }
        if isSplit || values.values.joined().contains(where: { $0.contains("|") }) {
            throw WriteError(
                file: path,
                message: "item \(items[item]) has a category with > or an attribute with |")
        }
        for column in columns { row.append(values[column, default: []].joined(separator: "|")) }
        return row
    }

    private static func parts(_ attribute: String) -> (name: String, value: String) {
        guard let equals = attribute.firstIndex(of: "=") else { return ("", attribute) }
        return (
            String(attribute[..<equals]), String(attribute[attribute.index(after: equals)...])
        )
    }
}

/// Whole numbers without a point.
private func plain(_ number: Float) -> String {
    Int(exactly: number).map(String.init) ?? "\(number)"
}

/// Writes CSV rows through a buffer into a file of another name, which takes its place at the end.
struct CSVWriter: ~Copyable {
    private static let bufferBytes = 1 << 16
    private let path: String
    private let descriptor: Int32
    private var buffer: [UInt8] = []

    static func write(
        to path: String, _ body: (inout CSVWriter) throws(WriteError) -> Void
    ) throws(WriteError) {
        let partial = path + ".partial"
        let descriptor = open(partial, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw failure(path, "cannot be created") }
        var writer = CSVWriter(path: path, descriptor: descriptor)
        do throws(WriteError) {
            try body(&writer)
            try writer.flush()
        } catch {
            close(descriptor)
            unlink(partial)
            throw error
        }
        guard close(descriptor) == 0, rename(partial, path) == 0 else {
            let error = failure(path, "cannot be finished")
            unlink(partial)
            throw error
        }
    }

    private init(path: String, descriptor: Int32) {
        self.path = path
        self.descriptor = descriptor
        buffer.reserveCapacity(Self.bufferBytes)
    }

    mutating func row(_ fields: String...) throws(WriteError) { try row(fields) }

    mutating func row(_ fields: [String]) throws(WriteError) {
        for (i, field) in fields.enumerated() {
            if i > 0 { buffer.append(UInt8(ascii: ",")) }
            append(field)
        }
        buffer.append(10)
        if buffer.count >= Self.bufferBytes { try flush() }
    }

    /// Quoted where RFC 4180 asks for it, and where blanks at the ends would be lost.
    private mutating func append(_ field: String) {
        let needsQuotes =
            field.utf8.contains { $0 == 0x22 || $0 == 0x2c || $0 == 10 || $0 == 13 }
            || field.utf8.first == 32 || field.utf8.last == 32
        guard needsQuotes else { return buffer.append(contentsOf: field.utf8) }
        buffer.append(0x22)
        for byte in field.utf8 {
            if byte == 0x22 { buffer.append(0x22) }
            buffer.append(byte)
        }
        buffer.append(0x22)
    }

    private mutating func flush() throws(WriteError) {
        var written = 0
        while written < buffer.count {
            let count = buffer.withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress! + written, buffer.count - written)
            }
            if count < 0 {
                if errno == EINTR { continue }
                throw Self.failure(path, "writing failed")
            }
            written += count
        }
        buffer.removeAll(keepingCapacity: true)
    }

    private static func failure(_ path: String, _ what: String) -> WriteError {
        WriteError(file: path, message: "\(what): \(systemMessage(errno))")
    }
}
