import ArgumentParser

/// `serve --retrain`: when a server trains anew, and from what.
struct RetrainOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Train anew every=6h (or 30m, 2d), daily or daily=03:30, in a child process of the lowest priority, and serve the new model if it is no worse; see `sidecart retrain`. `sidecart models list` shows what came of it.",
            valueName: "schedule"))
    var retrain: RetrainSchedule?

    @Option(
        help: ArgumentHelp(
            "What `sidecart retrain` is given: events and options, such as 'events.csv --catalog items.csv --model slim'. Blanks separate them outside of quotes.",
            valueName: "arguments"))
    var retrainFrom: String?

    @Option(
        help: ArgumentHelp(
            "How many retrained bundles stay in the folder of models, besides those in memory.",
            valueName: "n"))
    var retrainKeep = 3

    @Option(
        help: ArgumentHelp(
            "A retraining that takes longer is killed, in minutes.", valueName: "n"))
    var retrainMinutesMax = 360.0

    func validate() throws {
        guard 0...1_000 ~= retrainKeep, 0.01...100_000 ~= retrainMinutesMax else {
            throw ValidationError(
                "--retrain-keep is 0 to 1000, --retrain-minutes-max 0.01 to 100000")
        }
        guard (retrain == nil) == (retrainFrom == nil) else {
            throw ValidationError("--retrain and --retrain-from go together")
        }
        if let retrainFrom {
            // Wrong options should not come out in the night.
            let arguments = try Self.split(retrainFrom)
            do {
                _ = try Retrain.parse(arguments + ["--against", "serving", "--out", "new"])
            } catch {
                throw ValidationError("--retrain-from: \(Retrain.message(for: error))")
            }
        }
    }

    /// nil where the server does not retrain.
    var settings: Retrainer.Settings? {
        get throws {
            guard let retrain, let retrainFrom else { return nil }
            var settings = Retrainer.Settings(
                schedule: retrain, arguments: try Self.split(retrainFrom))
            settings.kept = retrainKeep
            settings.secondsMax = retrainMinutesMax * 60
            return settings
        }
    }

    /// The words of a text; a part of one between quotes may hold blanks.
    static func split(_ text: String) throws -> [String] {
        var words: [String] = []
        var word: String?
        var quote: Character?
        for character in text {
            if let open = quote {
                if character == open { quote = nil } else { word = (word ?? "") + [character] }
            } else if character == "'" || character == "\"" {
                (quote, word) = (character, word ?? "")
            } else if character.isWhitespace {
                if let word { words.append(word) }
                word = nil
            } else {
                word = (word ?? "") + [character]
            }
        }
        guard quote == nil else {
            throw ValidationError("--retrain-from has a quote that is not closed: \(text)")
        }
        if let word { words.append(word) }
        return words
    }
}
