/// How one hyperparameter of a model is read and set.
package struct Parameter<Model: Sendable>: Sendable {
    package let name: String
    /// What it is, in one line.
    package let note: String
    /// What a search tries, beside the default.
    package let values: [Double]
    let isWhole: Bool
    /// Of a choice: what the numbers 0 and up stand for.
    let choices: [String]?
    let get: @Sendable (Model) -> Double
    let set: @Sendable (inout Model, Double) -> Void

    private init(
        name: String, note: String, values: [Double], isWhole: Bool, choices: [String]?,
        get: @escaping @Sendable (Model) -> Double,
        set: @escaping @Sendable (inout Model, Double) -> Void
    ) {
        self.name = name
        self.note = note
        self.values = values
        self.isWhole = isWhole
        self.choices = choices
        self.get = get
        self.set = set
    }

    /// A whole number.
    package init(
        _ name: String, _ path: WritableKeyPath<Model, Int> & Sendable, _ note: String = "",
        try values: [Int] = []
    ) {
        self.init(
            name: name, note: note, values: values.map(Double.init), isWhole: true, choices: nil,
            get: { Double($0[keyPath: path]) }, set: { $0[keyPath: path] = Int($1) })
    }

    /// Any number.
    package init<Number: BinaryFloatingPoint & Sendable>(
        _ name: String, _ path: WritableKeyPath<Model, Number> & Sendable, _ note: String = "",
        try values: [Double] = []
    ) {
        self.init(
            name: name, note: note, values: values, isWhole: false, choices: nil,
            get: { Double($0[keyPath: path]) }, set: { $0[keyPath: path] = Number($1) })
    }

    /// Yes or no.
    package init(
        _ name: String, _ path: WritableKeyPath<Model, Bool> & Sendable, _ note: String = ""
    ) {
        self.init(
            name: name, note: note, values: [], isWhole: true, choices: ["no", "yes"],
            get: { $0[keyPath: path] ? 1 : 0 }, set: { $0[keyPath: path] = $1 == 1 })
    }

    /// One of several ways, by its place among them.
    package init<Choice: CaseIterable & RawRepresentable<Int> & Sendable>(
        _ name: String, _ path: WritableKeyPath<Model, Choice> & Sendable, _ note: String = "",
        try values: [Choice] = []
    ) {
        precondition(
            Choice.allCases.map(\.rawValue) == Array(0..<Choice.allCases.count), "\(Choice.self)")
        self.init(
            name: name, note: note, values: values.map { Double($0.rawValue) }, isWhole: true,
            choices: Choice.allCases.map { Self.words("\($0)") },
            get: { Double($0[keyPath: path].rawValue) },
            set: { model, value in
                guard let choice = Choice(rawValue: Int(value)) else { return }
                model[keyPath: path] = choice
            })
    }

    /// The same of a model that holds this one.
    ///
    /// - Parameters:
    ///   - name: by which the outer model knows it; nil for the same.
    ///   - values: what a search of the outer model tries.
    package func nested<Outer: Sendable>(
        in path: WritableKeyPath<Outer, Model> & Sendable, as name: String? = nil,
        try values: [Double] = []
    ) -> Parameter<Outer> {
        Parameter<Outer>(
            name: name ?? self.name, note: note, values: values, isWhole: isWhole,
            choices: choices, get: { [get] in get($0[keyPath: path]) },
            set: { [set] in set(&$0[keyPath: path], $1) })
    }

    /// `asymmetricCosine` as `asymmetric-cosine`.
    private static func words(_ name: String) -> String {
        name.reduce(into: "") { $0 += $1.isUppercase ? "-" + $1.lowercased() : String($1) }
    }
}
