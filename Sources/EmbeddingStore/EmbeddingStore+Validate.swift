internal import CKernels

extension EmbeddingStore {
    func validate(_ entry: Entry, at position: Int?) throws(StoreError) {
        if let fault = Self.fault(inID: entry.id) {
            throw StoreError(.invalidArgument, at: position, fault)
        }
        if let fault = fault(inVector: entry.vector) {
            throw StoreError(.invalidArgument, at: position, fault)
        }
    }

    /// What is wrong with an id, or nil.
    package static func fault(inID id: UnsafeRawBufferPointer) -> String? {
        guard !id.isEmpty else { return "the id is empty" }
        guard id.count <= idBytesMax else {
            return "the id has \(id.count) bytes, more than \(idBytesMax)"
        }
        if let offset = id.firstIndex(of: 0) { return "the id has a NUL at byte \(offset)" }
        do throws(UTF8.ValidationError) {
            _ = try UTF8Span(validating: id.bindMemory(to: UInt8.self).span)
        } catch {
            return "the id is not UTF-8: \(error)"
        }
        return nil
    }

    /// What is wrong with a vector or query, or nil.
    package func fault(inVector vector: UnsafeBufferPointer<Float>) -> String? {
        guard vector.count == dimensions else {
            return "the vector has \(vector.count) elements, not \(dimensions)"
        }
        var squares = 0.0
        for (index, value) in vector.enumerated() {
            guard value.isFinite else { return "element \(index) of the vector is \(value)" }
            squares += Double(value) * Double(value)
        }
        guard squares.squareRoot() <= Double(Self.normMax) else {
            return "the vector's norm is \(squares.squareRoot()), over \(Self.normMax)"
        }
        return nil
    }
}
