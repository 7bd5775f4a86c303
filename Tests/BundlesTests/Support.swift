import Bundles
import Foundation
import Interactions
import ModelParts

func bytes(_ path: String) throws -> [UInt8] {
    Array(try Data(contentsOf: URL(fileURLWithPath: path)))
}

func put(_ bytes: [UInt8], _ path: String) throws {
    try Data(bytes).write(to: URL(fileURLWithPath: path))
}

/// SHA-256 in plain Swift from FIPS 180-4, so that hand-made bundles do not depend on what they
/// test.
func sha256(_ message: [UInt8]) -> String {
    func root(_ value: Double) -> UInt32 {
        UInt32(truncatingIfNeeded: UInt64(value.truncatingRemainder(dividingBy: 1) * 4_294_967_296))
    }
    let primes = (2...311).filter { n in !(2..<n).contains { $0 * $0 <= n && n % $0 == 0 } }
    let k = primes.map { root(cbrt(Double($0))) }
    var hash = primes.prefix(8).map { root(Double($0).squareRoot()) }
    var bytes = message + [0x80]
    while bytes.count % 64 != 56 { bytes.append(0) }
    bytes += withUnsafeBytes(of: UInt64(message.count * 8).bigEndian) { Array($0) }
    func rotate(_ x: UInt32, _ n: UInt32) -> UInt32 { x >> n | x << (32 - n) }
    for block in stride(from: 0, to: bytes.count, by: 64) {
        var w = (0..<16).map { i in
            (0..<4).reduce(UInt32(0)) { $0 << 8 | UInt32(bytes[block + 4 * i + $1]) }
        }
        for i in 16..<64 {
            let a = rotate(w[i - 15], 7) ^ rotate(w[i - 15], 18) ^ w[i - 15] >> 3
            let b = rotate(w[i - 2], 17) ^ rotate(w[i - 2], 19) ^ w[i - 2] >> 10
            w.append(w[i - 16] &+ a &+ w[i - 7] &+ b)
        }
        var s = hash
        for i in 0..<64 {
            let e = rotate(s[4], 6) ^ rotate(s[4], 11) ^ rotate(s[4], 25)
            let t = s[7] &+ e &+ (s[4] & s[5] ^ ~s[4] & s[6]) &+ k[i] &+ w[i]
            let a = rotate(s[0], 2) ^ rotate(s[0], 13) ^ rotate(s[0], 22)
            let majority = s[0] & s[1] ^ s[0] & s[2] ^ s[1] & s[2]
            s = [t &+ a &+ majority] + s[0...2] + [s[3] &+ t] + s[4...6]
        }
        hash = zip(hash, s).map { $0 &+ $1 }
    }
    return hash.map { String(format: "%08x", $0) }.joined()
}

/// A safetensors file from its header's JSON, as any other program might write it.
func safetensors(_ json: String, _ data: [UInt8] = []) -> [UInt8] {
    littleEndian([UInt64(json.utf8.count)]) + Array(json.utf8) + data
}

func littleEndian<T: BitwiseCopyable>(_ values: [T]) -> [UInt8] {
    values.withUnsafeBytes { Array($0) }
}

/// A bundle's folder around any tensors file, with the digest made right.
func makeFolder(_ path: String, tensors: [UInt8], manifest extra: String = "") throws {
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    try put(tensors, "\(path)/tensors.safetensors")
    let manifest = """
        {"format": "sidecart-bundle", "format_version": 2, "version": "v1", "kind": "numpy",
         "tensors_sha256": "\(sha256(tensors))"\(extra)}
        """
    try put(Array(manifest.utf8), "\(path)/manifest.json")
}

/// A tensor by its parts, for hand-made files.
struct RawTensor: Sendable {
    var name: String
    var type: String
    var shape: [Int]
    var data: [UInt8]
}

/// Lays tensors out one after the other.
func safetensors(_ tensors: [RawTensor]) -> [UInt8] {
    var start = 0
    let entries = tensors.map { tensor in
        defer { start += tensor.data.count }
        return #""\#(tensor.name)":{"dtype":"\#(tensor.type)","shape":\#(tensor.shape),"#
            + #""data_offsets":[\#(start),\#(start + tensor.data.count)]}"#
    }
    return safetensors("{\(entries.joined(separator: ","))}", tensors.flatMap(\.data))
}

/// The smallest bundle there is: ids and item embeddings.
func minimalTensors() -> [RawTensor] {
    [
        RawTensor(
            name: "item_ids.bytes", type: "U8", shape: [7], data: Array("teapotx".utf8)),
        RawTensor(
            name: "item_ids.offsets", type: "I64", shape: [4],
            data: littleEndian([0, 3, 6, 7] as [Int64])),
        RawTensor(
            name: "item_embeddings", type: "F32", shape: [3, 2],
            data: littleEndian([1, 2, 3, 4, 5, 6] as [Float])),
    ]
}

