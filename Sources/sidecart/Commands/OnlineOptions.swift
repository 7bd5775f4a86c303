import ArgumentParser

/// What `evaluate --protocol online` takes beside what other protocols take.
struct OnlineOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Also ask servers that are retrained each so many days of the events' time, such as 1 or 7; may have fractions. Default: none is.",
            valueName: "days"))
    var retrainDays: Double?

    @Option(
        help: ArgumentHelp(
            "Take this share of the items with titles for new: training knows nothing of them, and servers are told what the catalog says, or not. From 0.01 to 0.9. Default: none is.",
            valueName: "share"))
    var newItems: Double?

    func validate() throws {
        if let newItems, !(newItems >= 0.01 && newItems <= 0.9) {
            throw ValidationError("--new-items is \(newItems); it must be 0.01 to 0.9")
        }
        if newItems != nil, retrainDays != nil {
            throw ValidationError("--new-items and --retrain-days do not go together")
        }
        if let retrainDays, !(retrainDays >= 0.01 && retrainDays <= 10_000) {
            throw ValidationError("--retrain-days is \(retrainDays); it must be 0.01 to 10000")
        }
    }

    /// The first option that was given, for protocols that take none of them.
    var given: String? {
        retrainDays != nil ? "--retrain-days" : newItems != nil ? "--new-items" : nil
    }
}
