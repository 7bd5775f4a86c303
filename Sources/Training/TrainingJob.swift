package import Bundles
package import Evaluation
package import Interactions
internal import Models

/// From a shop's events to a bundle: which model, trained how, and judged by what.
///
/// The command line and a server's retraining run the same job. Names and settings are checked when
/// it is made, before any data is read.
package struct TrainingJob: Sendable {
    /// The name that asks for the best of all models.
    package static let automatic = "auto"
    /// The model where none is named.
    package static let standardModel = ModelRegistry.standard

    package var selection: ModelSelection
    /// How many neighbors an item keeps; nil for the models' own numbers.
    package var neighborsMax: Int?
    /// Names the bundle; nil for the time.
    package var version: String?
    /// How ids that differ in spelling were one when the events were read.
    package var folding = IdentifierFolding()
    private let model: Model

    private enum Model: Sendable {
        case automatic
        case named(ModelChoice.Entrant)
    }

    /// - Parameter model: a model, several with `+` between, or ``automatic``.
    /// - Throws: ``EvaluationError`` where there is no such model, or a setting does not fit it.
    package init(model: String, selection: ModelSelection) throws(EvaluationError) {
        self.selection = selection
        let isAutomatic = model == Self.automatic
        let entrants = try ModelChoice(
            names: isAutomatic ? "all" : model, settings: selection.settings
        ).entrants
        for entrant in entrants { _ = try entrant.entry.make(entrant.values) }
        guard isAutomatic || entrants.count == 1 else {
            throw EvaluationError(
                "'\(model)' names \(entrants.count) models; one is trained, and a + between names "
                    + "adds up their scores")
        }
        self.model = isAutomatic ? .automatic : .named(entrants[0])
    }

    package struct Outcome: Sendable {
        package var bundle: ModelBundle
        package var timings: TrainingTimings
        /// How the model was chosen; nil where it was named.
        package var choice: ModelSelection.Choice?
    }

    /// - Throws: ``EvaluationError`` or ``TrainingError`` where the data does not suit the models.
    package func run(
        on dataset: Dataset, report: @escaping WorkProgress.Report = { _ in }
    ) throws -> Outcome {
        let clock = ContinuousClock()
        let started = clock.now
        var pipeline = TrainingPipeline(
            model: Popularity(), threads: selection.threads, seed: selection.seed,
            version: version)
        pipeline.dataOptions = selection.dataOptions
        pipeline.folding = folding
        if let neighborsMax {
            pipeline.neighbors.neighborsMax = neighborsMax
            pipeline.similar.neighborsMax = neighborsMax
        }
        var choice: ModelSelection.Choice?
        switch model {
        case .automatic:
            let made = try selection.choose(for: dataset, report: report)
            pipeline.model = made.model
            pipeline.metrics = made.metrics
            choice = made
        case .named(let entrant) where entrant.entry.components.isEmpty:
            pipeline.model = try entrant.entry.make(entrant.values)
        case .named(let blend):
            pipeline.model = try selection.weigh(blend, for: dataset, report: report)
        }
        let chosen = clock.now
        let (bundle, trained) = try pipeline.train(dataset, report: report)
        var timings = trained
        timings.choice = (chosen - started).seconds
        return Outcome(bundle: bundle, timings: timings, choice: choice)
    }
}

/// How long each part of a training took, in seconds.
package struct TrainingTimings: Sendable {
    /// Choosing the model, or the weights of a blend.
    package var choice = 0.0
    /// Making matrices of events.
    package var preparation = 0.0
    package var model = 0.0
    package var neighbors = 0.0
    /// Gathering histories and digests into a bundle.
    package var bundle = 0.0
}
