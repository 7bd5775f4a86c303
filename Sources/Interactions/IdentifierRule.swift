/// The rule for every id of an item, a user or a basket: 1 to 256 bytes of UTF-8 without NUL.
///
/// NUL is refused because C callers would cut an id there in silence.
@usableFromInline
package enum IdentifierRule {
    package static let bytesMax = 256

    /// What is wrong with an id; its description continues a sentence that begins with the id.
    @usableFromInline
    package enum Fault: Error, Equatable, CustomStringConvertible, Sendable {
        case empty
        case tooLong(bytes: Int)
        case nul(offset: Int)
        case notUTF8

        @usableFromInline package var description: String {
            switch self {
            case .empty: "is empty"
            case .tooLong(let bytes): "has \(bytes) bytes, more than \(bytesMax)"
            case .nul(let offset): "has a NUL at byte \(offset)"
            case .notUTF8: "is not UTF-8"
            }
        }
    }

    /// What is wrong with an id, or nil. Complexity: O(bytes), no allocation.
    @inlinable @inline(__always)
    package static func fault(in id: UnsafeRawBufferPointer) -> Fault? {
        if permits(byteCount: id.count), let start = id.baseAddress, isPlain(start, id.count) {
            return nil
        }
        return rareFault(in: id)
    }

    /// ``fault(in:)`` of what is not plain.
    @usableFromInline
    static func rareFault(in id: UnsafeRawBufferPointer) -> Fault? {
        guard !id.isEmpty else { return .empty }
        guard id.count <= bytesMax else { return .tooLong(bytes: id.count) }
        if let offset = id.firstIndex(of: 0) { return .nul(offset: offset) }
        do throws(UTF8.ValidationError) {
            _ = try UTF8Span(validating: id.assumingMemoryBound(to: UInt8.self).span)
            return nil
        } catch {
            return .notUTF8
        }
    }

    /// Whether all bytes are 1 to 127, as nearly all ids are. Eight are tested at once; the last eight
    /// may overlap those before.
    @inlinable @inline(__always)
    static func isPlain(_ bytes: UnsafeRawPointer, _ count: Int) -> Bool {
        let ones: UInt64 = 0x0101_0101_0101_0101
        // A byte's top bit is set in `word` where the byte is over 127, and, where none is, in
        // `word - ones` only where some byte is 0.
        var found: UInt64 = 0
        func test(_ word: UInt64) { found |= word | (word &- ones) }
        if count >= 8 {
            var offset = 0
            while offset + 8 < count {
                test(bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
                offset += 8
            }
            test(bytes.loadUnaligned(fromByteOffset: count - 8, as: UInt64.self))
        } else if count >= 4 {
            let first = bytes.loadUnaligned(as: UInt32.self)
            let last = bytes.loadUnaligned(fromByteOffset: count - 4, as: UInt32.self)
            test(UInt64(first) | UInt64(last) << 32)
        } else {
            for offset in 0..<count {
                test(ones &* UInt64(bytes.load(fromByteOffset: offset, as: UInt8.self)))
            }
        }
        return found & (ones << 7) == 0
    }

    /// Whether the length alone permits an id: what no table needs to be asked about otherwise.
    @inlinable @inline(__always)
    package static func permits(byteCount: Int) -> Bool { byteCount > 0 && byteCount <= 256 }
}
