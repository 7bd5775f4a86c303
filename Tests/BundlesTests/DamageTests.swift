import Bundles
import Foundation
import Interactions
import Models
import Testing

@Suite struct DamageTests {
    @Test func `Every truncation of either file is refused`() throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/b"
        try fullBundle().write(to: path)
        for file in ["tensors.safetensors", "manifest.json"] {
            let whole = try bytes("\(path)/\(file)")
            // Without its last newline the manifest is still whole.
            for length in 0..<whole.count - 1 {
                try put(Array(whole[..<length]), "\(path)/\(file)")
                #expect(throws: BundleError.self, "\(file) of \(length) bytes") {
                    try ModelBundle.read(from: path)
                }
            }
            try put(whole, "\(path)/\(file)")
        }
        try ModelBundle.verify(path)
    }

    @Test func `Every flipped byte of the tensors is refused`() throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/b"
        try fullBundle().write(to: path)
        let whole = try bytes("\(path)/tensors.safetensors")
        for position in whole.indices {
            var damaged = whole
            damaged[position] ^= 0x41
            try put(damaged, "\(path)/tensors.safetensors")
            #expect(throws: BundleError.self, "byte \(position)") {
                try ModelBundle.read(from: path)
            }
        }
    }

    @Test func `Random damage under a right digest never ends the process`() throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/b"
        try fullBundle().write(to: path)
        let whole = try bytes("\(path)/tensors.safetensors")
        var random = SplitMix(state: 20_240_501)
        var accepted = 0
        for round in 0..<1500 {
            var damaged = whole
            for _ in 0...Int(random.next() % 3) {
                damaged[Int(random.next() % UInt64(damaged.count))] = UInt8(
                    truncatingIfNeeded: random.next())
            }
            let copy = "\(folder.path)/\(round)"
            try makeFolder(copy, tensors: damaged)
            if let bundle = try? ModelBundle.read(from: copy) {
                accepted += 1
                #expect(throws: Never.self, "round \(round) of seed 20240501") {
                    try bundle.write(to: "\(copy)-again")
                }
            }
        }
        // Changed floats and texts are valid content.
        #expect(accepted > 0)
    }

    @Test(arguments: badHeaders)
    func `A malicious header is refused with its cause`(_ header: BadHeader) throws {
        let folder = try TemporaryFolder()
        try makeFolder("\(folder.path)/b", tensors: header.file)
        let error = #expect(throws: BundleError.self) {
            try ModelBundle.read(from: "\(folder.path)/b")
        }
        #expect(error?.path == "\(folder.path)/b/tensors.safetensors")
        #expect(error?.description.contains(header.cause) == true, "\(String(describing: error))")
    }

    @Test(arguments: badTensors)
    func `Bad content is refused with tensor and cause`(_ bad: BadTensor) throws {
        let folder = try TemporaryFolder()
        var tensors = minimalTensors()
        tensors.removeAll { $0.name == bad.tensor.name }
        try makeFolder(
            "\(folder.path)/b", tensors: safetensors(tensors + [bad.tensor] + bad.others))
        let error = #expect(throws: BundleError.self) {
            try ModelBundle.read(from: "\(folder.path)/b")
        }
        #expect(error?.tensor == bad.blamed ?? bad.tensor.name)
        #expect(error?.message.contains(bad.cause) == true, "\(String(describing: error))")
    }

    @Test(arguments: badManifests)
    func `A bad manifest is refused with its cause`(_ manifest: String, _ cause: String) throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/b"
        let tensors = safetensors(minimalTensors())
        try makeFolder(path, tensors: tensors)
        let digest = sha256(tensors)
        let text = manifest.replacing("DIGEST", with: digest)
        try put(Array(text.utf8), "\(path)/manifest.json")
        let error = #expect(throws: BundleError.self) { try ModelBundle.read(from: path) }
        #expect(error?.path == "\(path)/manifest.json")
        #expect(error?.message.contains(cause) == true, "\(String(describing: error))")
    }

    @Test func `What is no file is refused, not waited for`() throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/b"
        try fullBundle().write(to: path)
        try FileManager.default.removeItem(atPath: "\(path)/tensors.safetensors")
        #expect(throws: BundleError.self) { try ModelBundle.read(from: path) }
        #expect(mkfifo("\(path)/tensors.safetensors", 0o600) == 0)
        let error = #expect(throws: BundleError.self) { try ModelBundle.read(from: path) }
        #expect(error?.message == "is not a regular file")
    }
}

