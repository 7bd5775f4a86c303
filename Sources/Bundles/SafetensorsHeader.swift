/// Where each tensor of a safetensors file lies, checked so that the data can be read without
/// further checks.
///
/// The format: a little-endian u64 with the header's length, a JSON object `{name: {"dtype",
/// "shape", "data_offsets"}}` padded with spaces, then the data. Invariant of a parsed header: in
/// the order of `entries` the tensors cover the data section from its first byte to its last,
/// without overlap or hole, and each has as many bytes as its shape and type say.
struct SafetensorsHeader {
    struct Entry {
        var name: String
        var type: Tensor.ElementType
        var shape: [Int]
        /// Bytes from the start of the data section.
        var range: Range<Int>
    }

    /// What a header can be refused for: the tensor, where it is one, and the cause.
    struct Problem: Error, Equatable {
        var tensor: String?
        var message: String
    }

    static let headerBytesMax = 1 << 20
    static let tensorsMax = 1024

    let entries: [Entry]

    /// Lays tensors out, widest elements first, so that every tensor is aligned to its element.
    init(laying tensors: [Tensor]) {
        var next = 0
        entries = tensors.map { tensor in
            let type = tensor.elements.type
            precondition(next % type.stride == 0, "\(tensor.name) is not aligned")
            let start = next
            next += tensor.elements.count * type.stride
            return Entry(name: tensor.name, type: type, shape: tensor.shape, range: start..<next)
        }
    }

    /// The length and the JSON, padded so that the data starts at a multiple of 64 bytes.
    var encoded: [UInt8] {
        var json = "{"
        for entry in entries {
            if json.utf8.count > 1 { json += "," }
            let shape = entry.shape.map(String.init).joined(separator: ",")
            json += #""\#(entry.name)":{"dtype":"\#(entry.type.rawValue)","shape":[\#(shape)],"#
            json += #""data_offsets":[\#(entry.range.lowerBound),\#(entry.range.upperBound)]}"#
        }
        json += "}"
        while (8 + json.utf8.count) % 64 != 0 { json += " " }
        let length = UInt64(json.utf8.count).littleEndian
        return withUnsafeBytes(of: length) { Array($0) } + Array(json.utf8)
    }

    /// - Parameters:
    ///   - json: the header without its length.
    ///   - dataBytes: the length of the file after the header.
    init(parsing json: [UInt8], dataBytes: Int) throws(Problem) {
        var parser = HeaderParser(json)
        var entries = try parser.parse()
        entries.sort {
            ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound)
        }
        var covered = 0
        for entry in entries {
            let problem = { (message: String) in Problem(tensor: entry.name, message: message) }
            let start = entry.range.lowerBound
            guard start == covered else {
                throw problem(
                    start < covered
                        ? "overlaps the tensor before it, which ends at byte \(covered), by starting at \(start)"
                        : "starts at byte \(start) of the data, which leaves a hole from \(covered)"
                )
            }
            guard entry.range.upperBound <= dataBytes else {
                throw problem(
                    "ends at byte \(entry.range.upperBound) of the data, of which the file has \(dataBytes)"
                )
            }
            var bytes = entry.type.stride
            for dimension in entry.shape {
                let (product, overflow) = bytes.multipliedReportingOverflow(by: dimension)
                guard !overflow else { throw problem("shape \(entry.shape) is too large") }
                bytes = product
            }
            guard bytes == entry.range.count else {
                throw problem(
                    "shape \(entry.shape) of \(entry.type.rawValue) needs \(bytes) bytes, not \(entry.range.count)"
                )
            }
            covered = entry.range.upperBound
        }
        guard covered == dataBytes else {
            throw Problem(message: "\(dataBytes - covered) bytes at the end belong to no tensor")
        }
        self.entries = entries
    }
}
