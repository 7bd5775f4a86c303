import ArgumentParser
import Evaluation
import Foundation
import Models
import Training

/// What is trained and how.
struct ModelOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The model to train: \(ModelRegistry.names.joined(separator: ", ")). A + between names adds up their scores, such as ials+ease; train also takes auto, which chooses the best.",
            valueName: "name"))
    var model = TrainingJob.standardModel

    @Option(
        name: .customLong("set"),
        help: ArgumentHelp(
            "Sets one of the model's hyperparameters, such as slim.l1=2. May be given more than once.",
            valueName: "[model.]name=value"),
        transform: Self.setting)
    var explicit: [ModelSetting] = []

    @Option(
        help: ArgumentHelp(
            "How many dimensions the embeddings have. Default: the model's own.", valueName: "n"))
    var factors: Int?

    @Option(
        help: ArgumentHelp(
            "How many passes over the data training makes. Default: the model's own.",
            valueName: "n"))
    var epochs: Int?

    @Option(
        help: ArgumentHelp(
            "Holds some items out of training, and stops when this many epochs in a row have not ranked them better; 0 never stops early. Default: the model's own.",
            valueName: "epochs"))
    var patience: Int?

    @Option(
        help: ArgumentHelp(
            "How strongly parameters are kept small. Default: the model's own.", valueName: "weight"
        ))
    var regularization: Double?

    @Option(
        help: ArgumentHelp(
            "How much more ials regularizes users and items with many events: its exponent nu, 0 (no more) to 1 (in proportion).",
            valueName: "power"))
    var regularizationExponent: Double?

    @Option(
        help: ArgumentHelp(
            "How much ials counts an item that a user did not take: its weight alpha0, such as 0.1. Default: computed from how many pairs the data has.",
            valueName: "weight"))
    var unobservedWeight: Double?

    @Option(
        help: ArgumentHelp(
            "What the model learns from: users' histories, baskets (whether or not their shopper is known), or both. Default: baskets where there are some, else users.",
            valueName: "users|baskets|both"))
    var rows: TrainingRows?

    @Option(
        help: ArgumentHelp(
            "After how many days an event counts half, such as 90, so that last season's sales fade; 0: all count alike.",
            valueName: "days"))
    var halfLife = TrainingDataOptions().halfLifeDays

    @Option(
        help: ArgumentHelp(
            "Starts the random numbers; the same data, options and seed give the same bundle.",
            valueName: "n"))
    var seed: UInt64 = 1

    @Option(
        help: ArgumentHelp(
            "How many threads work. Default: as many as there are processors.", valueName: "n"))
    var threads: Int?

    func validate() throws {
        if let threads, !(1...1024 ~= threads) {
            throw ValidationError("--threads is \(threads); it must be 1 to 1024")
        }
        guard 0...100_000 ~= halfLife else {
            throw ValidationError("--half-life is \(halfLife); it must be 0 to 100000 days")
        }
    }

    var threadCount: Int { threads ?? ProcessInfo.processInfo.activeProcessorCount }

    var dataOptions: TrainingDataOptions {
        var options = TrainingDataOptions()
        options.rows = rows
        options.halfLifeDays = halfLife
        return options
    }

    /// What was set, by the names that models have for it.
    var settings: [ModelSetting] {
        let named: [(flag: String, name: String, value: Double?)] = [
            ("factors", "dimensions", factors.map(Double.init)),
            ("epochs", "epochs", epochs.map(Double.init)),
            ("patience", "patience", patience.map(Double.init)),
            ("regularization", "regularization", regularization),
            ("regularization-exponent", "regularization_exponent", regularizationExponent),
            ("unobserved-weight", "unobserved_weight", unobservedWeight),
        ]
        return named.compactMap { option in
            option.value.map {
                ModelSetting(name: option.name, value: "\($0)", flag: "--\(option.flag)")
            }
        } + explicit
    }

    private static func setting(_ text: String) throws -> ModelSetting {
        guard let setting = ModelSetting(text) else {
            throw ValidationError("'\(text)' is not name=value or model.name=value")
        }
        return setting
    }
}

extension TrainingRows: ExpressibleByArgument {}
