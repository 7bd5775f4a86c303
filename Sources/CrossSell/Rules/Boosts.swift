internal import ModelParts

/// What multiplies scores: by item, by category, and by what the shop earns.
struct Boosts {
    private let items: ItemTable
    private var ordinals: [UInt32] = []
    private var factors: [Float] = []
    /// By category path; meaningless without ``asksCategory``.
    private var categoryFactors: [Float]
    private var asksCategory = false
    private var marginWeight: Float = 0

    /// The categories that are named with their factors, for paths that have no number.
    private var categories: [(name: IDView, factor: Float)] = []

    init(_ items: ItemTable) {
        self.items = items
        categoryFactors = Array(repeating: 1, count: items.categoryPaths.count)
    }

    var isActive: Bool { asksCategory || !ordinals.isEmpty || marginWeight != 0 }

    /// Takes over what a query asks for; of a path's several factors the product counts.
    ///
    /// - Complexity: O(category paths x categories named), nothing where none is.
    mutating func read(_ rules: borrowing QueryRules, _ lookUp: ItemLookUp) {
        ordinals.removeAll(keepingCapacity: true)
        factors.removeAll(keepingCapacity: true)
        categories.removeAll(keepingCapacity: true)
        if asksCategory { for path in categoryFactors.indices { categoryFactors[path] = 1 } }
        asksCategory = false
        marginWeight = items.marginLogs.isEmpty ? 0 : rules.marginWeight
        for boost in rules.boosts {
            switch boost.target {
            case .item(let id):
                guard let ordinal = lookUp.ordinal(of: id) else { continue }
                ordinals.append(ordinal)
                factors.append(boost.factor)
            case .category(let name):
                asksCategory = true
                categories.append((name, boost.factor))
                let paths = items.categoryPaths
                for path in 0..<paths.count where paths.isBelow(path, name) {
                    categoryFactors[path] *= boost.factor
                }
            }
        }
    }

    /// A score as it counts in the ranking.
    ///
    /// - Parameter isLogOdds: whether the score is the log-odds of a probability.
    func adjusted(_ score: Float, of ordinal: UInt32, isLogOdds: Bool) -> Float {
        let factor = factor(of: ordinal)
        guard factor != 1 else { return score }
        if isLogOdds { return score + logarithm(factor) }
        return score < 0 ? score / factor : score * factor
    }

    private func categoryFactor(of ordinal: UInt32) -> Float {
        let path = items.category(of: ordinal)
        if path >= 0 { return categoryFactors[path] }
        guard let text = items.unnumberedCategory(of: ordinal) else { return 1 }
        return categories.reduce(1) {
            CategoryPaths.isBelow(text, $1.name) ? $0 * $1.factor : $0
        }
    }

    private func factor(of ordinal: UInt32) -> Float {
        var factor: Float = 1
        for (place, boosted) in ordinals.enumerated() where boosted == ordinal {
            factor *= factors[place]
        }
        if asksCategory { factor *= categoryFactor(of: ordinal) }
        if marginWeight != 0 { factor *= exponential(marginWeight * items.marginLog(of: ordinal)) }
        return factor
    }
}
