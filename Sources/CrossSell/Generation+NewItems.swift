internal import EmbeddingStore
internal import Interactions
internal import ModelParts

/// What gives the items that a generation is told of while it serves their lists and vectors.
///
/// `@unchecked Sendable`: `reader` is used by whoever adds, one thread at a time.
final class NewItemSources: @unchecked Sendable {
    let index: ContentIndex
    /// New edges, by the relation or the weights that they stand beside.
    let weights: AddedEdges?
    let complements: AddedEdges?
    let similars: AddedEdges?
    fileprivate var reader: StoreReader?

    init(
        _ index: ContentIndex, itemCount: Int, weights: EdgeLists?, complements: EdgeLists?,
        similars: EdgeLists?
    ) {
        self.index = index
        func added(_ lists: EdgeLists?) -> AddedEdges? {
            lists.map {
                AddedEdges(
                    beside: $0, itemCount: itemCount, targetsMax: ContentRegression().targetsMax)
            }
        }
        self.weights = added(weights)
        self.complements = added(complements)
        self.similars = added(similars)
    }

    func edges(_ relation: Relation) -> AddedEdges? {
        switch relation {
        case .complement: complements
        case .similar: similars
        case .substitute, .rebuy: nil
        }
    }

    fileprivate var all: [AddedEdges] { [weights, complements, similars].compactMap(\.self) }
}

/// What a shop says of an item that a generation does not know.
package struct ItemDescription: Sendable {
    package var title = ""
    package var category: [String] = []
    package var price: Float?
    package var group = ""
    package var attributes: [String] = []

    package init() {}

    /// Whether it says what kind of thing the item is.
    package var tellsKind: Bool { !title.isEmpty || !category.isEmpty || !attributes.isEmpty }
}

extension Generation {
    /// How many items can be added while a model with so many serves.
    package static func roomForNew(besides items: Int) -> Int { 1_024 + items / 8 }

    /// Takes in items that the generation does not know: from the next call on they are candidates by what
    /// items that are described alike lead to and are led to by, and have the vector that these have in the
    /// mean, by ``ContentRegression``; all that is learned of events from now on counts for them as for any
    /// other.
    ///
    /// - Precondition: one thread at a time.
    /// - Returns: those that were added. Known ones are not, nor those whose vector was put, nor those for
    ///   which there is no room.
    /// - Complexity: O(all edges) once, and for each item O(items that share a word with it).
    package func add(_ items: [(id: String, description: ItemDescription)]) -> [String] {
        guard let sources = newItemSources else { return [] }
        var added: [String] = []
        var edges: [(ordinal: UInt32, likes: [(item: Int32, share: Float)])] = []
        for (id, description) in items where self.items.ordinal(of: id) == nil {
            guard let place = self.items.added.nextPlace else { break }
            var catalog = Catalog()
            catalog.update(
                item: 0, title: description.title, category: description.category,
                price: description.price, group: description.group,
                attributes: description.attributes)
            let likes = sources.index.likes(of: 0, in: catalog)
            let ordinal = UInt32(self.items.trainedCount + place)
            guard put(id, ordinal, likes, sources) else { continue }
            self.items.add(id, 0, of: catalog, likes: likes)
            edges.append((ordinal, likes))
            added.append(id)
        }
        for lists in sources.all { lists.add(edges) }
        return added
    }

    /// What an item is described like most that nobody took yet; nil for others.
    func like(of ordinal: UInt32) -> UInt32? {
        let item = Int(ordinal)
        if item < items.trainedCount {
            guard let newItems else { return nil }
            return newItems.range(of: item).first.map { UInt32(bitPattern: newItems.items[$0]) }
        }
        let place = item - items.trainedCount
        guard place < items.added.count else { return nil }
        return items.added[place].likes.first.map { UInt32(bitPattern: $0.item) }
    }

    /// What is to be expected of an added item of a quantity that is known of those of the training.
    func expected(_ values: [Float], of ordinal: Int) -> Float {
        let place = ordinal - items.trainedCount
        guard place >= 0, place < items.added.count else { return 0 }
        return items.added[place].likes.reduce(0) { $0 + $1.share * values[Int($1.item)] }
    }

    /// Gives a new item the vector that is to be expected of it, if the model has any.
    ///
    /// - Returns: false where a vector was put for the id, so that it has another ordinal.
    private func put(
        _ id: String, _ ordinal: UInt32, _ likes: [(item: Int32, share: Float)],
        _ sources: NewItemSources
    ) -> Bool {
        guard dimensions > 0 else { return true }
        if sources.reader == nil { sources.reader = try? itemStore.makeReader() }
        guard let reader = sources.reader else { return true }
        defer { reader.quiesce() }
        let text = TextTable(count: 1) { _ in id }
        if reader.find(text[0]) != nil { return false }
        var vector = Array(repeating: Float(0), count: dimensions)
        var row = Array(repeating: Float(0), count: reader.paddedDimensions)
        for like in likes {
            guard let stored = reader.row(ordinal: UInt32(bitPattern: like.item)) else { continue }
            row.withUnsafeMutableBufferPointer { reader.read(stored, into: $0.baseAddress!) }
            for d in 0..<dimensions { vector[d] += like.share * row[d] }
        }
        guard vector.contains(where: { $0 != 0 }) else { return true }
        // Where there is no room for it the item does without, as one that is like nothing.
        _ = vector.withUnsafeBufferPointer {
            try? itemStore.put(text[0], vector: $0, ordinal: ordinal)
        }
        return true
    }
}
