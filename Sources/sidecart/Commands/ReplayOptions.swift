import ArgumentParser
import Interactions

/// What `evaluate --protocol replay` takes beside what other protocols take.
struct ReplayOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Event files to train on, from before the log; may be given more than once. Default: what was rewarded in the older half of the log.",
            valueName: "file"))
    var events: [String] = []

    @Option(
        help: ArgumentHelp(
            "Which column of the log plays which role, such as item=sku,reward=bought. The roles are \(ImpressionRole.allCases.map(\.rawValue).joined(separator: ", ")). Default: columns are found by their usual names.",
            valueName: "role=column,…"))
    var logColumns: String?

    @Option(
        help: ArgumentHelp(
            "Cut larger weights to this one, such as 100: less variance for some bias towards 0. Default: weights are not cut.",
            valueName: "weight"))
    var weightMax: Double?

    @Flag(
        help: "Slates may hold what the shopper bought before, as in recommend --include-purchased."
    )
    var includePurchased = false

    func validate() throws {
        if let weightMax, !(weightMax > 0 && weightMax.isFinite) {
            throw ValidationError("--weight-max is \(weightMax); it must be above 0")
        }
    }

    /// The first option that was given, for protocols that take none of them.
    var given: String? {
        if !events.isEmpty { return "--events" }
        if logColumns != nil { return "--log-columns" }
        if weightMax != nil { return "--weight-max" }
        return includePurchased ? "--include-purchased" : nil
    }

    /// Reads the logs with a progress bar.
    func read(_ paths: [String], _ reading: ReadingOptions) throws -> ImpressionLog {
        var options = ImpressionLogOptions()
        if let logColumns { options.columns = try ImpressionColumns(parsing: logColumns) }
        options.encoding = reading.encoding
        options.timeFormat = reading.timeFormat
        options.badLinesMax = reading.skipBadLines
        let bar = ProgressBar("reading")
        defer { bar.finish() }
        var reader = ImpressionLogReader(options) { progress in
            guard let total = progress.bytesTotal, total > 0 else { return }
            bar.update(
                Double(progress.bytesRead) / Double(total),
                detail: "\(progress.lines.grouped) lines of \(progress.file)")
        }
        for path in paths { try reader.read(from: path) }
        let (log, notes) = try reader.finish()
        for note in notes { Output.note(note) }
        return log
    }
}
