import Testing

/// A file whose header no reader should believe.
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
