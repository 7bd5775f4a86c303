internal import Interactions
internal import ModelParts

/// The bundle as tensors and back. The names and shapes here are the format.
///
/// Texts are UTF-8 one after the other in `.bytes`; element i of `.offsets` says where text i
/// starts, and one more where the last one ends. Lists of texts, and lists of items, start where
/// `.rows` and their `.offsets` say.
///
/// | tensor | type and shape | when absent |
/// |---|---|---|
/// | `item_ids.bytes`, `.offsets` | U8, I64 `[I+1]` | required |
/// | `user_ids.bytes`, `.offsets` | U8, I64 `[U+1]` | no users |
/// | `item_embeddings` | F32 `[I,D]` | the model has neighbors or popularity instead |
/// | `user_embeddings` | F32 `[U,D]` | users have no vectors |
/// | `popularity` | F32 `[I]`, not negative | zeros |
/// | `neighbors.<relation>.offsets`, `.items`, `.scores` | I64 `[I+1]`, I32, F32 | no such relation |
/// | `neighbors.<relation>.lifts`, `.confidences` | F32 | zeros |
/// | `item_weights.offsets`, `.items`, `.scores` | I64 `[I+1]`, I32, F32 | no linear item model |
/// | `user_lists.offsets`, `.items`, `.scores` | I64 `[U+1]`, I32, F32 | no lists by user |
/// | `new_items.offsets`, `.items`, `.scores` | I64 `[I+1]`, I32, F32 | no item is new |
/// | `ranker.features.bytes`, `.offsets` | U8, I64 `[F+1]`, ``RankerFeature`` names | no ranker |
/// | `ranker.wide` | F32 `[F]` | required with features |
/// | `ranker.bias` | F32 `[1]` | 0 |
/// | `ranker.layers.<n>.weights`, `.biases`, n from 0 | F32 `[out,in]`, `[out]` | no deep part |
/// | `ranker.linear.features.bytes`, `.offsets` | U8, I64 `[F+1]`, names | no linear second stage |
/// | `ranker.linear.weights`, `.bias` | F32 `[F]`, `[1]` | required with its features; 0 |
/// | `ranker.trees.features.bytes`, `.offsets` | U8, I64 `[F+1]`, names | no trees |
/// | `ranker.trees.starts` | I64 `[T+1]`, into the nodes, N in all | required with trees |
/// | `ranker.trees.splits`, `.thresholds`, `.values` | I32, F32, F32, each `[N]` | likewise |
/// | `ranker.trees.children` | I32 `[2N]`, left and right within the tree, 0 0 in a leaf | likewise |
/// | `profiles.month_sales`, `.week_sales` | F32 `[I]`, not negative | no profiles |
/// | `profiles.repeat_rates` | F32 `[I]`, 0 to 1 | required with profiles |
/// | `profiles.repeat_intervals`, `.repeat_spreads` | F32 `[I]`, days, not negative | likewise |
/// | `habits.offsets`, `.items` | I64 `[U+1]`, I32 | required with profiles |
/// | `habits.counts`, `.lately`, `.recently`, `.ages`, `.intervals` | F32, not negative | likewise |
/// | `habits.basket_counts` | F32 `[U]`, not negative | likewise |
/// | `histories.offsets`, `.items` | I64 `[U+1]`, I32 | no histories |
/// | `histories.values` | F32 | ones |
/// | `catalog.titles.bytes`, `.offsets` | U8, I64 `[I+1]` | empty |
/// | `catalog.categories.bytes`, `.offsets`, `.rows` | U8, I64, I64 `[I+1]` | empty |
/// | `catalog.attributes.bytes`, `.offsets`, `.rows` | U8, I64, I64 `[I+1]` | empty |
/// | `catalog.prices` | F32 `[I]`, not negative | 0 |
/// | `catalog.stocks` | I32 `[I]`, -1 and up | -1, untracked |
/// | `catalog.groups.bytes`, `.offsets` | U8, I64 `[I+1]`, "" for none | no variants |
/// | `catalog.available_from` | I64 `[I]`, seconds since 1970, -2^63 for always | always |
/// | `catalog.discontinued` | U8 `[I]`, 0 or 1 | 0 |
/// | `catalog.margins` | F32 `[I]`, 0 where not known | not known |
/// | `catalog.margins_known` | U8 `[I]`, 0 or 1 | required with margins |
///
/// Every float is finite and within ``BundleFormat/values``, every vector's norm at most
/// ``BundleFormat/normMax``, lifts are not negative and confidences 0 to 1. Lists are sorted by
/// score, strongest first. `<relation>` is `complement`, `substitute`, `similar` or `rebuy`.
///
/// A ranker's trees take the place of its layers; see ``TreeEnsemble`` for what a node is. A linear
/// second stage stands in for trees, or is there without them.
///
/// A ranker's first layer has F inputs, or F + 2 D: the features, the shopper's vector and the
/// item's. Each other layer has as many as the one before has outputs, and the last one output.
extension ModelBundle {
    var tensors: [Tensor] {
        var tensors = TextColumns.tensors("item_ids", items)
        if users.count > 0 { tensors += TextColumns.tensors("user_ids", users) }
        if let embeddings = parts.embeddings {
            tensors.append(Self.tensor("item_embeddings", embeddings.items))
            if let users = embeddings.users {
                tensors.append(Self.tensor("user_embeddings", users))
            }
        }
        tensors.append(Tensor("popularity", .float32(parts.popularity)))
        for (relation, lists) in parts.neighbors {
            let name = "neighbors.\(relation.rawValue)"
            tensors += Self.tensors(name, lists)
            tensors.append(Tensor("\(name).lifts", .float32(lists.lifts)))
            tensors.append(Tensor("\(name).confidences", .float32(lists.confidences)))
        }
        if let lists = parts.itemWeights { tensors += Self.tensors("item_weights", lists) }
        if let lists = parts.newItems { tensors += Self.tensors("new_items", lists) }
        if let lists = parts.userLists { tensors += Self.tensors("user_lists", lists) }
        if let ranker = parts.ranker { tensors += Self.tensors(ranker) }
        if let profiles = parts.profiles { tensors += Self.tensors(profiles) }
        if let histories {
            tensors.append(Tensor("histories.offsets", .int64(histories.rowOffsets)))
            tensors.append(Tensor("histories.items", .int32(histories.columns)))
            tensors.append(Tensor("histories.values", .float32(histories.values)))
        }
        tensors += TextColumns.tensors("catalog.titles", catalog.titles)
        tensors += TextColumns.tensors("catalog.categories", catalog.categories)
        tensors += TextColumns.tensors("catalog.attributes", catalog.attributes)
        tensors.append(Tensor("catalog.prices", .float32(catalog.prices)))
        tensors.append(Tensor("catalog.stocks", .int32(catalog.stocks)))
        if catalog.groups.contains(where: { !$0.isEmpty }) {
            tensors += TextColumns.tensors("catalog.groups", catalog.groups)
        }
        if catalog.availableFrom.contains(where: { $0 != .min }) {
            let times = catalog.availableFrom.map { Int($0) }
            tensors.append(Tensor("catalog.available_from", .int64(times)))
        }
        if catalog.isDiscontinued.contains(true) {
            let flags = catalog.isDiscontinued.map { $0 ? UInt8(1) : 0 }
            tensors.append(Tensor("catalog.discontinued", .bytes(flags)))
        }
        if catalog.margins.contains(where: { $0 != nil }) {
            tensors.append(Tensor("catalog.margins", .float32(catalog.margins.map { $0 ?? 0 })))
            let flags = catalog.margins.map { $0 == nil ? UInt8(0) : 1 }
            tensors.append(Tensor("catalog.margins_known", .bytes(flags)))
        }
        return tensors
    }

