internal import ModelParts

/// Features cut into at most 256 bins of about equal counts each, so that a split is looked for
/// among a few thresholds and a row takes a byte a feature.
struct FeatureBins: Sendable {
    /// By feature, ascending; a value is in the bin of how many thresholds are below it.
    let thresholds: [[Float]]
    /// By feature, the bin of each row.
    let bins: [[UInt8]]

    private static let thresholdsMax = 255

    init(_ columns: [[Float]], threads: Int) {
        let target = UnsafeMutableBufferPointer<([Float], [UInt8])>.allocate(
            capacity: columns.count)
        target.initialize(repeating: ([], []))
        defer { target.deinitialize().deallocate() }
        nonisolated(unsafe) let cut = target
        parallelFor(count: columns.count, chunk: 1, threads: threads) { _, features in
            for feature in features {
                let thresholds = Self.thresholds(of: columns[feature])
                cut[feature] = (
                    thresholds, columns[feature].map { Self.bin(of: $0, thresholds) }
                )
            }
        }
        thresholds = target.map(\.0)
        bins = target.map(\.1)
    }

    /// Midway between neighbors of the sorted values, and as many as there is room for, so that bins
    /// hold about as many rows each.
    private static func thresholds(of values: [Float]) -> [Float] {
        let sorted = values.sorted()
        var thresholds: [Float] = []
        var start = 0
        for place in sorted.indices.dropFirst() where sorted[place] != sorted[place - 1] {
            // What is left is shared out among the bins that are left.
            let room = thresholdsMax - thresholds.count
            guard room > 0 else { break }
            guard place - start >= (sorted.count - start) / (room + 1) else { continue }
            let (low, high) = (sorted[place - 1], sorted[place])
            let middle = low + (high - low) / 2
            thresholds.append(middle < high ? middle : low)
            start = place
        }
        return thresholds
    }

    private static func bin(of value: Float, _ thresholds: [Float]) -> UInt8 {
        var (low, high) = (0, thresholds.count)
        while low < high {
            let middle = (low + high) / 2
            if value > thresholds[middle] { low = middle + 1 } else { high = middle }
        }
        return UInt8(low)
    }
}
