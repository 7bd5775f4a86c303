import Foundation

/// Where figures were measured, and beside what.
struct Machine: Encodable {
    let processor: String
    let processors: Int
    /// How many threads wanted to run, on average over the minute before.
    let loadAverage: Double

    init() {
        let info = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
        let name = info.split(separator: "\n").first { $0.hasPrefix("model name") }
        processor =
            name?.split(separator: ":").last?.trimmingCharacters(in: .whitespaces) ?? "unknown"
        processors = ProcessInfo.processInfo.activeProcessorCount
        var averages = [0.0]
        loadAverage = getloadavg(&averages, 1) == 1 ? averages[0] : 0
    }

    var description: String {
        "\(processor), \(processors) processors, load \(String(format: "%.1f", loadAverage)) before"
    }
}