    /// All that lists of scores alone need; lifts and confidences come on top.
    private static func tensors(_ name: String, _ lists: NeighborLists) -> [Tensor] {
        [
            Tensor("\(name).offsets", .int64(lists.offsets)),
            Tensor("\(name).items", .int32(lists.items)),
            Tensor("\(name).scores", .float32(lists.scores)),
        ]
    }

    private static func tensor(_ name: String, _ matrix: Matrix) -> Tensor {
        Tensor(name, .float32(matrix.values), shape: [matrix.rows, matrix.columns])
    }

    /// - Parameter path: names the tensors' file in errors.
    init(
        info: BundleInfo, foldIn: FoldInParameters?, tensors: [Tensor], path: String
    ) throws(BundleError) {
        var set = TensorSet(tensors, path: path)
        let items = try set.takeIdentifiers("item_ids")
        let users =
            set.contains("user_ids.bytes")
            ? try set.takeIdentifiers("user_ids") : IdentifierTable()
        let hasPopularity = set.contains("popularity")
        var parts = ModelParts(
            popularity: hasPopularity
                ? try set.takeFloats("popularity", count: items.count, within: Self.notNegative)
                : Array(repeating: 0, count: items.count))
        parts.embeddings = try Self.embeddings(
            &set, items: items.count, users: users.count, foldIn: foldIn)
        for relation in Relation.allCases {
            parts.neighbors[relation] = try Self.lists(
                &set, "neighbors.\(relation.rawValue)", rows: items.count, of: "item",
                items: items.count, hasLifts: true)
        }
        parts.itemWeights = try Self.lists(
            &set, "item_weights", rows: items.count, of: "item", items: items.count,
            hasLifts: false)
        parts.newItems = try Self.lists(
            &set, "new_items", rows: items.count, of: "item", items: items.count, hasLifts: false)
        parts.userLists = try Self.lists(
            &set, "user_lists", rows: users.count, of: "user", items: items.count,
            hasLifts: false)
        let hasLists =
            !parts.neighbors.isEmpty || parts.itemWeights != nil || parts.userLists != nil
        guard parts.embeddings != nil || hasLists || hasPopularity else {
            throw set.problem(
                "item_embeddings", "is missing, and all lists and popularity are too")
        }
        parts.profiles = try Self.profiles(&set, items: items.count, users: users.count)
        parts.ranker = try Self.ranker(&set, for: parts)
        let magnitudes = try Magnitudes(of: parts, in: set)
        if let ranker = parts.ranker { try magnitudes.check(ranker, of: parts) }
        var histories: SparseMatrix?
        if set.contains("histories.offsets") {
            histories = try Self.histories(&set, users: users.count, items: items.count)
        }
        let catalog = try Self.catalog(&set, items: items.count)
        try set.refuseLeftovers()
        self.init(
            info: info, items: items, users: users, catalog: catalog, parts: parts,
            histories: histories)
    }

