/// The rule for every id of an item, a user or a basket: 1 to 256 bytes of UTF-8 without NUL.
///
/// NUL is refused because C callers would cut an id there in silence.
package enum IdentifierRule {
    package static let bytesMax = 256

    /// What is wrong with an id; its description continues a sentence that begins with the id.
    package enum Fault: Error, Equatable, CustomStringConvertible, Sendable {
        case empty
        case tooLong(bytes: Int)
        case nul(offset: Int)
        case notUTF8

        package var description: String {
            switch self {
            case .empty: "is empty"
            case .tooLong(let bytes): "has \(bytes) bytes, more than \(bytesMax)"
            case .nul(let offset): "has a NUL at byte \(offset)"
            case .notUTF8: "is not UTF-8"
            }
        }
    }

    /// What is wrong with an id, or nil. Complexity: O(bytes), no allocation.
    package static func fault(in id: UnsafeRawBufferPointer) -> Fault? {
        guard !id.isEmpty else { return .empty }
        guard id.count <= bytesMax else { return .tooLong(bytes: id.count) }
        var isASCII = true
        for offset in 0..<id.count {
            let byte = id[offset]
            if byte == 0 { return .nul(offset: offset) }
            isASCII = isASCII && byte < 0x80
        }
        if isASCII { return nil }
        do throws(UTF8.ValidationError) {
            _ = try UTF8Span(validating: id.assumingMemoryBound(to: UInt8.self).span)
            return nil
        } catch {
            return .notUTF8
        }
    }

    /// Whether the length alone permits an id: what no table needs to be asked about otherwise.
    @inlinable @inline(__always)
    package static func permits(byteCount: Int) -> Bool { byteCount > 0 && byteCount <= 256 }
}
