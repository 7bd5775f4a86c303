package import Interactions
package import ModelParts

/// Items of which one is taken instead of the other.
///
/// Three kinds of evidence say that i and j are alike, each a cosine c of 0 to 1: the words of their
/// titles; what else is in the baskets that hold them, by their lists of complements from other
/// categories; and the sessions in which they were viewed. Together they make
///
///     likeness(i, j) = 1 - product over the evidence of (1 - c)
///
/// The list of i holds items j of i's own finest category with a likeness of at least `likenessMin`,
/// unless they are complements of a larger strength than `togetherMax`: a cup and its saucer are alike
/// in all three and still go together. Items without a category are compared with each other. With the
/// strength s of ``CoPurchase``, which is shrunk, so that two baskets of three prove nothing, it is
/// ranked by
///
///     score(i -> j) = likeness(i, j) x (1 - max(s(i -> j), s(j -> i)))
///
/// which lies in 0...1; of equals the better seller comes first. Where nothing but baskets is known, items that never meet in one and still
/// share what is bought with them are found.
///
/// Source: McAuley, Pandey and Leskovec 2015, "Inferring networks of substitutable and complementary
/// products", for what tells both relations apart (viewed together, against bought together).
///
/// - Complexity: O(sum of squared numbers of items of a category that share a term) a kind of
///   evidence.
package struct Substitutes: Sendable {
    package static let name = "substitutes"

    /// The longest list; at least 1.
    package var neighborsMax = 40
    /// 0 to 1.
    package var likenessMin: Float = 0.35
    /// 0 to 1.
    package var togetherMax: Float = 0.2
    /// Sessions with more items are left out: whoever looks at so much compares nothing.
    package var sessionItemsMax = 50

    package init() {}

    package var hyperparameters: [String: Double] {
        [
            "neighbors_max": Double(neighborsMax), "likeness_min": Double(likenessMin),
            "together_max": Double(togetherMax), "session_items_max": Double(sessionItemsMax),
        ]
    }

    /// The lists of every item; lifts and confidences are those of its complements, and 0 for items
    /// that are none.
    ///
    /// - Parameters:
    ///   - popularity: how often each item was taken, shape `[I]`.
    ///   - complements: shape `[I]`; nil where nothing was bought together.
    ///   - views: sessions x items, what was viewed together; nil where nothing was.
    /// - Throws: ``TrainingError`` where training was cancelled.
    package func lists(
        popularity: [Float], catalog: Catalog, complements: NeighborLists?, views: SparseMatrix?,
        context: TrainingContext
    ) throws(TrainingError) -> NeighborLists {
        let items = popularity.count
        // Rows by sales, since an index puts lower rows first among equals.
        let order = (0..<items).sorted { (popularity[$1], $0) < (popularity[$0], $1) }
        var places = Array(repeating: 0, count: items)
        for (place, item) in order.enumerated() { places[item] = place }
        let shelves = Shelves(catalog, items: items)
        let titles = CatalogTerms(categoryWeight: 0, attributeWeight: 0)
        let vectors = [
            titles.vectors(of: catalog, items: items),
            complements.map { shelves.contexts($0, items: items) },
            views.map { $0.filteringRows { $0.count <= sessionItemsMax }.unitColumns },
        ]
        let evidence = vectors.compactMap(\.self).filter { $0.nonZeroCount > 0 }
            .map { TermIndex(shelves.apart($0).selectingRows(order)) }
        let together = complements.map(Togetherness.init)
        var steps = TrainingSteps(
            model: Self.name, total: TrainingSteps.listSteps(rows: items), context: context)
        // Of what one kind of evidence finds, others may rule out the most.
        let found = 4 * neighborsMax
        var lists = try steps.makeLists(
            rows: items, makeScratch: { evidence.map(TermIndex.Scratch.init) }
        ) { [places] item, scratches in
            // Of each place that any evidence finds, how unlike the item there is.
            var unlike: [Int32: Float] = [:]
            for (index, scratch) in zip(evidence, scratches) {
                for key in index.nearest(to: places[item], limit: found, scratch) {
                    unlike[key.item, default: 1] *= 1 - key.score
                }
            }
            var keys = unlike.compactMap { other, unlike -> RankedKey? in
                let strength = together?.strength(item, order[Int(other)]) ?? 0
                guard 1 - unlike >= likenessMin, strength <= togetherMax else { return nil }
                return RankedKey(item: other, score: (1 - unlike) * (1 - min(1, strength)))
            }
            keys.keepFirst(neighborsMax)
            return keys.map { RankedKey(item: Int32(order[Int($0.item)]), score: $0.score) }
        }
        together?.fill(&lists)
        return lists
    }
}

