package import ModelParts
package import Models

/// Several models whose scores are added up, each with a weight.
///
/// A linear combination of models, as in Koren 2009, "The BellKor solution to the Netflix grand
/// prize", section VII; the weights are chosen by ``BlendWeightSearch`` on validation data.
package struct Blend: Recommender {
    package static let name = "blend"

    package struct Component: Sendable {
        package var name: String
        package var model: any Recommender
        /// What its scores are multiplied by.
        package var weight: Double
    }

    package var components: [Component]

    /// Each component's own as `COMPONENT.NAME`, and `weight.COMPONENT`.
    package var hyperparameters: [String: Double] {
        var all: [String: Double] = [:]
        for component in components {
            all["\(Self.weightPrefix).\(component.name)"] = component.weight
            for (name, value) in component.model.hyperparameters {
                all["\(component.name).\(name)"] = value
            }
        }
        return all
    }

    package var answersBaskets: Bool { components.contains { $0.model.answersBaskets } }

    /// What the name of a weight begins with.
    package static let weightPrefix = "weight"

    /// Each component chooses its own.
    package var learnableRows: [TrainingRows] { [] }

    package func fit(on data: TrainingData, with context: TrainingContext) throws(TrainingError)
        -> ModelParts
    {
        let parts = try trainComponents(on: data, with: context)
        return try .blend(
            Array(zip(parts, components.map { Float($0.weight) })), threads: context.threads)
    }

    /// Each component's parts, in their order.
    func trainComponents(
        on data: TrainingData, with context: TrainingContext
    ) throws(TrainingError) -> [ModelParts] {
        var parts: [ModelParts] = []
        for (place, component) in components.enumerated() {
            // A blend's step is a hundredth of a component.
            var own = context
            let total = 100 * components.count
            own.report = { progress in
                context.report(
                    TrainingProgress(
                        model: progress.model,
                        step: max(1, 100 * place + 100 * progress.step / progress.steps),
                        steps: total, loss: progress.loss))
            }
            parts.append(try component.model.train(on: data, with: own))
        }
        return parts
    }
}