/// A ranker's features, as named, with weights of 0.5 and no layers.
func rankerTensors(_ features: [String]) -> [RawTensor] {
    let bytes = features.flatMap { Array($0.utf8) }
    let offsets = features.reduce(into: [Int64(0)]) { $0.append($0.last! + Int64($1.utf8.count)) }
    let wide = Array(repeating: Float(0.5), count: features.count)
    return [
        RawTensor(name: "ranker.features.bytes", type: "U8", shape: [bytes.count], data: bytes),
        RawTensor(
            name: "ranker.features.offsets", type: "I64", shape: [offsets.count],
            data: littleEndian(offsets)),
        RawTensor(name: "ranker.wide", type: "F32", shape: [wide.count], data: littleEndian(wide)),
    ]
}

/// A bundle with everything in it: 4 items, 3 users, 2 dimensions.
func fullBundle() -> ModelBundle {
    var parts = ModelParts(popularity: [3, 1, 0, 2])
    parts.embeddings = EmbeddingParts(
        items: Matrix(rows: 4, columns: 2, values: [0.5, -1, 2, 3.25, 0, 1e-30, -7, 8]),
        users: Matrix(rows: 3, columns: 2, values: [1, 2, 3, 4, 5, 6]),
        foldIn: FoldInParameters(
            unobservedWeight: 0.1, regularization: 0.003, regularizationExponent: 1))
    parts.neighbors[.complement] = NeighborLists(
        offsets: [0, 2, 3, 3, 3], items: [1, 3, 0], scores: [0.9, 0.25, 0.5], lifts: [4, 2, 4],
        confidences: [0.95, 0.3, 0.6])
    parts.neighbors[.rebuy] = NeighborLists(
        offsets: [0, 0, 0, 0, 1], items: [3], scores: [1], lifts: [1], confidences: [1])
    parts.itemWeights = NeighborLists(
        offsets: [0, 1, 1, 3, 3], items: [2, 0, 1], scores: [0.5, 0.25, -0.125], lifts: [0, 0, 0],
        confidences: [0, 0, 0])
    parts.newItems = NeighborLists(
        offsets: [0, 0, 0, 2, 2], items: [0, 3], scores: [0.5, 0.25], lifts: [0, 0],
        confidences: [0, 0])
    parts.userLists = NeighborLists(
        offsets: [0, 2, 2, 3], items: [3, 1, 0], scores: [2, 1, 7], lifts: [0, 0, 0],
        confidences: [0, 0, 0])
    parts.ranker = RankerParts(
        features: [.popularity, .product, .userList], wide: [0.5, -1, 2], bias: 0.125,
        layers: [
            RankerParts.Layer(
                weights: Matrix(rows: 2, columns: 7, values: (0..<14).map { Float($0) - 6.5 }),
                biases: [1, -1]),
            RankerParts.Layer(
                weights: Matrix(rows: 1, columns: 2, values: [3, 0.25]), biases: [0.5]),
        ], usesVectors: true)
    var catalog = Catalog()
    catalog.update(
        item: 0, title: "Teapot, 1 l", category: ["Kitchen", "Tea"], price: 24.5, stock: 3,
        attributes: ["color=blue", "volume=1"])
    catalog.update(item: 2, title: "Grüner Tee", category: ["Food"], price: 7, stock: 0)
    catalog.update(item: 1, group: "cups", availableFrom: 1_700_000_000, margin: -1.5)
    catalog.update(item: 3, group: "cups", isDiscontinued: true)
    var info = BundleInfo(version: "2024-05-01a", kind: "ials")
    info.folding = IdentifierFolding(foldsCase: true, composes: false)
    info.hyperparameters = ["factors": 2, "alpha0": 0.1]
    info.seed = .max
    info.created = "2024-05-01T12:00:00Z"
    info.data = DataSummary(events: 6, users: 3, items: 4, baskets: 2, digest: "abc")
    info.metrics = ["ndcg@10": 0.4544]
    info.notes = ["list lengths": ["16": 0.15, "64": 0.16]]
    return ModelBundle(
        info: info, items: IdentifierTable(["tea", "cup", "grüner-tee", "x"]),
        users: IdentifierTable(["ada", "bob", "eve"]), catalog: catalog, parts: parts,
        histories: SparseMatrix(
            rows: 3, columnCount: 4, rowOffsets: [0, 3, 3, 6], columns: [2, 0, 2, 3, 1, 0],
            values: [1, 2, 1, 1, 1, 4]))
}

/// Everything two bundles can differ in, as text.
func contents(_ bundle: ModelBundle) -> [String] {
    let ids = { (table: IdentifierTable) in (0..<table.count).map { table[$0] } }
    let relations = bundle.parts.neighbors.sorted { $0.key.rawValue < $1.key.rawValue }
    return [
        "\(bundle.info.version) \(bundle.info.kind) \(bundle.info.hyperparameters.sorted { $0.key < $1.key })",
        "\(String(describing: bundle.info.seed)) \(String(describing: bundle.info.created))",
        "\(String(describing: bundle.info.data)) \(bundle.info.metrics.sorted { $0.key < $1.key })",
        "\(ids(bundle.items)) \(ids(bundle.users))",
        "\(String(describing: bundle.parts.embeddings))", "\(relations)",
        "\(String(describing: bundle.parts.itemWeights))",
        "\(String(describing: bundle.parts.userLists))",
        "\(String(describing: bundle.parts.newItems))",
        "\(String(describing: bundle.parts.ranker))",
        "\(bundle.parts.popularity)", "\(String(describing: bundle.histories))",
        "\(bundle.catalog)",
    ]
}
