/// Immutable strings in one block of memory, lent as bytes.
///
/// Replies are packed from borrowed pointers, so what a slate shows must lie still for as long as
/// the model is served; a Swift `String` would have to be copied for each reply.
package final class TextTable: @unchecked Sendable {
    // Sendable: the memory is written in init only.
    private let bytes: UnsafeMutableRawBufferPointer
    private let offsets: UnsafeMutableBufferPointer<Int>

    /// - Complexity: O(total bytes).
    package init(count: Int, _ text: (Int) -> String) {
        offsets = .allocate(capacity: count + 1)
        var flat: [UInt8] = []
        for index in 0..<count {
            offsets.initializeElement(at: index, to: flat.count)
            flat.append(contentsOf: text(index).utf8)
        }
        offsets.initializeElement(at: count, to: flat.count)
        bytes = .allocate(byteCount: flat.count, alignment: 16)
        bytes.copyBytes(from: flat)
    }

    deinit {
        bytes.deallocate()
        offsets.deallocate()
    }

    package var count: Int { offsets.count - 1 }

    /// The text's UTF-8; valid while the table lives.
    package subscript(index: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: bytes[offsets[index]..<offsets[index + 1]])
    }
}
