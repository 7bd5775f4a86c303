internal import Interactions
internal import ModelParts

/// What a catalog says of items, as weighted terms (TF-IDF).
///
/// An item's terms are its category and every broader one, its attributes, the words of its
/// title and, where that is asked for, the band of its price: twice the price is two bands further. With N items and n_t of them having term t, a term weighs ln(N / n_t), times the weight
/// of its field; a word that stands twice in a title counts once. An item's vector has length 1.
///
/// Source: Sparck Jones 1972, "A statistical interpretation of term specificity and its application
/// in retrieval"; Salton and Buckley 1988, "Term-weighting approaches in automatic text retrieval"
/// (binary terms, `bfc`).
struct CatalogTerms {
    var categoryWeight: Float = 1
    var attributeWeight: Float = 1
    var titleWeight: Float = 1
    var priceWeight: Float = 0
    /// A term of a larger share of the items is left out; two items are never too many.
    var shareMax: Float = 0.5

    /// Items x terms, rows of length 1 or, where nothing tells an item from others, empty.
    func vectors(of catalog: Catalog, items: Int) -> SparseMatrix {
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
        let limit = max(2, Int(shareMax * Float(items)))
        var columns = 0
        let places = counts.map { count -> Int32? in
            guard count <= limit, count > 1, count < items else { return nil }
            columns += 1
            return Int32(columns - 1)
        }
        let entries = terms.enumerated().flatMap { item, terms in
            let weighted = terms.compactMap { number, weight -> (column: Int32, value: Float)? in
                guard let place = places[Int(number)] else { return nil }
                return (place, weight * logarithm(Float(items) / Float(counts[Int(number)])))
            }
            let length = weighted.reduce(Float(0)) { $0 + $1.value * $1.value }.squareRoot()
            return weighted.map { (row: Int32(item), column: $0.column, value: $0.value / length) }
        }
        return SparseMatrix(rows: items, columnCount: columns, entries: entries)
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
        let price = catalog.prices[item]
        if priceWeight > 0, price > 0 {
            let band = (2 * logarithm(price) / logarithm(Float(2))).rounded()
            terms["price:\(Int(band))"] = priceWeight
        }
        return terms
    }
}
