package import Evaluation

/// Models by name, with what was set of their hyperparameters.
package struct ModelChoice {
    package typealias Entrant = (entry: ModelEntry, values: [String: Double])
    package let entrants: [Entrant]

    /// - Parameters:
    ///   - names: `all`, or names with commas; `+` between names makes a blend of them.
    ///   - settings: `(model, name, value)`; without a model, for each chosen one that has such a
    ///     hyperparameter.
    ///   - allowsOthers: whether settings of models that are not chosen are left out silently.
    /// - Throws: ``EvaluationError`` for a name or a setting that fits no model.
    package init(names: String, settings: [ModelSetting], allowsOthers: Bool = false)
        throws(EvaluationError)
    {
        let entries: [ModelEntry]
        if names == "all" {
            entries = ModelRegistry.all
        } else {
            var seen: Set<String> = []
            entries = try names.split(separator: ",").map(String.init)
                .filter { seen.insert($0).inserted }
                .map { name throws(EvaluationError) in try ModelRegistry.entry(name) }
        }
        guard !entries.isEmpty else { throw EvaluationError("no model is named") }
        var values: [String: [String: Double]] = [:]
        for setting in settings {
            if let model = setting.model, model != Blend.weightPrefix {
                guard allowsOthers || entries.contains(where: { $0.isOrBlends(model) }) else {
                    throw EvaluationError("\(setting.flag): \(model) is not among the models")
                }
            }
            var isMeant = false
            for entry in entries {
                for name in entry.hyperparameters(called: setting.name, of: setting.model) {
                    values[entry.name, default: [:]][name] = try entry.value(
                        setting.value, of: name)
                    isMeant = true
                }
            }
            guard isMeant || allowsOthers else {
                throw EvaluationError("\(setting.flag): no model here has '\(setting.name)'")
            }
        }
        entrants = entries.map { ($0, values[$0.name] ?? [:]) }
    }
}

/// One hyperparameter as set on the command line.
package struct ModelSetting: Sendable {
    /// nil for every model that has it.
    package var model: String?
    package var name: String
    /// A number, or the name of a choice such as `cosine`.
    package var value: String
    /// The option that said so, for errors.
    package var flag: String

    package init(model: String? = nil, name: String, value: String, flag: String) {
        self.model = model
        self.name = name
        self.value = value
        self.flag = flag
    }

    /// Parses `[model.]name=value`, or returns nil.
    package init?(_ text: String) {
        let sides = text.split(separator: "=", omittingEmptySubsequences: false)
        guard sides.count == 2, !sides[1].isEmpty else { return nil }
        let path = sides[0].split(separator: ".", omittingEmptySubsequences: false)
        guard 1...2 ~= path.count, path.allSatisfy({ !$0.isEmpty }) else { return nil }
        self.init(
            model: path.count == 2 ? String(path[0]) : nil, name: String(path.last!),
            value: String(sides[1]),
            flag: "--set \(text)")
    }
}