    static let notNegative = 0...BundleFormat.values.upperBound

    private static func embeddings(
        _ set: inout TensorSet, items: Int, users: Int, foldIn: FoldInParameters?
    ) throws(BundleError) -> EmbeddingParts? {
        guard set.contains("item_embeddings") else {
            if foldIn != nil {
                throw set.problem(
                    "item_embeddings", "is missing, though the manifest has \"fold_in\"")
            }
            return nil
        }
        let (dimensions, values) = try set.takeMatrix("item_embeddings", rows: items)
        guard foldIn == nil || dimensions <= FoldInSolver.dimensionsMax else {
            throw set.problem(
                "item_embeddings",
                "has \(dimensions) columns, but \"fold_in\" in the manifest works with at most"
                    + " \(FoldInSolver.dimensionsMax); leave it out")
        }
        var parts = EmbeddingParts(
            items: Matrix(rows: items, columns: dimensions, values: values), users: nil,
            foldIn: foldIn)
        if set.contains("user_embeddings") {
            let (columns, values) = try set.takeMatrix("user_embeddings", rows: users)
            guard columns == dimensions else {
                throw set.problem(
                    "user_embeddings", "has \(columns) columns, but item_embeddings \(dimensions)")
            }
            parts.users = Matrix(rows: users, columns: columns, values: values)
        }
        return parts
    }

