internal import CKernels

extension Matrix {
    /// The nearest matrix of half-precision numbers, which serving keeps in half the memory; nil where it
    /// would differ by more than one part in 1,024, since the values are too large or too small.
    ///
    /// - Complexity: O(values).
    package var roundedToHalf: Matrix? {
        guard values.allSatisfy({ abs($0) <= SC_HALF_MAX }) else { return nil }
        var halves = Array(repeating: UInt16(0), count: values.count)
        sc_half_narrow(values, values.count, &halves)
        var rounded = self
        sc_half_widen(halves, halves.count, &rounded.values)
        var (all, lost) = (0.0, 0.0)
        for (value, kept) in zip(values, rounded.values) {
            all += Double(value) * Double(value)
            lost += Double(value - kept) * Double(value - kept)
        }
        return lost.squareRoot() * 1_024 <= all.squareRoot() ? rounded : nil
    }
}

extension EmbeddingParts {
    /// Rounds the vectors to half-precision numbers where that loses next to nothing.
    ///
    /// What is judged has to be what is served, so this is done once, where vectors are trained, and not
    /// where they are loaded.
    package mutating func roundToHalf() {
        items = items.roundedToHalf ?? items
        users = users.map { $0.roundedToHalf ?? $0 }
    }
}
