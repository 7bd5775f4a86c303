internal import Models
internal import RankerTraining

/// Every model by name. A new one is a line here, and a list of all its hyperparameters in the file
/// of its family.
package enum ModelRegistry {
    package static let all = counting + neighbors + rankers + nextBasket + factors + networks

    /// What is trained where nothing is asked: slim on baskets' rows finds what goes with a basket,
    /// and trees rank it where dated baskets show that they rank better. It serves held-out baskets
    /// best of all that trains in seconds; the README has the figures.
    package static let standard = TwoStageRanker.name

    package static var names: [String] { all.map(\.name) }

    /// - Parameter name: one of ``names``, or several with `+` between for their blend.
    /// - Throws: ``EvaluationError`` that lists the names where there is no such model.
    package static func entry(_ name: String) throws(EvaluationError) -> ModelEntry {
        let parts = name.split(separator: "+", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 1 else {
            guard Set(parts).count == parts.count else {
                throw EvaluationError("'\(name)': a blend takes each model once")
            }
            return ModelEntry(
                blending: try parts.map { part throws(EvaluationError) in try entry(part) })
        }
        guard let entry = all.first(where: { $0.name == name }) else {
            throw EvaluationError(
                "no model is called '\(name)'; there are \(names.joined(separator: ", "))")
        }
        return entry
    }
}
