package import Models

/// A model that can be asked for by name, with the hyperparameters that can be set and searched.
package struct ModelEntry: Sendable {
    /// One hyperparameter.
    package struct Axis: Sendable {
        package let name: String
        /// What it is, in one line.
        package let note: String
        /// What a search tries, beside the default; empty where it is not worth a search.
        package let values: [Double]
        /// The value that a model has if nothing else is said.
        package let standard: Double
        /// Of a choice: what the numbers 0 and up stand for; nil for a quantity.
        package let choices: [String]?
        let isWhole: Bool

        /// The value as people write it: a choice by its name.
        package func text(_ value: Double) -> String {
            if let choices, choices.indices.contains(Int(value)) { return choices[Int(value)] }
            // What was a Float is written as it was given, without the digits of a Double.
            return value.rounded() == value && abs(value) < 1e15
                ? String(Int(value)) : "\(Float(value))"
        }

        /// The value that a text stands for: a number, or the name of a choice; nil for neither.
        package func value(_ text: String) -> Double? {
            if let place = choices?.firstIndex(of: text) { return Double(place) }
            return Double(text).flatMap { $0.isFinite ? $0 : nil }
        }
    }

    package let name: String
    /// All that can be set, most important first.
    package let axes: [Axis]
    /// Whether its scores are the ratings that users would give.
    package let predictsRatings: Bool
    /// What the model remembers for manifests when nothing is set.
    package let standards: [String: Double]
    /// The models that are added up; empty for what is no blend.
    package let components: [ModelEntry]
    private let maker: @Sendable ([String: Double]) -> any Recommender

    /// - Parameters:
    ///   - model: as it is when nothing is set.
    ///   - parameters: all of its hyperparameters, most important first.
    package init<Model: Recommender>(
        _ model: Model, predictsRatings: Bool = false, _ parameters: Parameter<Model>...
    ) {
        self.init(model, predictsRatings: predictsRatings, parameters: parameters)
    }

    package init<Model: Recommender>(
        _ model: Model, predictsRatings: Bool = false, parameters: [Parameter<Model>]
    ) {
        name = Model.name
        self.predictsRatings = predictsRatings
        components = []
        standards = model.hyperparameters
        axes = parameters.map {
            Axis(
                name: $0.name, note: $0.note, values: $0.values, standard: $0.get(model),
                choices: $0.choices, isWhole: $0.isWhole)
        }
        maker = { values in
            var result = model
            for parameter in parameters {
                if let value = values[parameter.name] { parameter.set(&result, value) }
            }
            return result
        }
    }

    /// A blend of models, called by their names with `+` between.
    ///
    /// Its hyperparameters are those of each model as `MODEL.NAME`, and `weight.MODEL`, which is 1
    /// where it is not set.
    package init(blending entries: [ModelEntry]) {
        let name = entries.map(\.name).joined(separator: "+")
        self.name = name
        components = entries
        predictsRatings = false
        var axes: [Axis] = []
        var standards: [String: Double] = [:]
        for entry in entries {
            let weight = "\(Blend.weightPrefix).\(entry.name)"
            axes.append(
                Axis(
                    name: weight, note: "What the scores of \(entry.name) are multiplied by.",
                    values: [], standard: 1, choices: nil, isWhole: false))
            standards[weight] = 1
            for axis in entry.axes {
                axes.append(
                    Axis(
                        name: "\(entry.name).\(axis.name)", note: axis.note, values: axis.values,
                        standard: axis.standard, choices: axis.choices, isWhole: axis.isWhole))
            }
            for (name, value) in entry.standards { standards["\(entry.name).\(name)"] = value }
        }
        self.axes = axes
        self.standards = standards
        maker = { values in
            Blend(
                components: entries.map { entry in
                    Blend.Component(
                        name: entry.name,
                        model: entry.maker(values.inside(entry.name)),
                        weight: values["\(Blend.weightPrefix).\(entry.name)"] ?? 1)
                })
        }
    }

    package func isOrBlends(_ model: String) -> Bool {
        name == model || components.contains { $0.name == model }
    }

    /// The names by which ``make(_:)`` knows a hyperparameter: of itself, or of the models it
    /// blends.
    ///
    /// - Parameter model: whose it is, or `weight`; nil for all that have one of this name.
    package func hyperparameters(called name: String, of model: String?) -> [String] {
        guard !components.isEmpty else {
            return (model ?? self.name) == self.name && axes.contains { $0.name == name }
                ? [name] : []
        }
        let owners = model.map { [$0] } ?? components.map(\.name)
        return owners.map { "\($0).\(name)" }.filter { full in
            axes.contains { $0.name == full }
        }
    }

    /// The number that a text stands for as a value of a hyperparameter, such as 0 for `cosine`.
    ///
    /// - Throws: ``EvaluationError`` where it is neither a number nor a name that the
    ///   hyperparameter has.
    package func value(_ text: String, of name: String) throws(EvaluationError) -> Double {
        let axis = axes.first { $0.name == name }
        if let value = axis.map({ $0.value(text) }) ?? Double(text) { return value }
        let choices = axis?.choices.map { "one of \($0.joined(separator: ", "))" } ?? "a number"
        throw EvaluationError("\(self.name).\(name) must be \(choices), not '\(text)'")
    }

    /// A value of a hyperparameter as people write it, such as `cosine` for 0.
    package func text(_ value: Double, of name: String) -> String {
        axes.first { $0.name == name }?.text(value) ?? "\(value)"
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
            guard value.isFinite, abs(value) < 1e15, !axis.isWhole || value.rounded() == value
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

extension [String: Double] {
    /// The values whose names begin with `prefix` and a full stop, by what comes after it.
    func inside(_ prefix: String) -> [String: Double] {
        var found: [String: Double] = [:]
        for (name, value) in self where name.hasPrefix("\(prefix).") {
            found[String(name.dropFirst(prefix.utf8.count + 1))] = value
        }
        return found
    }
}
