/// A named, dense, row-major array: what a safetensors file is made of.
struct Tensor {
    /// The elements, in one of the four types that bundles use.
    enum Elements {
        case bytes([UInt8])
        case int32([Int32])
        case int64([Int])
        case float32([Float])
    }

    /// The element types under their safetensors names.
    enum ElementType: String, CaseIterable {
        case bytes = "U8"
        case int32 = "I32"
        case int64 = "I64"
        case float32 = "F32"

        /// Bytes per element, which is also the alignment.
        var stride: Int {
            switch self {
            case .bytes: 1
            case .int32, .float32: 4
            case .int64: 8
            }
        }
    }

    let name: String
    let shape: [Int]
    let elements: Elements

    /// - Parameter shape: nil for one dimension.
    init(_ name: String, _ elements: Elements, shape: [Int]? = nil) {
        self.name = name
        self.elements = elements
        self.shape = shape ?? [elements.count]
        precondition(self.shape.reduce(1, *) == elements.count, "\(name): \(self.shape)")
    }
}

extension Tensor.Elements {
    var type: Tensor.ElementType {
        switch self {
        case .bytes: .bytes
        case .int32: .int32
        case .int64: .int64
        case .float32: .float32
        }
    }

    var count: Int {
        switch self {
        case .bytes(let elements): elements.count
        case .int32(let elements): elements.count
        case .int64(let elements): elements.count
        case .float32(let elements): elements.count
        }
    }

    /// Lends the elements as they lie in memory, which on our little-endian hosts is how they lie
    /// in a file.
    func withBytes<E: Error>(_ body: (UnsafeRawBufferPointer) throws(E) -> Void) throws(E) {
        switch self {
        case .bytes(let elements): try lend(elements, body)
        case .int32(let elements): try lend(elements, body)
        case .int64(let elements): try lend(elements, body)
        case .float32(let elements): try lend(elements, body)
        }
    }

    private func lend<T: BitwiseCopyable, E: Error>(
        _ elements: [T], _ body: (UnsafeRawBufferPointer) throws(E) -> Void
    ) throws(E) {
        let result = elements.withUnsafeBytes { bytes -> Result<Void, E> in
            do throws(E) { return .success(try body(bytes)) } catch { return .failure(error) }
        }
        try result.get()
    }

    /// Allocates `count` elements and lets `fill` write all of their bytes.
    static func make<E: Error>(
        _ type: Tensor.ElementType, count: Int,
        fill: (UnsafeMutableRawBufferPointer) throws(E) -> Void
    ) throws(E) -> Self {
        switch type {
        case .bytes: .bytes(try allocate(count, fill))
        case .int32: .int32(try allocate(count, fill))
        case .int64: .int64(try allocate(count, fill))
        case .float32: .float32(try allocate(count, fill))
        }
    }

    private static func allocate<T: BitwiseCopyable, E: Error>(
        _ count: Int, _ fill: (UnsafeMutableRawBufferPointer) throws(E) -> Void
    ) throws(E) -> [T] {
        var failure: E?
        let elements = [T](unsafeUninitializedCapacity: count) { buffer, initializedCount in
            do throws(E) {
                try fill(
                    UnsafeMutableRawBufferPointer(
                        start: buffer.baseAddress, count: count * MemoryLayout<T>.stride))
                initializedCount = count
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return elements
    }
}
