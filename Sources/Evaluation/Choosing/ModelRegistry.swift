internal import Models

/// Every model by name. A new one is a line here: its defaults, and what of it is worth a search.
package enum ModelRegistry {
    package static let all: [ModelEntry] = [
        ModelEntry(Popularity()),
        ModelEntry(
            CoPurchase(),
            Parameter("confidence_share", \.confidenceShare, try: [0.3, 0.5, 0.9]),
            Parameter("shrinkage", \.shrinkage, try: [2, 30]),
            Parameter("neighbours_max", \.neighboursMax, try: [100, 200]),
            Parameter("support_min", \.supportMin)),
        ModelEntry(
            IALS(),
            Parameter("unobserved_weight", \.foldIn.unobservedWeight, try: [0.01, 0.05, 1]),
            Parameter("regularization", \.foldIn.regularization, try: [0.002, 0.02]),
            Parameter("dimensions", \.dimensions, try: [32, 128]),
            Parameter("epochs", \.epochs),
            Parameter("regularization_exponent", \.foldIn.regularizationExponent)),
    ]

    package static var names: [String] { all.map(\.name) }

    /// - Throws: ``EvaluationError`` that lists the names where there is no such model.
    package static func entry(_ name: String) throws(EvaluationError) -> ModelEntry {
        guard let entry = all.first(where: { $0.name == name }) else {
            throw EvaluationError(
                "no model is called '\(name)'; there are \(names.joined(separator: ", "))")
        }
        return entry
    }
}
