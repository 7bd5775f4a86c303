/// Writes metrics in the text formats that Prometheus reads.
///
///     var writer = MetricsWriter(.prometheus)
///     writer.add("sidecart_connections", .gauge, "Connections open now.", value: 3)
///     writer.add("sidecart_calls", .counter, "Calls answered.") { samples in
///         samples.add(5, ["method": "Score"])
///     }
///     let text = writer.finish()
///
/// - Source: Prometheus text format 0.0.4 (prometheus.io, "Exposition formats") and OpenMetrics 1.0.
package struct MetricsWriter {
    package enum Format: Sendable {
        /// Version 0.0.4 of the text format, which every scraper reads.
        case prometheus
        /// Version 1.0.0.
        case openMetrics

        /// What an HTTP answer calls it.
        package var contentType: String {
            switch self {
            case .prometheus: "text/plain; version=0.0.4; charset=utf-8"
            case .openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8"
            }
        }
    }

    package enum Kind: String, Sendable { case counter, gauge, histogram }

    /// Pairs of names and values.
    package typealias Labels = KeyValuePairs<String, String>

    private let format: Format
    private var bytes: [UInt8] = []
    private var names: Set<String> = []

    package init(_ format: Format) {
        self.format = format
        bytes.reserveCapacity(1 << 16)
    }

    /// Adds a metric with its samples.
    ///
    /// - Parameters:
    ///   - name: of letters, digits and underscores, with its base unit last; without the `_total` that
    ///     counters bear, which is added.
    ///   - help: one sentence.
    ///   - write: adds the samples; where it adds none, the metric is told without any.
    /// - Precondition: no metric of that name was added before.
    package mutating func add(
        _ name: String, _ kind: Kind, _ help: String, _ write: (inout Samples) -> Void
    ) {
        precondition(
            Self.isName(name) && !name.hasSuffix("_total") && names.insert(name).inserted,
            "the metric name \(name)")
        let isCounter = kind == .counter
        let family = isCounter && format == .prometheus ? name + "_total" : name
        append("# HELP \(family) ")
        escape(help, quotes: format == .openMetrics)
        append("\n# TYPE \(family) \(kind.rawValue)\n")
        var samples = Samples(name: isCounter ? name + "_total" : name, writer: self)
        // Handed over, so that the text is not copied.
        bytes = []
        write(&samples)
        self = samples.writer
    }

    /// Adds a metric with one sample.
    package mutating func add(
        _ name: String, _ kind: Kind, _ help: String, value: some MetricValue
    ) {
        add(name, kind, help) { $0.add(value) }
    }

    /// The whole text, UTF-8.
    package consuming func finish() -> [UInt8] {
        if format == .openMetrics { append("# EOF\n") }
        return bytes
    }

    /// The samples of one metric.
    package struct Samples {
        fileprivate let name: String
        fileprivate var writer: MetricsWriter

        /// Adds a sample. No two of a metric have the same labels.
        package mutating func add(_ value: some MetricValue, _ labels: Labels = [:]) {
            writer.sample(name, "", labels, nil, value.metricText)
        }

        /// Adds a histogram of latencies.
        ///
        /// - Parameters:
        ///   - counts: by the buckets of ``LatencyBuckets``.
        ///   - sum: of all latencies, in seconds.
        package mutating func add(counts: [Int], sum: Double, _ labels: Labels = [:]) {
            precondition(counts.count == LatencyBuckets.count, "\(counts.count) buckets")
            var total = 0
            for (i, count) in counts.enumerated() {
                total += count
                writer.sample(name, "_bucket", labels, Self.boundTexts[i], "\(total)")
            }
            writer.sample(name, "_sum", labels, nil, sum.metricText)
            writer.sample(name, "_count", labels, nil, "\(total)")
        }

        /// In seconds.
        private static let boundTexts =
            LatencyBuckets.bounds.map { (Double($0) / 1e9).metricText } + ["+Inf"]
    }

    // MARK: Text

    private mutating func sample(
        _ name: String, _ suffix: String, _ labels: Labels, _ bound: String?, _ value: String
    ) {
        append(name)
        append(suffix)
        if !labels.isEmpty || bound != nil {
            var separator = "{"
            for (name, value) in labels {
                append(separator)
                append(name)
                append("=\"")
                escape(value, quotes: true)
                append("\"")
                separator = ","
            }
            if let bound {
                append(separator)
                append("le=\"")
                append(bound)
                append("\"")
            }
            append("}")
        }
        append(" ")
        append(value)
        append("\n")
    }

    private mutating func append(_ text: String) { bytes.append(contentsOf: text.utf8) }

    /// Appends a text in which nothing ends the line or, where it stands in quotes, them.
    private mutating func escape(_ text: String, quotes: Bool) {
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\\"): append("\\\\")
            case UInt8(ascii: "\n"): append("\\n")
            case UInt8(ascii: "\"") where quotes: append("\\\"")
            default: bytes.append(byte)
            }
        }
    }

    private static func isName(_ name: String) -> Bool {
        guard let first = name.utf8.first, !(48...57 ~= first) else { return false }
        return name.utf8.allSatisfy { byte in
            switch byte {
            case 48...57, 65...90, 97...122, UInt8(ascii: "_"): true
            default: false
            }
        }
    }
}

/// A number that can be the value of a metric.
package protocol MetricValue {
    var metricText: String { get }
}

extension Int: MetricValue { package var metricText: String { String(self) } }
extension UInt64: MetricValue { package var metricText: String { String(self) } }

extension Double: MetricValue {
    package var metricText: String {
        if isNaN { return "NaN" }
        return isInfinite ? (self < 0 ? "-Inf" : "+Inf") : description
    }
}