    /// The lists called `name`, or nil where there are none.
    ///
    /// - Parameters:
    ///   - owner: what a row stands for, in errors.
    ///   - hasLifts: whether lifts and confidences may be there; they are 0 where they are not.
    private static func lists(
        _ set: inout TensorSet, _ name: String, rows: Int, of owner: String, items: Int,
        hasLifts: Bool
    ) throws(BundleError) -> NeighborLists? {
        guard set.contains("\(name).offsets") else { return nil }
        let offsets = try set.takeOffsets("\(name).offsets", rows: rows)
        let count = offsets[rows]
        let scores = try set.takeFloats("\(name).scores", count: count)
        for row in 0..<rows {
            for entry in offsets[row]..<max(offsets[row + 1] - 1, offsets[row])
            where scores[entry] < scores[entry + 1] {
                throw set.problem(
                    "\(name).scores", "\(owner) \(row)'s list is not sorted, strongest first")
            }
        }
        let zeros = hasLifts ? [] : Array(repeating: Float(0), count: count)
        return NeighborLists(
            offsets: offsets,
            items: try set.takeIndices("\(name).items", count: count, within: 0..<Int32(items)),
            scores: scores,
            lifts: hasLifts
                ? try set.takeFloats(
                    "\(name).lifts", count: count, within: notNegative, absent: 0) : zeros,
            confidences: hasLifts
                ? try set.takeFloats(
                    "\(name).confidences", count: count, within: 0...1, absent: 0) : zeros)
    }

    private static func histories(
        _ set: inout TensorSet, users: Int, items: Int
    ) throws(BundleError) -> SparseMatrix {
        let offsets = try set.takeOffsets("histories.offsets", rows: users)
        let count = offsets[users]
        return SparseMatrix(
            rows: users, columnCount: items, rowOffsets: offsets,
            columns: try set.takeIndices("histories.items", count: count, within: 0..<Int32(items)),
            values: try set.takeFloats("histories.values", count: count, absent: 1))
    }

    private static func catalog(_ set: inout TensorSet, items: Int) throws(BundleError) -> Catalog {
        let titles =
            set.contains("catalog.titles.bytes")
            ? try set.takeStrings("catalog.titles", rows: items) : nil
        let categories =
            set.contains("catalog.categories.bytes")
            ? try set.takeStringLists("catalog.categories", rows: items) : nil
        let attributes =
            set.contains("catalog.attributes.bytes")
            ? try set.takeStringLists("catalog.attributes", rows: items) : nil
        let prices =
            set.contains("catalog.prices")
            ? try set.takeFloats("catalog.prices", count: items, within: notNegative) : nil
        let stocks =
            set.contains("catalog.stocks")
            ? try set.takeIndices(
                "catalog.stocks", count: items, within: Catalog.untrackedStock..<Int32.max) : nil
        let groups =
            set.contains("catalog.groups.bytes")
            ? try set.takeStrings("catalog.groups", rows: items) : nil
        let availableFrom =
            set.contains("catalog.available_from")
            ? try set.takeIntegers("catalog.available_from", count: items) : nil
        let discontinued =
            set.contains("catalog.discontinued")
            ? try set.takeFlags("catalog.discontinued", count: items) : nil
        let margins =
            set.contains("catalog.margins")
            ? try set.takeFloats("catalog.margins", count: items) : nil
        let isMarginKnown = try margins.map { _ throws(BundleError) in
            try set.takeFlags("catalog.margins_known", count: items)
        }
        var catalog = Catalog()
        catalog.grow(to: items)
        for item in 0..<items {
            catalog.update(
                item: item, title: titles?[item], category: categories?[item],
                price: prices?[item], stock: stocks?[item], group: groups?[item],
                availableFrom: availableFrom.map { Int64($0[item]) },
                isDiscontinued: discontinued?[item],
                margin: isMarginKnown?[item] == true ? margins?[item] : nil,
                attributes: attributes?[item])
        }
        return catalog
    }
}

extension TensorSet {
    /// Shape `[count]`, or `count` times the same value where the tensor is absent.
    mutating func takeFloats(
        _ name: String, count: Int, within range: ClosedRange<Float> = BundleFormat.values,
        absent: Float
    ) throws(BundleError) -> [Float] {
        contains(name)
            ? try takeFloats(name, count: count, within: range)
            : Array(repeating: absent, count: count)
    }
}