/// The finest category of each item.
private struct Shelves: Sendable {
    /// A number for each category path; -1 for none.
    let numbers: [Int32]

    init(_ catalog: Catalog, items: Int) {
        var known: [[String]: Int32] = [:]
        numbers = (0..<items).map { item in
            guard item < catalog.count, !catalog.categories[item].isEmpty else { return -1 }
            let path = catalog.categories[item]
            let number = known[path] ?? Int32(known.count)
            known[path] = number
            return number
        }
    }

    /// The same vectors with a term of one category told from the same term of another, so that only
    /// items of one category share any.
    func apart(_ vectors: SparseMatrix) -> SparseMatrix {
        struct Term: Hashable {
            var shelf: Int32
            var column: Int32
        }
        var known: [Term: Int32] = [:]
        var columns: [Int32] = []
        columns.reserveCapacity(vectors.nonZeroCount)
        for row in 0..<vectors.rows {
            for entry in vectors.row(row) {
                let term = Term(shelf: numbers[row], column: vectors.columns[entry])
                let number = known[term] ?? Int32(known.count)
                known[term] = number
                columns.append(number)
            }
        }
        return SparseMatrix(
            rows: vectors.rows, columnCount: known.count, rowOffsets: vectors.rowOffsets,
            columns: columns, values: vectors.values)
    }

    /// Each item's complements from other categories, as rows of length 1.
    func contexts(_ complements: NeighborLists, items: Int) -> SparseMatrix {
        var entries: [(row: Int32, column: Int32, value: Float)] = []
        for item in 0..<items {
            let list = complements.range(of: item).filter { entry in
                let other = Int(complements.items[entry])
                return numbers[item] < 0 || numbers[item] != numbers[other]
            }
            let length = list.reduce(Float(0)) {
                $0 + complements.scores[$1] * complements.scores[$1]
            }.squareRoot()
            guard length > 0 else { continue }
            for entry in list {
                entries.append(
                    (Int32(item), complements.items[entry], complements.scores[entry] / length))
            }
        }
        return SparseMatrix(rows: items, columnCount: items, entries: entries)
    }
}

/// How often two items are in one basket, as far as lists of complements tell.
private struct Togetherness: Sendable {
    let complements: NeighborLists

    init(_ complements: NeighborLists) { self.complements = complements }

    /// How strongly two items are complements, either way; 0 for what is on neither's list.
    ///
    /// - Complexity: O(length of both lists).
    func strength(_ a: Int, _ b: Int) -> Float {
        max(
            entry(a, b).map { complements.scores[$0] } ?? 0,
            entry(b, a).map { complements.scores[$0] } ?? 0)
    }

    func fill(_ lists: inout NeighborLists) {
        for item in 0..<lists.offsets.count - 1 {
            for place in lists.range(of: item) {
                guard let entry = entry(item, Int(lists.items[place])) else { continue }
                lists.lifts[place] = complements.lifts[entry]
                lists.confidences[place] = complements.confidences[entry]
            }
        }
    }

    private func entry(_ item: Int, _ other: Int) -> Int? {
        complements.range(of: item).first { complements.items[$0] == Int32(other) }
    }
}

extension SparseMatrix {
    /// Columns x rows, each column of this one as a row of length 1.
    fileprivate var unitColumns: SparseMatrix {
        let turned = transposed()
        var entries: [(row: Int32, column: Int32, value: Float)] = []
        for row in 0..<turned.rows {
            let length = Float(turned.row(row).count).squareRoot()
            for entry in turned.row(row) {
                entries.append((Int32(row), turned.columns[entry], 1 / length))
            }
        }
        return SparseMatrix(rows: turned.rows, columnCount: turned.columnCount, entries: entries)
    }
}
