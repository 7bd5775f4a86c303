import ArgumentParser

/// What `evaluate --protocol online` takes beside what other protocols take.
struct OnlineOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Also ask servers that are retrained each so many days of the events' time, such as 1 or 7; may have fractions. Default: none is.",
            valueName: "days"))
    var retrainDays: Double?

    func validate() throws {
        if let retrainDays, !(retrainDays >= 0.01 && retrainDays <= 10_000) {
            throw ValidationError("--retrain-days is \(retrainDays); it must be 0.01 to 10000")
        }
    }

    /// The first option that was given, for protocols that take none of them.
    var given: String? { retrainDays == nil ? nil : "--retrain-days" }
}
