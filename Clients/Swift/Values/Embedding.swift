/// Which table of vectors.
public enum EmbeddingSpace: Int32, Sendable, Codable {
    /// The items' vectors.
    case items = 1
    /// The users' vectors.
    case users = 2
}

/// A vector under its id.
public struct Embedding: Sendable, Hashable, Codable {
    /// An item or a user, as the space has it.
    public var id: String
    /// Finite, as many as the model has dimensions.
    public var vector: [Float]

    /// Makes an embedding.
    public init(id: String, vector: [Float]) {
        self.id = id
        self.vector = vector
    }
}

/// The vectors of ids that the caller named.
public struct FoundEmbeddings: Sendable, Hashable, Codable {
    /// In the order asked, without the unknown ones.
    public var embeddings: [Embedding]
    /// Positions, in the ids asked about, of those without a vector; ascending.
    public var unknown: [Int]

    /// Makes an answer, as tests of a service need.
    public init(embeddings: [Embedding], unknown: [Int] = []) {
        self.embeddings = embeddings
        self.unknown = unknown
    }
}

/// What putting vectors changed.
public struct PutCounts: Sendable, Hashable, Codable {
    /// Ids that had no vector before.
    public var added: Int
    /// Ids whose vector was another one before.
    public var replaced: Int

    /// Makes an answer, as tests of a service need.
    public init(added: Int, replaced: Int) {
        self.added = added
        self.replaced = replaced
    }
}

/// A vector's neighbor.
public struct Neighbor: Sendable, Hashable, Codable {
    /// Whose vector it is.
    public var id: String
    /// The inner product with the vector asked about.
    public var score: Float

    /// Makes a neighbor, as tests of a service need.
    public init(id: String, score: Float) {
        self.id = id
        self.score = score
    }
}
