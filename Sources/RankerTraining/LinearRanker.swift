package import ModelParts
package import Models

/// ``TwoStageRanker`` with a weighted sum of the features as its second stage: what its trees have to beat.
package struct LinearRanker: Recommender {
    package static let name = "linear-ranker"

    package var stages = TwoStageRanker()

    package init() { stages.isLinear = true }

    package var learnableRows: [TrainingRows] { stages.learnableRows }

    /// Those of the stages but for the trees.
    package var hyperparameters: [String: Double] {
        let ofTrees = [
            "trees_max", "leaves_max", "learning_rate", "leaf_rows_min", "trees_l2", "truncation",
        ]
        return stages.hyperparameters.filter { !ofTrees.contains($0.key) }
    }

    package func targetsMax(ofBasketRows: Bool) -> Int {
        stages.targetsMax(ofBasketRows: ofBasketRows)
    }

    package func fit(on data: TrainingData, with context: TrainingContext) throws(TrainingError)
        -> ModelParts
    { try train(on: data, with: context) }

    package func train(on data: TrainingData, with context: TrainingContext) throws(TrainingError)
        -> ModelParts
    { try stages.train(on: data, with: context) }
}
