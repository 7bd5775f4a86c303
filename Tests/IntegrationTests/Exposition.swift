import Testing

/// Prometheus' text format, read back.
struct Exposition {
    private struct Sample: Hashable {
        let name: String
        let labels: [String: String]
    }

    private var samples: [Sample: Double] = [:]
    /// By the name on the TYPE line.
    private(set) var types: [String: String] = [:]

    /// - Throws: where a line is none, a sample is there twice, or belongs to no TYPE line.
    init(_ text: String) throws {
        try #require(text.hasSuffix("\n"))
        for line in text.dropLast().split(separator: "\n", omittingEmptySubsequences: false) {
            let words = line.split(separator: " ", maxSplits: 3).map(String.init)
            if words[0] == "#" {
                try #require(words.count == 4 && ["HELP", "TYPE"].contains(words[1]), "\(line)")
                if words[1] == "TYPE" {
                    try #require(types[words[2]] == nil, "\(line)")
                    types[words[2]] = words[3]
                }
            } else {
                try read(line)
            }
        }
    }

    private mutating func read(_ line: Substring) throws {
        let end = try #require(line.lastIndex(of: " "), "\(line)")
        let value = try #require(Double(line[line.index(after: end)...]), "\(line)")
        let head = line[..<end]
        let name = String(head.prefix { $0 != "{" })
        var labels: [String: String] = [:]
        if name.count < head.count {
            // None of a server's labels holds a comma.
            for pair in head.dropFirst(name.count + 1).dropLast().split(separator: ",") {
                let parts = pair.split(separator: "=", maxSplits: 1)
                labels[String(parts[0])] = String(parts[1].dropFirst().dropLast())
            }
        }
        let family = ["_bucket", "_sum", "_count"].lazy
            .filter { name.hasSuffix($0) }.map { String(name.dropLast($0.count)) }
            .first { types[$0] == "histogram" }
        try #require(types[family ?? name] != nil, "\(line)")
        let old = samples.updateValue(value, forKey: Sample(name: name, labels: labels))
        try #require(old == nil, "\(line)")
    }

    /// The names of all samples.
    var names: Set<String> { Set(samples.keys.map(\.name)) }

    /// The names of all labels of a metric's samples.
    func labels(of name: String) -> Set<String> {
        samples.keys.reduce(into: []) { if $1.name == name { $0.formUnion($1.labels.keys) } }
    }

    /// The sample with exactly these labels.
    subscript(_ name: String, _ labels: [String: String] = [:]) -> Double? {
        samples[Sample(name: name, labels: labels)]
    }

    /// All samples of a name.
    func all(_ name: String) -> [Double] {
        samples.filter { $0.key.name == name }.map(\.value)
    }
}
