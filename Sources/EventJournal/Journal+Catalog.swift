/// What a shop says of one item; nil where it says nothing.
package struct CatalogEntry: Equatable, Sendable {
    package var title: String?
    /// From the broadest to the finest, joined by ` > `.
    package var category: String?
    /// In the shop's currency, 0 or more.
    package var price: Double?
    /// Pieces at hand, 0 or more.
    package var stock: Int64?
    package var group: String?
    /// In seconds since 1970 UTC.
    package var availableFrom: Int64?
    package var isDiscontinued: Bool?
    /// `name=value`, joined by `;`.
    package var attributes: String?

    package init() {}

    /// This with what `newer` says in place of what it said before.
    package func merged(with newer: CatalogEntry) -> CatalogEntry {
        var entry = self
        entry.title = newer.title ?? title
        entry.category = newer.category ?? category
        entry.price = newer.price ?? price
        entry.stock = newer.stock ?? stock
        entry.group = newer.group ?? group
        entry.availableFrom = newer.availableFrom ?? availableFrom
        entry.isDiscontinued = newer.isDiscontinued ?? isDiscontinued
        entry.attributes = newer.attributes ?? attributes
        return entry
    }
}

extension Journal {
    /// What the catalog says of an item; nil where it has none.
    package func catalogEntry(_ id: UnsafeRawBufferPointer) throws(JournalError) -> CatalogEntry? {
        guard let item = items.index(of: id.assumingMemoryBound(to: UInt8.self)) else { return nil }
        return try noteFailure { () throws(JournalError) in
            let row = statements.getItem
            row.bind(1, Int64(item))
            defer { row.reset() }
            return try row.step() ? CatalogEntry(row, from: 0) : nil
        }
    }

    /// Calls `body` with each item of the catalog.
    package func readCatalog(
        _ body: (String, CatalogEntry) -> Void
    ) throws(JournalError) {
        let rows = try database.prepare(
            """
            SELECT items.id, title, category, price, stock, "group", available_from, discontinued,
                attributes
            FROM catalog JOIN items ON items.number = catalog.item
            """)
        while try rows.step() { body(rows.string(0), CatalogEntry(rows, from: 1)) }
    }

    /// Adds an item to the catalog, or replaces what is given of it, within a transaction.
    ///
    /// - Returns: whether the catalog had it before.
    package func put(
        _ id: UnsafeRawBufferPointer, _ entry: CatalogEntry
    ) throws(JournalError) -> Bool {
        let before = try catalogEntry(id)
        let entry = (before ?? CatalogEntry()).merged(with: entry)
        try noteFailure { () throws(JournalError) in
            let put = statements.putItem
            put.bind(1, try number(ofItem: id))
            try entry.run(put)
        }
        return before != nil
    }

    /// Removes an item from the catalog, within a transaction. Its events stay.
    ///
    /// - Returns: whether the catalog had it.
    package func remove(_ id: UnsafeRawBufferPointer) throws(JournalError) -> Bool {
        guard try catalogEntry(id) != nil,
            let item = items.index(of: id.assumingMemoryBound(to: UInt8.self))
        else { return false }
        try noteFailure { () throws(JournalError) in
            let remove = statements.removeItem
            remove.bind(1, Int64(item))
            try remove.run()
        }
        return true
    }
}

extension CatalogEntry {
    /// Reads a row whose columns begin with the title at `first`.
    init(_ row: SQLiteStatement, from first: Int32) {
        func text(_ column: Int32) -> String? {
            row.isNull(first + column) ? nil : row.string(first + column)
        }
        func integer(_ column: Int32) -> Int64? {
            row.isNull(first + column) ? nil : row.integer(first + column)
        }
        (title, category) = (text(0), text(1))
        price = row.isNull(first + 2) ? nil : row.double(first + 2)
        (stock, group, availableFrom) = (integer(3), text(4), integer(5))
        (isDiscontinued, attributes) = (integer(6).map { $0 != 0 }, text(7))
    }

    /// Binds everything but the item, and runs.
    fileprivate func run(_ put: SQLiteStatement) throws(JournalError) {
        // Texts are lent until the statement has run.
        let lent: [[UInt8]] = [title, category, group, attributes].map { Array(($0 ?? "").utf8) }
        try lent[0].withBytes { title throws(JournalError) in
            try lent[1].withBytes { category throws(JournalError) in
                try lent[2].withBytes { group throws(JournalError) in
                    try lent[3].withBytes { attributes throws(JournalError) in
                        put.bindText(2, self.title == nil ? nil : title)
                        put.bindText(3, self.category == nil ? nil : category)
                        put.bindText(6, self.group == nil ? nil : group)
                        put.bindText(9, self.attributes == nil ? nil : attributes)
                        if let price { put.bind(4, price) } else { put.bindNull(4) }
                        put.bindInteger(5, stock)
                        put.bindInteger(7, availableFrom)
                        put.bindInteger(8, isDiscontinued.map { $0 ? 1 : 0 })
                        try put.run()
                    }
                }
            }
        }
    }
}

extension SQLiteStatement {
    fileprivate func bindInteger(_ place: Int32, _ value: Int64?) {
        if let value { bind(place, value) } else { bindNull(place) }
    }

    fileprivate func bindText(_ place: Int32, _ text: UnsafeRawBufferPointer?) {
        if let text { bind(place, text: text) } else { bindNull(place) }
    }
}
