package import Interactions

/// What a catalog says of items, as weighted terms (TF-IDF).
///
/// An item's terms are its category and every broader one, its attributes, the words of its
/// title and, where that is asked for, the band of its price: twice the price is two bands further. With N items and n_t of them having term t, a term weighs ln(N / n_t), times the weight
/// of its field; a word that stands twice in a title counts once. An item's vector has length 1.
///
/// Source: Sparck Jones 1972, "A statistical interpretation of term specificity and its application
/// in retrieval"; Salton and Buckley 1988, "Term-weighting approaches in automatic text retrieval"
/// (binary terms, `bfc`).
package struct CatalogTerms: Sendable {
    package var categoryWeight: Float
    package var attributeWeight: Float
    package var titleWeight: Float
    package var priceWeight: Float
    /// A term of a larger share of the items is left out; two items are never too many.
    package var shareMax: Float

    package init(
        categoryWeight: Float = 1, attributeWeight: Float = 1, titleWeight: Float = 1,
        priceWeight: Float = 0, shareMax: Float = 0.5
    ) {
        (self.categoryWeight, self.attributeWeight) = (categoryWeight, attributeWeight)
        (self.titleWeight, self.priceWeight) = (titleWeight, priceWeight)
        self.shareMax = shareMax
    }

    /// Terms that tell items of one catalog apart, to describe items with that it does not have.
    package struct Weights: Sendable {
        fileprivate let fields: CatalogTerms
        fileprivate var terms: [String: (number: Int32, weight: Float)] = [:]

        /// An item's vector, of length 1; empty where it shares no term with the catalog's items.
        ///
        /// - Parameter catalog: another one, which has the item.
        package func vector(
            of item: Int, in catalog: Catalog
        ) -> [(term: Int32, weight: Float)] {
            let known = fields.fieldTerms(of: item, in: catalog).sorted { $0.key < $1.key }
                .compactMap { name, weight in
                    terms[name].map { (term: $0.number, weight: weight * $0.weight) }
                }
            let length = known.reduce(Float(0)) { $0 + $1.weight * $1.weight }.squareRoot()
            return known.map { ($0.term, $0.weight / length) }
        }
    }

    /// Items x terms, rows of length 1 or, where nothing tells an item from others, empty.
    package func vectors(of catalog: Catalog, items: Int) -> SparseMatrix {
        index(of: catalog, items: items).vectors
    }

    /// The vectors of a catalog's items, and what gives further items theirs.
    package func index(
        of catalog: Catalog, items: Int
    ) -> (vectors: SparseMatrix, weights: Weights) {
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
        let rarities = counts.map { logarithm(Float(items) / Float($0)) }
        let entries = terms.enumerated().flatMap { item, terms in
            let weighted = terms.compactMap { number, weight -> (column: Int32, value: Float)? in
                guard let place = places[Int(number)] else { return nil }
                return (place, weight * rarities[Int(number)])
            }
            let length = weighted.reduce(Float(0)) { $0 + $1.value * $1.value }.squareRoot()
            return weighted.map { (row: Int32(item), column: $0.column, value: $0.value / length) }
        }
        var weights = Weights(fields: self)
        for (name, number) in numbers {
            guard let place = places[Int(number)] else { continue }
            weights.terms[name] = (place, rarities[Int(number)])
        }
        return (SparseMatrix(rows: items, columnCount: columns, entries: entries), weights)
    }

    /// The terms of an item, named by field so that fields do not mix, with their fields' weights.
    fileprivate func fieldTerms(of item: Int, in catalog: Catalog) -> [String: Float] {
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
