internal import Wire

/// `Embeddings.Get`
struct GetEmbeddingsMethod: ReadMethod {
    typealias Reply = FoundEmbeddings
    static let service = "sidecart.v1.Embeddings"
    static let name = "Get"
    var space: EmbeddingSpace
    var ids: [String]

    func encode(into writer: ProtobufWriter) {
        writer.integer(1, UInt64(space.rawValue))
        writer.strings(2, ids)
    }
}

/// `Embeddings.Put`
struct PutEmbeddingsMethod: Method {
    typealias Reply = PutCounts
    static let service = "sidecart.v1.Embeddings"
    static let name = "Put"
    var space: EmbeddingSpace
    var embeddings: [Embedding]

    func encode(into writer: ProtobufWriter) {
        writer.integer(1, UInt64(space.rawValue))
        for embedding in embeddings {
            writer.message(2) { writer in
                writer.string(1, embedding.id)
                writer.floats(2, embedding.vector)
            }
        }
    }
}

/// `Embeddings.Delete`
struct DeleteEmbeddingsMethod: Method {
    typealias Reply = DeleteCount
    static let service = "sidecart.v1.Embeddings"
    static let name = "Delete"
    var space: EmbeddingSpace
    var ids: [String]

    func encode(into writer: ProtobufWriter) {
        writer.integer(1, UInt64(space.rawValue))
        writer.strings(2, ids)
    }
}

/// `Embeddings.Nearest`
struct NearestMethod: ReadMethod {
    typealias Reply = Neighbors
    static let service = "sidecart.v1.Embeddings"
    static let name = "Nearest"
    var space: EmbeddingSpace
    var vector: [Float]
    var count: Int

    func encode(into writer: ProtobufWriter) throws(SidecartError) {
        writer.integer(1, UInt64(space.rawValue))
        writer.floats(2, vector)
        writer.integer(3, try wireCount(count, "count"))
    }
}

/// The answer to `Delete`.
struct DeleteCount {
    var deleted = 0
}

/// The answer to `Nearest`.
struct Neighbors {
    var neighbors: [Neighbor] = []
}

extension FoundEmbeddings: WireMessage {
    init() { self.init(embeddings: []) }

    mutating func read(_ field: Int, _ value: ProtobufReader.Value) throws(ProtobufReader.Malformed)
    {
        switch (field, value) {
        case (1, .bytes(let bytes)): embeddings.append(try Embedding(wire: bytes))
        case (2, _): try ProtobufReader.integers(value, into: &unknown)
        default: break
        }
    }
}

extension PutCounts: WireMessage {
    init() { self.init(added: 0, replaced: 0) }

    mutating func read(_ field: Int, _ value: ProtobufReader.Value) throws(ProtobufReader.Malformed)
    {
        switch (field, value) {
        case (1, .varint(let number)): added = Int(clamping: number)
        case (2, .varint(let number)): replaced = Int(clamping: number)
        default: break
        }
    }
}

extension DeleteCount: WireMessage {
    mutating func read(_ field: Int, _ value: ProtobufReader.Value) throws(ProtobufReader.Malformed)
    {
        switch (field, value) {
        case (1, .varint(let number)): deleted = Int(clamping: number)
        default: break
        }
    }
}

extension Neighbors: WireMessage {
    mutating func read(_ field: Int, _ value: ProtobufReader.Value) throws(ProtobufReader.Malformed)
    {
        switch (field, value) {
        case (1, .bytes(let bytes)): neighbors.append(try Neighbor(wire: bytes))
        default: break
        }
    }
}

extension Embedding: WireMessage {
    init() { self.init(id: "", vector: []) }

    mutating func read(_ field: Int, _ value: ProtobufReader.Value) throws(ProtobufReader.Malformed)
    {
        switch (field, value) {
        case (1, .bytes(let bytes)): id = try ProtobufReader.text(bytes)
        case (2, _): try ProtobufReader.floats(value, into: &vector)
        default: break
        }
    }
}

extension Neighbor: WireMessage {
    init() { self.init(id: "", score: 0) }

    mutating func read(_ field: Int, _ value: ProtobufReader.Value) throws(ProtobufReader.Malformed)
    {
        switch (field, value) {
        case (1, .bytes(let bytes)): id = try ProtobufReader.text(bytes)
        case (2, .fixed32(let bits)): score = Float(bitPattern: bits)
        default: break
        }
    }
}
