import ArgumentParser

/// `serve --retrain`: when a server trains anew, and from what.
struct RetrainOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Train anew every=6h (or 30m, 2d), daily or daily=03:30, or events=100000, once so many were recorded since the last time, in a child process of the lowest priority, and serve the new model if it is no worse; see `sidecart retrain`. `sidecart models list` shows what came of it.",
            valueName: "schedule"))
    var retrain: RetrainSchedule?

    // What follows may begin with an option.
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "What `sidecart retrain` is given: events and options, such as 'events.csv --catalog items.csv --model slim'. Blanks separate them outside of quotes. Where it names no events they are those of --events-db, which is the default.",
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
        if retrain == nil, retrainFrom != nil {
            throw ValidationError("--retrain-from needs --retrain")
        }
    }

    /// What a server retrains by; nil where it does not.
    ///
    /// - Parameter journal: the file of events that the server keeps; nil for none.
    func settings(journal: String?) throws -> Retrainer.Settings? {
        guard let retrain else { return nil }
        if case .events = retrain, journal == nil {
            throw ValidationError(
                "--retrain \(retrain) counts recorded events: it needs --events-db")
        }
        var settings = Retrainer.Settings(
            schedule: retrain, arguments: try arguments(journal: journal))
        settings.kept = retrainKeep
        settings.secondsMax = retrainMinutesMax * 60
        return settings
    }

    /// For `sidecart retrain`. Wrong ones should not come out in the night.
    private func arguments(journal: String?) throws -> [String] {
        guard retrainFrom != nil || journal != nil else {
            throw ValidationError("--retrain needs --retrain-from, or --events-db to train from")
        }
        let given = try Self.split(retrainFrom ?? "")
        var problem: any Error = ValidationError("")
        // As they are, or else with the journal's events.
        for more in [[], journal.map { ["--events-db", $0] } ?? []] {
            do {
                _ = try Retrain.parse(given + more + ["--against", "serving", "--out", "new"])
                return given + more
            } catch { problem = error }
        }
        throw ValidationError("--retrain-from: \(Retrain.message(for: problem))")
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
