internal import CKernels

/// Where things lie in a row and in a chunk of rows; the same for the whole store.
///
/// Row: a 64-byte header, then the vector, padded with zeros to a multiple of 64 bytes.
///
///     0   born    the shard's version that made the row visible; 0 while the slot is free
///     8   died    the version that removed it; `.max` while it lives
///     16  ordinal
///     20  norm
///     24  id length, 16 bits
///     26  the id if it has up to 38 bytes; otherwise a pointer to it at 32
///
/// Chunk: a 64-byte header, `rows` rows, the codes, and per-row and per-block columns. All of it is
/// one mapping that starts as zeros, so a slot never used is a slot that is free.
@usableFromInline
struct RowLayout: Sendable {
    @inlinable @inline(__always)
    static var headerBytes: Int { 64 }
    @inlinable @inline(__always)
    static var inlineIDBytes: Int { 38 }
    @inlinable @inline(__always)
    static var idOffset: Int { 26 }
    static let longIDOffset = 32

    let dimensions: Int
    let format: VectorFormat
    /// Elements of a padded vector, a multiple of as many as fill 64 bytes.
    let paddedDimensions: Int
    /// Groups of four codes of a row.
    let quads: Int
    let rowBytes: Int
    /// Rows of a chunk, a power of two, a multiple of a block's 16.
    let rows: Int
    let rowsLog2: UInt32

    /// Offsets in a chunk.
    let rowsOffset = 64
    let codesOffset: Int
    let scalesOffset: Int
    let boundsOffset: Int
    let occupancyOffset: Int
    let linksOffset: Int
    let chunkBytes: Int

    /// Asks for all of a row's memory.
    @inline(__always)
    func prefetch(_ row: UnsafeMutableRawPointer) {
        var offset = 0
        while offset < rowBytes {
            sc_prefetch(row + offset)
            offset += 64
        }
    }

    /// Inner products of a padded query with rows' elements, as `sc_dot_rows` has them.
    @inline(__always)
    func score(
        _ query: UnsafePointer<Float>, _ rows: UnsafePointer<UnsafeRawPointer?>, _ count: Int,
        into scores: UnsafeMutablePointer<Float>
    ) {
        let rows = UnsafeRawPointer(rows)
        switch format {
        case .single:
            sc_dot_rows(
                query, rows.assumingMemoryBound(to: UnsafePointer<Float>?.self), count,
                paddedDimensions, scores)
        case .half:
            sc_dot_half_rows(
                query, rows.assumingMemoryBound(to: UnsafePointer<UInt16>?.self), count,
                paddedDimensions, scores)
        }
    }

    /// Copies a row's elements, with the zeros after them.
    func widen(_ elements: UnsafeRawPointer, into vector: UnsafeMutablePointer<Float>) {
        switch format {
        case .single:
            vector.update(
                from: elements.assumingMemoryBound(to: Float.self), count: paddedDimensions)
        case .half:
            sc_half_widen(
                elements.assumingMemoryBound(to: UInt16.self), paddedDimensions, vector)
        }
    }

    init(dimensions: Int, format: VectorFormat, pageBytes: Int) {
        self.dimensions = dimensions
        self.format = format
        let step = 64 / format.elementBytes
        paddedDimensions = (dimensions + step - 1) / step * step
        quads = (dimensions + 3) / 4
        rowBytes = Self.headerBytes + paddedDimensions * format.elementBytes
        // Up to half a megabyte: small enough that a shard's unfilled chunk is no great waste,
        // large enough that a scan runs through tens of kilobytes of codes at a time.
        let bytesAimed = 512 << 10
        let fitting = bytesAimed / (rowBytes + quads * 4)
        rowsLog2 = UInt32(min(10, max(6, Int.bitWidth - 1 - max(1, fitting).leadingZeroBitCount)))
        rows = 1 << Int(rowsLog2)
        codesOffset = rowsOffset + rows * rowBytes
        scalesOffset = codesOffset + rows * quads * 4
        boundsOffset = scalesOffset + rows * 4
        occupancyOffset = boundsOffset + rows / 16 * 8
        linksOffset = occupancyOffset + rows / 16 * 4
        let bytes = linksOffset + rows * 4
        chunkBytes = (bytes + pageBytes - 1) / pageBytes * pageBytes
    }
}
