import Glibc
import Interactions
import Testing

/// Reads events from text in memory.
func readEvents(
    _ text: String, _ options: ReadOptions = ReadOptions(), file: String = "events.csv",
    windowBytes: Int = 1 << 20
) throws(ReadError) -> (dataset: Dataset, report: ReadReport) {
    try readEvents(Array(text.utf8), options, file: file, windowBytes: windowBytes)
}

func readEvents(
    _ bytes: [UInt8], _ options: ReadOptions = ReadOptions(), file: String = "events.csv",
    windowBytes: Int = 1 << 20
) throws(ReadError) -> (dataset: Dataset, report: ReadReport) {
    var reader = DatasetReader(options)
    try reader.readEvents(
        from: unpacked(MemorySource(bytes), file: file), file: file, windowBytes: windowBytes)
    return reader.finish()
}

/// Reads only a catalog from text in memory.
func readCatalog(
    _ text: String, _ options: CatalogOptions = CatalogOptions(), file: String = "items.csv"
) throws(ReadError) -> (dataset: Dataset, report: ReadReport) {
    var reader = DatasetReader()
    try reader.readCatalog(from: MemorySource(Array(text.utf8)), file: file, options: options)
    return reader.finish()
}

/// The error that reading throws, or nil.
func errorReading(
    _ text: String, _ options: ReadOptions = ReadOptions(), file: String = "events.csv"
) -> ReadError? {
    do {
        _ = try readEvents(text, options, file: file)
        return nil
    } catch {
        return error
    }
}

/// Options with a column mapping.
func mapped(_ columns: String, _ change: (inout ReadOptions) -> Void = { _ in }) throws
    -> ReadOptions
{
    var options = ReadOptions()
    options.table.columns = try ColumnMapping(parsing: columns)
    change(&options)
    return options
}

/// Each event as `user item kind value time basket`, `-` for what is missing.
func rows(_ dataset: Dataset) -> [String] {
    let events = dataset.events
    return (0..<events.count).map { event in
        let user = events.users[event]
        let time = events.times[event]
        let basket = events.baskets[event]
        return [
            user < 0 ? "-" : dataset.users[Int(user)], dataset.items[Int(events.items[event])],
            events.kinds[event].name, "\(events.values[event])",
            time == EventTable.noTime ? "-" : "\(time)",
            basket < 0 ? "-" : dataset.baskets[Int(basket)],
        ].joined(separator: " ")
    }
}

func write(_ bytes: [UInt8], to path: String) throws {
    let file = try #require(fopen(path, "w"))
    defer { fclose(file) }
    #expect(fwrite(bytes, 1, bytes.count, file) == bytes.count)
}

func contents(of path: String) throws -> String {
    var lines: [String] = []
    try forEachLine(of: path) { _, line in
        lines.append(String(decoding: line.indices.map { line[$0] }, as: UTF8.self))
    }
    return lines.joined(separator: "\n")
}

/// The bytes as a gzip member whose blocks are stored, not compressed (RFC 1951, section 3.2.4).
func gzipped(_ bytes: [UInt8]) -> [UInt8] {
    var packed: [UInt8] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]
    var start = 0
    repeat {
        let count = min(65_535, bytes.count - start)
        packed.append(start + count == bytes.count ? 1 : 0)
        packed += littleEndian(UInt16(count)) + littleEndian(~UInt16(count))
        packed += bytes[start..<start + count]
        start += count
    } while start < bytes.count
    return packed + littleEndian(crc32(bytes)) + littleEndian(UInt32(bytes.count))
}

private func littleEndian(_ number: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: number.littleEndian) { Array($0) }
}

private func crc32(_ bytes: [UInt8]) -> UInt32 {
    var crc = ~UInt32(0)
    for byte in bytes {
        crc ^= UInt32(byte)
        for _ in 0..<8 { crc = crc >> 1 ^ (crc & 1 == 1 ? 0xedb8_8320 : 0) }
    }
    return ~crc
}
