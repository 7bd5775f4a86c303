internal import Glibc

/// Which ratios of two means are likely, given pairs drawn independently.
///
/// For a ratio v the pairs (a, b) are weighted so that the weighted sum of a - v b is 0; the
/// empirical likelihood of v is that of the weights which change the least. It makes intervals that
/// are skewed as the data are and that never leave the range of a / b, with no variance to estimate.
/// Source: Owen 1988, "Empirical likelihood ratio confidence intervals for a single functional", and
/// Owen 2001, "Empirical likelihood", chapter 2; for logs of a policy's choices Karampatziakis,
/// Langford and Mineiro 2020, "Empirical likelihood for contextual bandits".
struct EmpiricalLikelihood {
    /// Distinct pairs other than (0, 0), and how often each is there.
    private var a: [Double] = []
    private var b: [Double] = []
    private var counts: [Double] = []
    /// The ratio of the sums.
    let ratio: Double

    /// - Precondition: each b is 0 or more, and where it is 0 so is a; not all are 0.
    /// - Complexity: O(pairs x log pairs).
    init(_ numerators: [Double], _ denominators: [Double]) {
        let order = numerators.indices
            .filter { denominators[$0] > 0 }
            .sorted { (numerators[$0], denominators[$0]) < (numerators[$1], denominators[$1]) }
        var (sumA, sumB) = (0.0, 0.0)
        for i in order {
            sumA += numerators[i]
            sumB += denominators[i]
            if a.last == numerators[i], b.last == denominators[i] {
                counts[counts.count - 1] += 1
            } else {
                a.append(numerators[i])
                b.append(denominators[i])
                counts.append(1)
            }
        }
        precondition(sumB > 0, "no denominator is above 0")
        ratio = sumA / sumB
    }

    /// The ratios that are not refused at a level; of pairs that are all alike the one ratio.
    ///
    /// - Parameters:
    ///   - level: such as 0.95.
    ///   - effective: how many pairs of equal size would tell as much; one more than these are the
    ///     degrees of freedom of the Student's t whose quantile takes the place of the normal one.
    /// - Complexity: O(distinct pairs), some hundred times.
    func interval(_ level: Double, effective: Double) -> (low: Double, high: Double) {
        let t = studentQuantile(level, degrees: effective + 1)
        let critical = t * t
        let ratios = a.indices.lazy.map { a[$0] / b[$0] }
        let (least, greatest) = (ratios.min()!, ratios.max()!)
        func end(_ outermost: Double) -> Double {
            var (outside, inside) = (outermost, ratio)
            // Halved to a millionth of the way, which no figure shows.
            for _ in 0..<60 where abs(outside - inside) > 1e-6 * abs(outermost - ratio) {
                let middle = (outside + inside) / 2
                if statistic(middle) > critical { outside = middle } else { inside = middle }
            }
            return inside
        }
        return (end(least), end(greatest))
    }

    /// Minus twice the logarithm of the likelihood ratio, 0 at `ratio` and infinite where no weights
    /// will do.
    private func statistic(_ v: Double) -> Double {
        let g = a.indices.map { a[$0] - v * b[$0] }
        guard let least = g.min(), let greatest = g.max(), least < 0, greatest > 0 else {
            return .infinity
        }
        // Each weight is 1 / (n (1 + lambda g)) and at most 1.
        let n = counts.reduce(0, +)
        var (low, high) = ((1 / n - 1) / greatest, (1 / n - 1) / least)
        var lambda = 0.0
        // Newton's steps down a decreasing function, halved where they would leave the bracket.
        for _ in 0..<100 {
            var (value, slope) = (0.0, 0.0)
            for i in g.indices {
                let part = g[i] / (1 + lambda * g[i])
                value += counts[i] * part
                slope += counts[i] * part * part
            }
            if value > 0 { low = lambda } else { high = lambda }
            let step = lambda + value / slope
            let next = step > low && step < high ? step : (low + high) / 2
            if abs(next - lambda) <= 1e-12 * (high - low) || low == high { break }
            lambda = next
        }
        return 2 * g.indices.reduce(0) { $0 + counts[$1] * log1p(lambda * g[$1]) }
    }
}

/// How far from 0, on both sides, a share of Student's distribution lies.
///
/// With t = sqrt(df) tan(x) the density is cos(x) to the power df - 1, which is summed here by
/// Simpson's rule. Within 1e-6 of tables.
///
/// - Parameters:
///   - share: above 0 and below 1, such as 0.95.
///   - degrees: of freedom, 1 or more, not necessarily whole.
func studentQuantile(_ share: Double, degrees: Double) -> Double {
    precondition(share > 0 && share < 1 && degrees >= 1, "\(share), \(degrees)")
    // Beyond that the density is below exp(-72).
    let widest = min(.pi / 2, 12 / degrees.squareRoot())
    func mass(_ end: Double) -> Double {
        let steps = 512
        let step = end / Double(steps)
        var sum = 0.0
        for i in 0...steps {
            let factor = i == 0 || i == steps ? 1.0 : i % 2 == 1 ? 4 : 2
            sum += factor * pow(max(0, cos(Double(i) * step)), degrees - 1)
        }
        return sum * step / 3
    }
    let wanted = share * mass(widest)
    var (low, high) = (0.0, widest)
    for _ in 0..<60 {
        let middle = (low + high) / 2
        if mass(middle) < wanted { low = middle } else { high = middle }
    }
    return degrees.squareRoot() * tan((low + high) / 2)
}
