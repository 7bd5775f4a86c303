import Testing

/// Tensors that are well written and say what cannot be.
struct BadTensor: CustomTestStringConvertible, Sendable {
    var testDescription: String
    var tensor: RawTensor
    var others: [RawTensor] = []
    /// The tensor that the error names, where it is not `tensor`.
    var blamed: String?
    var cause: String

    init(
        _ name: String, _ type: String, _ shape: [Int], _ data: [UInt8], others: [RawTensor] = [],
        blamed: String? = nil, cause: String
    ) {
        testDescription = "\(name): \(cause)"
        tensor = RawTensor(name: name, type: type, shape: shape, data: data)
        self.others = others
        self.blamed = blamed
        self.cause = cause
    }
}

let badTensors: [BadTensor] = {
    func ids(_ bytes: [UInt8], _ cause: String) -> BadTensor {
        BadTensor("item_ids.bytes", "U8", [bytes.count], bytes, cause: cause)
    }
    func offsets(_ values: [Int64], _ cause: String, blamed: String? = nil) -> BadTensor {
        BadTensor(
            "item_ids.offsets", "I64", [values.count], littleEndian(values), blamed: blamed,
            cause: cause)
    }
    func floats(_ name: String, _ shape: [Int], _ values: [Float], _ cause: String) -> BadTensor {
        BadTensor(name, "F32", shape, littleEndian(values), cause: cause)
    }
    func raw<T: BitwiseCopyable>(_ name: String, _ type: String, _ values: [T]) -> RawTensor {
        RawTensor(name: name, type: type, shape: [values.count], data: littleEndian(values))
    }
    func list(
        offsets: [Int64] = [0, 2, 2, 2], items: [Int32] = [1, 2], scores: [Float] = [2, 1],
        of name: String = "neighbors.similar", others: [RawTensor] = [], blamed: String,
        cause: String
    ) -> BadTensor {
        var bad = BadTensor(
            "\(name).offsets", "I64", [offsets.count], littleEndian(offsets),
            others: [raw("\(name).items", "I32", items), raw("\(name).scores", "F32", scores)]
                + others, blamed: "\(name).\(blamed)", cause: cause)
        bad.testDescription = "\(name): \(cause)"
        return bad
    }
    /// A ranker on vectors of two dimensions, with layers of these shapes.
    func ranker(
        _ features: [String] = ["product"], layers: [[Int]] = [], biases: Int? = nil,
        without absent: String? = nil, with more: [RawTensor] = [], blamed: String, cause: String
    ) -> BadTensor {
        var tensors = rankerTensors(features)
        for (place, shape) in layers.enumerated() {
            let name = "ranker.layers.\(place)"
            let count = shape.reduce(1, *)
            tensors.append(
                RawTensor(
                    name: "\(name).weights", type: "F32", shape: shape,
                    data: littleEndian(Array(repeating: Float(1), count: count))))
            tensors.append(
                raw("\(name).biases", "F32", Array(repeating: Float(0), count: biases ?? shape[0])))
        }
        tensors.removeAll { $0.name == absent }
        tensors += more
        var bad = BadTensor(
            "popularity", "F32", [3], littleEndian([1, 1, 1] as [Float]), others: tensors,
            blamed: "ranker.\(blamed)", cause: cause)
        bad.testDescription = "ranker.\(blamed): \(cause)"
        return bad
    }
    let users = [
        raw("user_ids.bytes", "U8", [65] as [UInt8]),
        raw("user_ids.offsets", "I64", [0, 1] as [Int64]),
    ]
    return [
        ids(Array("teatea!".utf8), "id 1 occurs twice"),
        ids(Array("tea\0ot!".utf8), "id 1 has a NUL at byte 0"),
        ids([0x74, 0x65, 0x61, 0x70, 0xff, 0x74, 0x21], "text 1 is not valid UTF-8"),
        ids([0x74, 0x65, 0xc3, 0xa4, 0x6f, 0x74, 0x21], "text 0 is not valid UTF-8"),
        offsets([0, 3, 3, 7], "id 1 is empty", blamed: "item_ids.bytes"),
        offsets([0, 6, 3, 7], "element 2 is 3, after 6"),
        offsets([0, -3, 6, 7], "element 1 is -3"),
        offsets([1, 3, 6, 7], "does not start with 0"),
        offsets([], "does not start with 0"),
        offsets([0, 3, 6, 8], "ends with 8, but there are 7"),
        offsets([0, 3, 6, .max], "ends with"),
        BadTensor(
            "item_ids.offsets", "I32", [4], littleEndian([0, 3, 6, 7] as [Int32]),
            cause: "has dtype I32, not I64"),
        floats("item_embeddings", [3, 2], [1, 2, 3, .nan, 5, 6], "element 3 is nan"),
        floats("item_embeddings", [3, 2], [1, 2, 3, 4, 5, -.infinity], "element 5 is -inf"),
        floats(
            "item_embeddings", [3, 2], [1, 2, 1e18, 1e18, 5, 6], "row 1 has a norm of 1.41421"),
        floats("item_embeddings", [2, 3], [1, 2, 3, 4, 5, 6], "has 2 rows, not 3"),
        floats("item_embeddings", [6], [1, 2, 3, 4, 5, 6], "not 2 dimensions"),
        floats("item_embeddings", [3, 0], [], "has 0 columns"),
        BadTensor(
            "item_embeddings", "F32", [3, 4097], Array(repeating: 0, count: 3 * 4097 * 4),
            cause: "has 4097 columns"),
        floats("item_embedding", [3, 2], [1, 2, 3, 4, 5, 6], "is no tensor of a bundle"),
        floats("popularity", [2], [1, 2], "has 2 elements, not 3"),
        floats("popularity", [3], [1, -2, 3], "element 1 is -2.0, not within 0.0...1e+12"),
        floats("catalog.prices", [3], [1, -2, 3], "element 1 is -2.0, not within 0.0"),
        BadTensor(
            "user_embeddings", "F32", [1, 3], littleEndian([1, 2, 3] as [Float]), others: users,
            cause: "has 3 columns, but item_embeddings 2"),
        BadTensor(
            "user_embeddings", "F32", [1, 2], littleEndian([1, 2] as [Float]),
            cause: "has 1 rows, not 0"),
        BadTensor(
            "histories.offsets", "I64", [2], littleEndian([0, 1] as [Int64]),
            others: users + [raw("histories.items", "I32", [3] as [Int32])],
            blamed: "histories.items", cause: "element 0 is 3, not within 0..<3"),
        list(items: [1, -1], blamed: "items", cause: "element 1 is -1"),
        list(scores: [1, 2], blamed: "scores", cause: "item 0's list is not sorted"),
        list(offsets: [0, 2, 3, 3], blamed: "scores", cause: "has 2 elements, not 3"),
        list(offsets: [0, 2, 2], blamed: "offsets", cause: "has 3 elements, not 4"),
        list(items: [1], blamed: "items", cause: "has 1 elements, not 2"),
        list(items: [1, 3], of: "item_weights", blamed: "items", cause: "element 1 is 3"),
        list(scores: [-2, 1], of: "item_weights", blamed: "scores", cause: "item 0's list"),
        list(offsets: [0, 2], of: "item_weights", blamed: "offsets", cause: "has 2 elements"),
        list(scores: [1, .nan], of: "item_weights", blamed: "scores", cause: "element 1 is nan"),
        list(
            of: "item_weights", others: [raw("item_weights.lifts", "F32", [1, 1] as [Float])],
            blamed: "lifts", cause: "is no tensor of a bundle"),
        list(
            scores: [1e13, 1], of: "item_weights", blamed: "scores", cause: "element 0 is 1e+13"),
        list(
            others: [raw("neighbors.similar.lifts", "F32", [1, -1] as [Float])], blamed: "lifts",
            cause: "element 1 is -1.0, not within 0.0"),
        list(
            others: [raw("neighbors.similar.confidences", "F32", [1, 1.5] as [Float])],
            blamed: "confidences", cause: "element 1 is 1.5, not within 0.0...1.0"),
        list(of: "user_lists", blamed: "offsets", cause: "has 4 elements, not 1"),
        list(
            offsets: [0, 2], scores: [1, 2], of: "user_lists", others: users, blamed: "scores",
            cause: "user 0's list"),
        list(
            offsets: [0, 2], items: [0, 7], of: "user_lists", others: users, blamed: "items",
            cause: "element 1 is 7"),
        ranker(
            ["taste"], blamed: "features.bytes", cause: "'taste' is no feature; there are product"),
        ranker(
            ["product", "product"], blamed: "features.bytes", cause: "'product' occurs twice"),
        ranker(["item_weights"], blamed: "features.bytes", cause: "needs item_weights"),
        ranker(["user_list"], blamed: "features.bytes", cause: "needs user_lists"),
        ranker(["complement"], blamed: "features.bytes", cause: "needs neighbors.complement"),
        ranker([], blamed: "features.bytes", cause: "is empty"),
        ranker(without: "ranker.wide", blamed: "wide", cause: "is missing"),
        ranker(
            without: "ranker.wide", with: [raw("ranker.wide", "F32", [1, 2] as [Float])],
            blamed: "wide", cause: "has 2 elements, not 1"),
        ranker(
            with: [raw("ranker.bias", "F32", [Float.nan])], blamed: "bias", cause: "element 0 is"),
        ranker(
            layers: [[4, 3], [1, 4]], blamed: "layers.0.weights",
            cause: "has 3 columns, not 1 as there are features, nor 5 with two vectors"),
        ranker(
            layers: [[4, 5], [1, 3]], blamed: "layers.1.weights",
            cause: "has 3 columns, but layer 0 has 4 rows"),
        ranker(
            layers: [[4, 5], [2, 4]], blamed: "layers.1.weights",
            cause: "has 2 rows, but the last layer has one"),
        ranker(layers: [[1, 1]], biases: 2, blamed: "layers.0.biases", cause: "has 2 elements"),
        ranker(
            layers: [[1, 1]], without: "ranker.layers.0.biases", blamed: "layers.0.biases",
            cause: "is missing"),
        ranker(
            layers: [[1, 1]], without: "ranker.layers.0.weights", blamed: "layers.0.biases",
            cause: "is no tensor of a bundle"),
        ranker(
            layers: Array(repeating: [1, 1], count: 9), blamed: "layers.8.weights",
            cause: "at most 8 layers"),
        ranker(layers: [[0, 1]], blamed: "layers.0.weights", cause: "has 0 rows"),
        ranker(without: "ranker.features.bytes", blamed: "features.offsets", cause: "is no tensor"),
        BadTensor(
            "catalog.stocks", "I32", [3], littleEndian([1, -2, 0] as [Int32]),
            cause: "element 1 is -2"),
        BadTensor(
            "catalog.groups.bytes", "U8", [1], [0xff],
            others: [raw("catalog.groups.offsets", "I64", [0, 0, 1, 1] as [Int64])],
            cause: "text 1 is not valid UTF-8"),
        BadTensor(
            "catalog.groups.bytes", "U8", [2], [65, 66],
            others: [raw("catalog.groups.offsets", "I64", [0, 1, 2] as [Int64])],
            blamed: "catalog.groups.offsets", cause: "has 3 elements, not 4"),
        BadTensor(
            "catalog.groups.bytes", "U8", [1], [65], blamed: "catalog.groups.offsets",
            cause: "is missing"),
        BadTensor(
            "catalog.groups.offsets", "I64", [4], littleEndian([0, 0, 0, 0] as [Int64]),
            cause: "is no tensor of a bundle"),
        BadTensor(
            "catalog.available_from", "I64", [2], littleEndian([0, 1] as [Int64]),
            cause: "has 2 elements, not 3"),
        BadTensor(
            "catalog.available_from", "I32", [3], littleEndian([0, 1, 2] as [Int32]),
            cause: "has dtype I32, not I64"),
        floats("catalog.available_from", [3], [0, 1, 2], "has dtype F32, not I64"),
        BadTensor(
            "catalog.discontinued", "U8", [3], [0, 2, 1], cause: "element 1 is 2, not 0 or 1"),
        BadTensor("catalog.discontinued", "U8", [4], [0, 0, 1, 1], cause: "has 4 elements, not 3"),
        BadTensor(
            "catalog.discontinued", "I32", [3], littleEndian([0, 1, 0] as [Int32]),
            cause: "has dtype I32, not U8"),
        BadTensor(
            "catalog.attributes.bytes", "U8", [1], [65],
            others: [
                raw("catalog.attributes.offsets", "I64", [0, 1] as [Int64]),
                raw("catalog.attributes.rows", "I64", [0, 1, 0, 1] as [Int64]),
            ], blamed: "catalog.attributes.rows", cause: "element 2 is 0, after 1"),
        BadTensor(
            "catalog.titles.bytes", "U8", [1], [0xe2],
            others: [raw("catalog.titles.offsets", "I64", [0, 0, 1, 1] as [Int64])],
            cause: "text 1 is not valid UTF-8"),
        BadTensor(
            "catalog.categories.bytes", "U8", [1], [65],
            others: [
                raw("catalog.categories.offsets", "I64", [0, 1] as [Int64]),
                raw("catalog.categories.rows", "I64", [0, 1, 2, 2] as [Int64]),
            ], blamed: "catalog.categories.rows", cause: "ends with 2"),
    ]
}()