struct SplitMix {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
        return z ^ z >> 31
    }
}

struct BadHeader: CustomTestStringConvertible, Sendable {
    var testDescription: String
    var file: [UInt8]
    var cause: String

    init(_ name: String, _ json: String, _ data: Int = 8, cause: String) {
        testDescription = name
        file = safetensors(json, Array(repeating: 65, count: data))
        self.cause = cause
    }
}

private func entry(_ name: String, _ type: String, _ shape: String, _ offsets: String) -> String {
    #""\#(name)":{"dtype":"\#(type)","shape":\#(shape),"data_offsets":\#(offsets)}"#
}

let badHeaders: [BadHeader] = {
    let a = entry("a", "U8", "[4]", "[0,4]")
    var headers = [
        BadHeader("overlap", "{\(a),\(entry("b", "U8", "[6]", "[2,8]"))}", cause: "overlaps"),
        BadHeader("hole", "{\(a),\(entry("b", "U8", "[3]", "[5,8]"))}", cause: "hole"),
        BadHeader("hole in front", "{\(entry("a", "U8", "[4]", "[4,8]"))}", cause: "hole"),
        BadHeader("rest", "{\(a)}", cause: "4 bytes at the end"),
        BadHeader("past the end", "{\(entry("a", "U8", "[9]", "[0,9]"))}", cause: "ends at byte 9"),
        BadHeader(
            "overflowing shape",
            "{\(entry("a", "I64", "[4611686018427387904,4611686018427387904]", "[0,8]"))}",
            cause: "too large"),
        BadHeader(
            "shape that wraps to its size",
            "{\(entry("a", "F32", "[4611686018427387906]", "[0,8]"))}", cause: "too large"),
        BadHeader(
            "offset past 2^63", "{\(entry("a", "U8", "[8]", "[0,9223372036854775808]"))}",
            cause: "below 2^63"),
        BadHeader(
            "huge offset", "{\(entry("a", "U8", "[8]", "[0,9223372036854775807]"))}",
            cause: "ends at"),
        BadHeader("negative offset", "{\(entry("a", "U8", "[8]", "[-8,0]"))}", cause: "negative"),
        BadHeader("fraction", "{\(entry("a", "U8", "[8.0]", "[0,8]"))}", cause: "expected"),
        BadHeader(
            "offsets swapped", "{\(entry("a", "U8", "[8]", "[8,0]"))}", cause: "[begin, end]"),
        BadHeader("one offset", "{\(entry("a", "U8", "[8]", "[8]"))}", cause: "[begin, end]"),
        BadHeader(
            "many dimensions", "{\(entry("a", "U8", "[1,1,1,1,1,1,1,1,8]", "[0,8]"))}",
            cause: "at most 8"),
        BadHeader("name twice", "{\(a),\(entry("a", "U8", "[4]", "[4,8]"))}", cause: "twice"),
        BadHeader(
            "name twice, once escaped", "{\(a),\(entry("\\u0061", "U8", "[4]", "[4,8]"))}",
            cause: "twice"),
        BadHeader("key twice", #"{"a":{"dtype":"U8","dtype":"U8"}}"#, cause: "given twice"),
        BadHeader(
            "foreign dtype", "{\(entry("a", "F64", "[1]", "[0,8]"))}", cause: "F64 is none of"),
        BadHeader(
            "size and shape differ", "{\(entry("a", "F32", "[1]", "[0,8]"))}", cause: "needs 4"),
        BadHeader("no shape", #"{"a":{"dtype":"U8","data_offsets":[0,8]}}"#, cause: "lacks"),
        BadHeader("unknown key", #"{"a":{"type":"U8"}}"#, cause: "\"type\" is unknown"),
        BadHeader("not an object", "[]", cause: "not a JSON object"),
        BadHeader("empty header", "", cause: "not a JSON object"),
        BadHeader("nested", String(repeating: "{\"a\":", count: 100_000), cause: "unknown"),
        BadHeader("text after the header", "{\(a)} x", cause: "end of the header"),
        BadHeader("string without end", "{\"a", cause: "end of a string"),
        BadHeader("half a surrogate pair", "{\"\\ud800\":", cause: "four hexadecimal"),
        BadHeader("cut escape", "{\"\\u00", cause: "four hexadecimal"),
        BadHeader("signed escape", "{\"\\u+041\":", cause: "four hexadecimal"),
        BadHeader(
            "too many tensors",
            "{\((0...1024).map { entry("t\($0)", "U8", "[0]", "[0,0]") }.joined(separator: ","))}",
            cause: "more than 1024"),
        BadHeader("no tensors", "{}", 0, cause: "tensor item_ids.bytes: is missing"),
        BadHeader("metadata only", #"{"__metadata__":{"a":"b"}}"#, 0, cause: "item_ids.bytes"),
        BadHeader("metadata no object", #"{"__metadata__":3}"#, 0, cause: "expected '{'"),
    ]
    var lying = BadHeader("length past the file", "{\(a)}", cause: "at most")
    lying.file.replaceSubrange(0..<8, with: littleEndian([UInt64.max]))
    headers.append(lying)
    lying.testDescription = "length within 2^63 past the file"
    lying.file.replaceSubrange(0..<8, with: littleEndian([UInt64(lying.file.count - 7)]))
    headers.append(lying)
    return headers
}()

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
        of name: String = "neighbours.similar", others: [RawTensor] = [], blamed: String,
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
        ids(Array("tea\0ot!".utf8), "id 1 contains a NUL"),
        ids([0x74, 0x65, 0x61, 0x70, 0xff, 0x74, 0x21], "text 1 is not valid UTF-8"),
        ids([0x74, 0x65, 0xc3, 0xa4, 0x6f, 0x74, 0x21], "text 0 is not valid UTF-8"),
        offsets([0, 3, 3, 7], "id 1 has 0 bytes", blamed: "item_ids.bytes"),
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
        floats("item_embeddings", [2, 3], [1, 2, 3, 4, 5, 6], "has 2 rows, not 3"),
        floats("item_embeddings", [6], [1, 2, 3, 4, 5, 6], "not 2 dimensions"),
        floats("item_embeddings", [3, 0], [], "has 0 columns"),
        BadTensor(
            "item_embeddings", "F32", [3, 4097], Array(repeating: 0, count: 3 * 4097 * 4),
            cause: "has 4097 columns"),
        floats("item_embedding", [3, 2], [1, 2, 3, 4, 5, 6], "is no tensor of a bundle"),
        floats("popularity", [2], [1, 2], "has 2 elements, not 3"),
        floats("popularity", [3], [1, -2, 3], "element 1 is -2.0, below"),
        floats("catalog.prices", [3], [1, -2, 3], "element 1 is -2.0, below"),
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
        ranker(["neighbours"], blamed: "features.bytes", cause: "needs neighbours.complement"),
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

let badManifests: [(String, String)] = {
    func manifest(_ extra: String, version: String = "1", digest: String = "DIGEST") -> String {
        """
        {"format": "sidecart-bundle", "format_version": \(version), "version": "v", "kind": "k",
         "tensors_sha256": "\(digest)"\(extra)}
        """
    }
    return [
        ("", "not valid JSON"), ("{", "not valid JSON"), ("[1]", "wrong type"),
        (String(repeating: "[", count: 100_000), "not valid JSON"),
        (#"{"format": "other", "format_version": 1}"#, "no Sidecart bundle"),
        (#"{"model": 3}"#, "\"format\" is missing"),
        (manifest("", version: "2"), "format version 2; this Sidecart reads 1"),
        (manifest("", version: "\"1\""), "\"format_version\" has the wrong type"),
        (manifest(#", "fold-in": {}"#), "\"fold-in\": is no key"),
        (manifest(#", "fold_in": {"regularization": 1}"#), "\"unobserved_weight\" is missing"),
        (
            manifest(
                #", "fold_in": {"regularization": 0, "unobserved_weight": 1, "regularization_exponent": 1}"#
            ), "regularization > 0"
        ),
        (manifest(#", "seed": -1"#), "\"seed\": is not a whole number"),
        (manifest(#", "metrics": {"a": "b"}"#), "\"metrics\".\"a\" has the wrong type"),
        (manifest("", digest: "abc"), "64 hexadecimal digits"),
        (
            manifest(#", "counts": {"items": 4, "users": 0, "dimensions": 2, "interactions": 0}"#),
            "do not agree"
        ),
        (
            #"{"format": "sidecart-bundle", "format_version": 1, "version": "", "kind": "k", "tensors_sha256": "DIGEST"}"#,
            "\"version\" must be 1 to 128 bytes"
        ),
        (String(repeating: " ", count: 1 << 20 + 1), "more than 1048576"),
    ]
}()
