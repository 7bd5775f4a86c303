internal import CKernels
import Synchronization

/// What a shard's writer works in.
final class WriterScratch {
    /// Where a vector is quantized before its codes are interleaved.
    let codes: UnsafeMutablePointer<Int8>
    /// A vector as the store's format keeps it.
    private let kept: UnsafeMutablePointer<Float>

    init(_ layout: RowLayout) {
        codes = .allocate(capacity: layout.dimensions)
        kept = .allocate(capacity: layout.paddedDimensions)
    }

    deinit {
        codes.deallocate()
        kept.deallocate()
    }

    static func bytes(_ layout: RowLayout) -> Int {
        layout.dimensions + layout.paddedDimensions * MemoryLayout<Float>.stride
    }

    /// Stores a vector's elements and returns them as they are now, valid until the next call.
    func write(
        _ vector: UnsafePointer<Float>, to elements: UnsafeMutableRawPointer, _ layout: RowLayout
    ) -> UnsafePointer<Float> {
        switch layout.format {
        case .single:
            elements.copyMemory(from: vector, byteCount: layout.dimensions * 4)
            return vector
        case .half:
            sc_half_narrow(
                vector, layout.dimensions, elements.assumingMemoryBound(to: UInt16.self))
            layout.widen(elements, into: kept)
            return UnsafePointer(kept)
        }
    }
}

/// A chunk of rows: one mapping, laid out as `RowLayout` says.
///
/// Header: 0 rows ever used, which is how far a scan goes; then, for the writer only, 8 the first
/// free position + 1, 12 rows occupied, 16 and 20 the neighbors + 1 in the list of chunks with
/// room.
struct Chunk {
    let base: UnsafeMutableRawPointer

    @inline(__always)
    func row(_ position: Int, _ layout: RowLayout) -> StoreRow {
        StoreRow(base: base + layout.rowsOffset + position * layout.rowBytes)
    }

    /// Rows from the first that were ever used.
    var usedRows: Int { Int(base.atomicWord(at: 0).pointee.load(ordering: .acquiring)) }

    private func field(_ offset: Int) -> UnsafeMutablePointer<UInt32> {
        (base + offset).assumingMemoryBound(to: UInt32.self)
    }

    var firstFree: UInt32 {
        get { field(8).pointee }
        nonmutating set { field(8).pointee = newValue }
    }
    var occupied: UInt32 {
        get { field(12).pointee }
        nonmutating set { field(12).pointee = newValue }
    }
    var before: UInt32 {
        get { field(16).pointee }
        nonmutating set { field(16).pointee = newValue }
    }
    var after: UInt32 {
        get { field(20).pointee }
        nonmutating set { field(20).pointee = newValue }
    }

    func hasRoom(_ layout: RowLayout) -> Bool { Int(occupied) < layout.rows }

    /// The slot + 1 that follows a row in whichever list it is in: free rows or retired ones.
    func link(_ position: Int, _ layout: RowLayout) -> UnsafeMutablePointer<UInt32> {
        (base + layout.linksOffset).assumingMemoryBound(to: UInt32.self) + position
    }

    /// Takes a free position: one given back before, else the next one never used.
    func takePosition(_ layout: RowLayout) -> Int {
        let position: Int
        if firstFree != 0 {
            position = Int(firstFree) - 1
            firstFree = link(position, layout).pointee
        } else {
            position = usedRows
            precondition(position < layout.rows, "a chunk without room was asked for a row")
            base.atomicWord(at: 0).pointee.store(UInt64(position + 1), ordering: .releasing)
        }
        occupied += 1
        occupancy(position / 16, layout).pointee |= 1 << UInt32(position % 16)
        return position
    }

    /// Gives back a row that no reader can see any more.
    func free(_ position: Int, _ layout: RowLayout) {
        row(position, layout).born = 0
        scales(layout)[position] = 0
        link(position, layout).pointee = firstFree
        firstFree = UInt32(position + 1)
        occupied -= 1
        let block = position / 16
        occupancy(block, layout).pointee &= ~(1 << UInt32(position % 16))
        if occupancy(block, layout).pointee == 0 {
            bounds(layout)[2 * block] = 0
            bounds(layout)[2 * block + 1] = 0
        }
    }

    /// Writes everything of a row but its birth.
    func write(
        _ position: Int, id: UnsafeRawBufferPointer, longID: UnsafeMutableRawPointer?,
        vector: UnsafePointer<Float>, ordinal: UInt32, scratch: WriterScratch,
        _ layout: RowLayout
    ) {
        let row = row(position, layout)
        row.died = .max
        let vector = scratch.write(vector, to: row.base + RowLayout.headerBytes, layout)
        let codes = scratch.codes
        let quantized = sc_quantize(vector, layout.dimensions, codes)
        row.base.storeBytes(of: ordinal, toByteOffset: 16, as: UInt32.self)
        row.base.storeBytes(of: quantized.norm, toByteOffset: 20, as: Float.self)
        row.base.storeBytes(of: UInt16(id.count), toByteOffset: 24, as: UInt16.self)
        if let longID {
            row.base.storeBytes(
                of: longID, toByteOffset: RowLayout.longIDOffset, as: UnsafeMutableRawPointer.self)
        } else {
            (row.base + RowLayout.idOffset).copyMemory(from: id.baseAddress!, byteCount: id.count)
        }

        let lane = self.codes(layout) + position / 16 * layout.quads * 64 + position % 16 * 4
        for i in 0..<layout.dimensions {
            lane[i / 4 * 64 + i % 4] = UInt8(bitPattern: codes[i]) ^ 0x80
        }
        scales(layout)[position] = quantized.scale
        let bound = bounds(layout) + position / 16 * 2
        bound[0] = max(bound[0], quantized.error)
        bound[1] = max(bound[1], quantized.norm_bound)
    }

    func codes(_ layout: RowLayout) -> UnsafeMutablePointer<UInt8> {
        (base + layout.codesOffset).assumingMemoryBound(to: UInt8.self)
    }

    func scales(_ layout: RowLayout) -> UnsafeMutablePointer<Float> {
        (base + layout.scalesOffset).assumingMemoryBound(to: Float.self)
    }

    /// Of each block of 16 rows: the largest quantization error and the largest norm bound.
    func bounds(_ layout: RowLayout) -> UnsafeMutablePointer<Float> {
        (base + layout.boundsOffset).assumingMemoryBound(to: Float.self)
    }

    /// Of each block: which of its rows are occupied, visible or not.
    private func occupancy(_ block: Int, _ layout: RowLayout) -> UnsafeMutablePointer<UInt32> {
        (base + layout.occupancyOffset).assumingMemoryBound(to: UInt32.self) + block
    }
}
