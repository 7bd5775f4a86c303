/// What a line of a file is.
package enum FileFormat: String, CaseIterable, Sendable {
    /// Fields between delimiters.
    case csv
    /// Fields between tabs; quotes stand for themselves unless asked for.
    case tsv
    /// A JSON object a line, or an array of objects.
    case jsonLines = "jsonl"
    /// A line is one basket: nothing but items.
    case baskets
    /// A line is a user and all her items, as in LightGCN's files.
    case userItems = "user-items"
    /// A column for each item, and a row for each basket.
    case oneHot = "one-hot"

    /// By the extension before `.gz`, or nil where that does not tell.
    package init?(path: String) {
        var name = path.lowercased()[...]
        if name.hasSuffix(".gz") { name = name.dropLast(3) }
        let fileName = name.split(separator: "/").last ?? ""
        guard let dot = fileName.lastIndex(of: ".") else { return nil }
        switch fileName[fileName.index(after: dot)...] {
        case "csv": self = .csv
        case "tsv", "tab": self = .tsv
        case "jsonl", "ndjson", "json": self = .jsonLines
        default: return nil
        }
    }
}

/// How a file is laid out.
package struct TableOptions: Sendable {
    /// nil: by the path's extension, then by a look at the first line.
    package var format: FileFormat?
    /// 1 to 4 bytes, such as `;` or `::`; a single blank stands for any run of blanks. nil: tab for
    /// `.tsv`, else the comma or, where the first line has none, the tab, `;` or `|` that occurs
    /// most often in it.
    package var delimiter: String?
    /// Of the text, by a name that iconv knows; nil to find it out.
    package var encoding: String?
    /// What separates the items where one column holds a list of them; nil to find it out.
    package var listSeparator: String?
    /// Whether `"` encloses fields; nil: yes, except between tabs.
    package var hasQuotes: Bool?
    package var hasHeader = true
    /// Empty: by the columns' names.
    package var columns = ColumnMapping()
    /// Whether numbers are written as `2,55`.
    package var hasDecimalComma = false
    /// As many bad lines are left out and reported; one more is an error.
    package var badLinesMax = 0
    /// Texts that mean "no value" in every column, besides the empty one; nil: those that programs
    /// usually write, and in the user's column such as `guest` too.
    package var missingMarkers: [String]?

    package init() {}
}
