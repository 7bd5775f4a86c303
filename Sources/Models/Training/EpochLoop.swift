internal import ModelParts

/// The epochs of a model that learns by stochastic gradient descent: the rate falls, the loss must
/// stay finite, and training may end early, once what was held out is not predicted any better.
///
/// What counts is the best epoch, not the last: epochs are counted from it, whether or not each was
/// worse than the one before. For other criteria see Prechelt 1998, "Early stopping - but when?",
/// in "Neural networks: tricks of the trade".
package struct EpochLoop {
    package enum Decay {
        /// In equal steps towards zero after the last epoch.
        case linear
        /// Each epoch has this share of the rate of the one before.
        case geometric(Float)
    }

    /// Tells how good the model is as it is, the higher the better, and keeps what it has learned
    /// where asked to.
    package typealias Judge<Outcome> = () -> (figure: Double, outcome: () -> Outcome)

    /// At most; at least 0.
    package var epochs: Int
    /// After so many epochs without a better figure training ends; 0 runs all epochs.
    package var patience: Int
    /// Of the first epoch.
    package var learningRate: Float
    package var decay: Decay

    package init(epochs: Int, patience: Int, learningRate: Float, decay: Decay = .linear) {
        self.epochs = epochs
        self.patience = patience
        self.learningRate = learningRate
        self.decay = decay
    }

    /// - Parameters:
    ///   - steps: has a step left for each epoch.
    ///   - judge: nil where nothing was held out, and all epochs are run.
    ///   - judgesStart: whether the model as it is may be the best one already.
    ///   - epoch: runs one at a rate and returns its mean loss.
    /// - Returns: the outcome of the best epoch, or nil where there is no judge and the model as it
    ///   is now is the outcome.
    package func run<Outcome>(
        _ steps: inout TrainingSteps, judge: Judge<Outcome>?, judgesStart: Bool = false,
        epoch: (_ rate: Float) -> Double
    ) throws(TrainingError) -> Outcome? {
        var best: (figure: Double, epoch: Int, outcome: Outcome)?
        if let judge, judgesStart {
            let start = judge()
            best = (start.figure, 0, start.outcome())
        }
        for number in 1..<epochs + 1 {
            try steps.check()
            let loss = epoch(rate(of: number))
            guard loss.isFinite else {
                throw TrainingError(
                    "\(steps.model): the loss is no longer finite; lower learning_rate, now "
                        + "\(learningRate)")
            }
            if let judge {
                let now = judge()
                if best.map({ now.figure > $0.figure }) ?? true {
                    best = (now.figure, number, now.outcome())
                }
            }
            steps.finish(loss: loss)
            if let best, patience > 0, number - best.epoch >= patience {
                steps.skip(epochs - number)
                break
            }
        }
        return best?.outcome
    }

    /// Trains vectors.
    ///
    /// - Parameters:
    ///   - embeddings: the vectors as they are.
    ///   - figure: how good some are, the higher the better; nil where nothing was held out.
    /// - Returns: those of the best epoch, or of the last where there is no figure.
    func run(
        _ steps: inout TrainingSteps, of embeddings: @escaping () -> EmbeddingParts,
        figure: ((EmbeddingParts) -> Double)?, epoch: (_ rate: Float) -> Double
    ) throws(TrainingError) -> EmbeddingParts {
        let judge: Judge<EmbeddingParts>? = figure.map { figure in
            {
                let now = embeddings()
                return (figure(now), { now })
            }
        }
        return try run(&steps, judge: judge, epoch: epoch) ?? embeddings()
    }

    /// - Parameter epoch: from 1.
    private func rate(of epoch: Int) -> Float {
        switch decay {
        case .linear: learningRate * (1 - Float(epoch - 1) / Float(epochs))
        case .geometric(let share): (1..<epoch).reduce(learningRate) { rate, _ in rate * share }
        }
    }
}
