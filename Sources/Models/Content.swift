internal import Interactions

/// Items that are described alike, by TF-IDF; needs a catalogue and no event of the items at hand.
///
/// An item's terms are its category and every broader one, its attributes, and the words of its
/// title. With N items and n_t of them having term t, a term weighs ln(N / n_t), times the weight
/// of its field; a word that stands twice in a title counts once. The list of i holds the items
/// with the largest cosine between their vectors of weights.
///
/// Source: Sparck Jones 1972, "A statistical interpretation of term specificity and its application
/// in retrieval"; Salton and Buckley 1988, "Term-weighting approaches in automatic text retrieval"
/// (binary terms, `bfc`); Lops, de Gemmis and Semeraro 2011, "Content-based recommender systems:
/// state of the art and trends".
///
/// - Complexity: O(sum of squared n_t over the terms that are compared) time; O(I) memory a thread
///   beside the lists.
package struct Content: Recommender {
    package static let name = "content"

    /// Multiply a term's weight by its field; 0 or more, and one of them positive.
    package var categoryWeight: Float = 1
    package var attributeWeight: Float = 1
    package var titleWeight: Float = 1
    /// A term of a larger share of the items is left out: it says little, and takes the square of
    /// its items to compare. Above 0, at most 1; two items are never too many.
    package var termShareMax: Float = 0.5
    /// The longest list; at least 1.
    package var neighboursMax = 50

    package init() {}

    package var hyperparameters: [String: Double] {
        [
            "category_weight": Double(categoryWeight),
            "attribute_weight": Double(attributeWeight), "title_weight": Double(titleWeight),
            "term_share_max": Double(termShareMax), "neighbours_max": Double(neighboursMax),
        ]
    }

    package func train(on data: TrainingData, with context: TrainingContext) throws(TrainingError)
        -> ModelParts
    {
        try validate()
        let vectors = vectors(of: data.catalog ?? Catalog(), items: data.interactions.columnCount)
        guard vectors.nonZeroCount > 0 else {
            throw TrainingError(
                "content: no category, attribute or title word that some items have and others "
                    + "do not; it learns from a catalogue")
        }
        let items = SparseRows(vectors)
        let terms = SparseRows(vectors.transposed())
        var steps = TrainingSteps(
            model: Self.name, total: TrainingSteps.listSteps(rows: items.rows), context: context)
        var parts = ModelParts(popularity: data.popularity)
        parts.neighbours[.similar] = try steps.makeLists(
            rows: items.rows, makeScratch: { SparseAccumulator(columns: items.rows) }
        ) { item, cosines in
            for entry in items.range(item) {
                cosines.add(Int(items.columns[entry]), in: terms, weight: items.values[entry])
            }
            defer { cosines.removeAll() }
            var list = cosines.entries.filter { Int($0) != item }.map {
                RankedKey(item: $0, score: min(1, cosines.values[Int($0)]))
            }
            list.keepFirst(neighboursMax)
            return list
        }
        return parts
    }

    /// Items x terms, rows of length 1.
    private func vectors(of catalog: Catalog, items: Int) -> SparseMatrix {
        var numbers: [String: Int32] = [:]
        var counts: [Int] = []
        let terms = (0..<min(items, catalog.count)).map { item in
            // In the order of their first item and then by name, so that numbers depend on nothing
            // else.
            fieldTerms(of: item, in: catalog).sorted { $0.key < $1.key }.map { term, weight in
                let number = numbers[term] ?? Int32(counts.count)
                if number == counts.count {
                    numbers[term] = number
                    counts.append(0)
                }
                counts[Int(number)] += 1
                return (number: number, weight: weight)
            }
        }
        let limit = max(2, Int(termShareMax * Float(items)))
        let entries = terms.enumerated().flatMap { item, terms in
            let weighted = terms.compactMap { number, weight -> (column: Int32, value: Float)? in
                let count = counts[Int(number)]
                guard count <= limit, count > 1, count < items else { return nil }
                return (number, weight * logarithm(Float(items) / Float(count)))
            }
            let length = weighted.reduce(Float(0)) { $0 + $1.value * $1.value }.squareRoot()
            return weighted.map { (row: Int32(item), column: $0.column, value: $0.value / length) }
        }
        return SparseMatrix(rows: items, columnCount: counts.count, entries: entries)
    }

    /// The terms of an item, named by field so that fields do not mix, with their fields' weights.
    private func fieldTerms(of item: Int, in catalog: Catalog) -> [String: Float] {
        var terms: [String: Float] = [:]
        let path = catalog.categories[item]
        if categoryWeight > 0 {
            for depth in path.indices {
                terms["category:" + path[...depth].joined(separator: "\u{1f}")] = categoryWeight
            }
        }
        if attributeWeight > 0 {
            for attribute in catalog.attributes[item] {
                terms["attribute:" + attribute] = attributeWeight
            }
        }
        if titleWeight > 0 {
            let words = catalog.titles[item].lowercased().split { !$0.isLetter && !$0.isNumber }
            for word in words { terms["word:" + word] = titleWeight }
        }
        return terms
    }

    private func validate() throws(TrainingError) {
        let check = SettingsCheck(model: Self.name)
        let weights = [
            ("category_weight", categoryWeight), ("attribute_weight", attributeWeight),
            ("title_weight", titleWeight),
        ]
        for (name, weight) in weights {
            try check.require(weight >= 0 && weight.isFinite, "\(name) must be 0 or more", weight)
        }
        try check.require(
            weights.contains { $0.1 > 0 }, "one field's weight must be positive", 0)
        try check.require(
            termShareMax > 0 && termShareMax <= 1, "term_share_max must be above 0, at most 1",
            termShareMax)
        try check.require(neighboursMax > 0, "neighbours_max must be at least 1", neighboursMax)
    }
}
