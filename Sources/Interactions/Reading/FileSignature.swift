/// Files that are no text, recognized by their first bytes.
///
/// Sources: the formats' own specifications, which fix these bytes.
enum FileSignature {
    /// How many first bytes are looked at.
    static let bytesMax = 16

    private static let known: [(bytes: [UInt8], what: String)] = [
        ([0x50, 0x4b, 0x03, 0x04], workbook), ([0x50, 0x4b, 0x05, 0x06], workbook),
        (
            [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1],
            "is an old Excel workbook (.xls); save the sheet as CSV"
        ),
        (
            Array("PAR1".utf8),
            "is a Parquet file; convert it: python3 -c \"import pandas; "
                + "pandas.read_parquet('in.parquet').to_csv('out.csv.gz', index=False)\""
        ),
        (
            Array("ARROW1".utf8),
            "is an Arrow file; convert it: python3 -c \"import pandas; "
                + "pandas.read_feather('in.arrow').to_csv('out.csv.gz', index=False)\""
        ),
        (Array("ORC".utf8), "is an ORC file; convert it to CSV or JSON Lines"),
        ([0x4f, 0x62, 0x6a, 0x01], "is an Avro file; convert it to CSV or JSON Lines"),
        (Array("BZh".utf8), "is packed by bzip2; unpack it: bunzip2, or pack it by gzip"),
        ([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00], "is packed by xz; unpack it: unxz"),
        ([0x28, 0xb5, 0x2f, 0xfd], "is packed by zstd; unpack it: unzstd"),
        ([0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c], "is a 7-Zip archive; unpack it first"),
        (
            Array("SQLite format 3\0".utf8),
            "is a SQLite database; export a table: sqlite3 -csv -header FILE 'select …'"
        ),
        (Array("%PDF-".utf8), "is a PDF document, which holds no table that can be read"),
        (Array("<!doctype html".utf8), page), (Array("<html".utf8), page),
        (Array("<?xml".utf8), "is XML; convert it to CSV or JSON Lines"),
    ]
    private static let workbook =
        "is a zip archive, as Excel workbooks (.xlsx) are; save the sheet as CSV, or unpack it"
    private static let page = "is a web page, perhaps an error page where a download should be"

    /// What the file is and what to do, to continue a sentence that begins with its name; nil where
    /// it may be text.
    static func foreign(_ head: [UInt8]) -> String? {
        var head = head[...]
        if head.starts(with: [0xef, 0xbb, 0xbf]) { head = head.dropFirst(3) }
        while let first = head.first, [9, 10, 13, 32].contains(first) { head = head.dropFirst() }
        return known.first { signature in
            head.count >= signature.bytes.count
                && zip(head, signature.bytes).allSatisfy {
                    // Markup is written in any case; no other signature holds capitals that matter.
                    $0 == $1 || (signature.bytes[0] == 0x3c && asciiLowercased($0) == $1)
                }
        }?.what
    }
}
