internal import CKernels

/// How a store keeps the elements of its vectors. Scores are computed in single precision either way.
package enum VectorFormat: Sendable {
    /// IEEE 754's binary32.
    case single
    /// IEEE 754's binary16: half the memory, and vectors that are not such numbers already are rounded
    /// to 11 significant bits. Magnitudes reach up to 65,504.
    case half

    var elementBytes: Int { self == .single ? 4 : 2 }

    /// The format that keeps vectors as they are in the least memory.
    ///
    /// - Complexity: O(values).
    package static func lossless(for values: [Float]) -> VectorFormat {
        sc_half_holds(values, values.count) ? .half : .single
    }
}
