import Evaluation

/// Models by name, with what was set of their hyperparameters.
struct ModelChoice {
    let entrants: [(entry: ModelEntry, values: [String: Double])]

    /// - Parameters:
    ///   - names: `all`, or names with commas.
    ///   - settings: `(model, name, value)`; without a model, for each chosen one that has such a
    ///     hyperparameter.
    init(names: String, settings: [ModelSetting]) throws {
        let entries: [ModelEntry]
        if names == "all" {
            entries = ModelRegistry.all
        } else {
            var seen: Set<String> = []
            entries = try names.split(separator: ",").map(String.init)
                .filter { seen.insert($0).inserted }
                .map { name in try ModelRegistry.entry(name) }
        }
        guard !entries.isEmpty else { throw Failure("no model is named") }
        var values: [String: [String: Double]] = [:]
        for setting in settings {
            if let model = setting.model, model != Blend.weightPrefix {
                guard entries.contains(where: { $0.isOrBlends(model) }) else {
                    throw Failure("\(setting.flag): \(model) is not among the models")
                }
            }
            var isMeant = false
            for entry in entries {
                for name in entry.hyperparameters(called: setting.name, of: setting.model) {
                    values[entry.name, default: [:]][name] = setting.value
                    isMeant = true
                }
            }
            guard isMeant else {
                throw Failure("\(setting.flag): no model here has '\(setting.name)'")
            }
        }
        entrants = entries.map { ($0, values[$0.name] ?? [:]) }
    }
}

/// One hyperparameter as set on the command line.
struct ModelSetting {
    /// nil for every model that has it.
    var model: String?
    var name: String
    var value: Double
    /// The option that said so, for errors.
    var flag: String

    init(model: String? = nil, name: String, value: Double, flag: String) {
        self.model = model
        self.name = name
        self.value = value
        self.flag = flag
    }

    /// Parses `[model.]name=value`, or returns nil.
    init?(_ text: String) {
        let sides = text.split(separator: "=", omittingEmptySubsequences: false)
        guard sides.count == 2, let value = Double(sides[1]), value.isFinite else { return nil }
        let path = sides[0].split(separator: ".", omittingEmptySubsequences: false)
        guard 1...2 ~= path.count, path.allSatisfy({ !$0.isEmpty }) else { return nil }
        self.init(
            model: path.count == 2 ? String(path[0]) : nil, name: String(path.last!), value: value,
            flag: "--set \(text)")
    }
}
