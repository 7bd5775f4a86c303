internal import CKernels
internal import Interactions

extension EmbeddingStore {
    func validate(_ entry: Entry, at position: Int?) throws(StoreError) {
        if let fault = IdentifierRule.fault(in: entry.id) {
            throw StoreError(.invalidArgument, at: position, "the id \(fault)")
        }
        if let fault = fault(inVector: entry.vector) ?? misfit(in: entry.vector) {
            throw StoreError(.invalidArgument, at: position, fault)
        }
    }

    /// Which element the store's format cannot hold, or nil.
    private func misfit(in vector: UnsafeBufferPointer<Float>) -> String? {
        guard layout.format == .half,
            let index = vector.firstIndex(where: { abs($0) > SC_HALF_MAX })
        else { return nil }
        return
            "element \(index) of the vector is \(vector[index]); this store keeps half-precision "
            + "numbers, up to \(SC_HALF_MAX)"
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
