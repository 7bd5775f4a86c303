package import Models

/// A model that can be asked for by name, with the hyperparameters that can be set and searched.
package struct ModelEntry: Sendable {
    /// One hyperparameter that is worth a search.
    package struct Axis: Sendable {
        package let name: String
        /// What a search tries, beside the default.
        package let values: [Double]
        /// The value that a model has if nothing else is said.
        package let standard: Double
        /// Of a choice: what the numbers 0 and up stand for; nil for a quantity.
        package let choices: [String]?
        fileprivate let isWhole: Bool
    }

    package let name: String
    package let axes: [Axis]
    /// Whether its scores are the ratings that users would give.
    package let predictsRatings: Bool
    /// What the model remembers for manifests when nothing is set.
    package let standards: [String: Double]
    private let maker: @Sendable ([String: Double]) -> any Recommender

    /// - Parameters:
    ///   - model: as it is when nothing is set.
    ///   - parameters: what can be set and searched, most important first.
    package init<Model: Recommender>(
        _ model: Model, predictsRatings: Bool = false, _ parameters: Parameter<Model>...
    ) {
        name = Model.name
        self.predictsRatings = predictsRatings
        standards = model.hyperparameters
        axes = parameters.map {
            Axis(
                name: $0.name, values: $0.values, standard: $0.get(model), choices: $0.choices,
                isWhole: $0.isWhole)
        }
        maker = { values in
            var result = model
            for parameter in parameters {
                if let value = values[parameter.name] { parameter.set(&result, value) }
            }
            return result
        }
    }

    /// The model with some hyperparameters set.
    ///
    /// - Throws: ``EvaluationError`` for a name that is none of `axes`, or a value that is no
    ///   number of its kind. Ranges are the model's own affair, when it is trained.
    package func make(_ values: [String: Double] = [:]) throws(EvaluationError)
        -> any Recommender
    {
        for (name, value) in values.sorted(by: { $0.key < $1.key }) {
            guard let axis = axes.first(where: { $0.name == name }) else {
                let names = axes.map(\.name).joined(separator: ", ")
                throw EvaluationError(
                    "\(self.name) has no hyperparameter '\(name)' to set"
                        + (names.isEmpty ? "" : "; it has \(names)"))
            }
            guard value.isFinite, abs(value) < 1e9, !axis.isWhole || value.rounded() == value
            else {
                throw EvaluationError(
                    "\(self.name).\(name) must be a \(axis.isWhole ? "whole " : "")number, not \(value)"
                )
            }
            if let choices = axis.choices, !choices.indices.contains(Int(value)) {
                let all = choices.enumerated().map { "\($0) (\($1))" }.joined(separator: ", ")
                throw EvaluationError(
                    "\(self.name).\(name) must be one of \(all), not \(Int(value))")
            }
        }
        return maker(values)
    }
}

/// How one hyperparameter of a model is read and set.
package struct Parameter<Model: Sendable>: Sendable {
    package let name: String
    package let values: [Double]
    fileprivate let isWhole: Bool
    fileprivate var choices: [String]?
    fileprivate let get: @Sendable (Model) -> Double
    fileprivate let set: @Sendable (inout Model, Double) -> Void

    /// A whole number.
    package init(
        _ name: String, _ path: WritableKeyPath<Model, Int> & Sendable, try values: [Int] = []
    ) {
        self.name = name
        self.values = values.map(Double.init)
        isWhole = true
        get = { Double($0[keyPath: path]) }
        set = { $0[keyPath: path] = Int($1) }
    }

    /// Any number.
    package init<Number: BinaryFloatingPoint & Sendable>(
        _ name: String, _ path: WritableKeyPath<Model, Number> & Sendable, try values: [Double] = []
    ) {
        self.name = name
        self.values = values
        isWhole = false
        get = { Double($0[keyPath: path]) }
        set = { $0[keyPath: path] = Number($1) }
    }

    /// One of several ways, by its place among them.
    package init<Choice: CaseIterable & RawRepresentable<Int> & Sendable>(
        _ name: String, _ path: WritableKeyPath<Model, Choice> & Sendable, try values: [Choice] = []
    ) {
        precondition(
            Choice.allCases.map(\.rawValue) == Array(0..<Choice.allCases.count), "\(Choice.self)")
        self.name = name
        self.values = values.map { Double($0.rawValue) }
        isWhole = true
        choices = Choice.allCases.map { "\($0)" }
        get = { Double($0[keyPath: path].rawValue) }
        set = { model, value in
            guard let choice = Choice(rawValue: Int(value)) else { return }
            model[keyPath: path] = choice
        }
    }
}
