internal import ModelParts

/// The tensors of one file, taken by name with the shape and the content that the taker expects.
///
/// What is left at the end is unknown, and refused: it may be a misspelt optional tensor.
struct TensorSet {
    let path: String
    private var tensors: [String: Tensor]

    init(_ tensors: [Tensor], path: String) {
        self.path = path
        self.tensors = Dictionary(uniqueKeysWithValues: tensors.map { ($0.name, $0) })
    }

    func contains(_ name: String) -> Bool { tensors[name] != nil }

    func problem(_ name: String, _ message: String) -> BundleError {
        BundleError(path: path, tensor: name, message: message)
    }

    func refuseLeftovers() throws(BundleError) {
        if let name = tensors.keys.min() { throw problem(name, "is no tensor of a bundle") }
    }

    mutating func takeBytes(_ name: String) throws(BundleError) -> [UInt8] {
        let tensor = try take(name)
        guard case .bytes(let elements) = tensor.elements else { throw wrongType(tensor, .bytes) }
        return elements
    }

    /// Shape `[count]`, each element finite and within `range`.
    mutating func takeFloats(
        _ name: String, count: Int, within range: ClosedRange<Float> = BundleFormat.values
    ) throws(BundleError) -> [Float] {
        let tensor = try take(name)
        let elements = try floats(tensor)
        try expectCount(tensor, count)
        try expect(elements, within: range, name)
        return elements
    }

    private func expect(
        _ elements: [Float], within range: ClosedRange<Float>, _ name: String
    ) throws(BundleError) {
        if let bad = elements.firstIndex(where: { !range.contains($0) }) {
            throw problem(name, "element \(bad) is \(elements[bad]), not within \(range)")
        }
    }

    /// Shape `[rows, D]`, finite, no row's norm above `normMax`.
    mutating func takeMatrix(
        _ name: String, rows: Int
    ) throws(BundleError) -> (columns: Int, values: [Float]) {
        let tensor = try take(name, dimensions: 2)
        let elements = try floats(tensor)
        guard tensor.shape[0] == rows else {
            throw problem(name, "has \(tensor.shape[0]) rows, not \(rows), one for each id")
        }
        guard (1...BundleFormat.dimensionsMax).contains(tensor.shape[1]) else {
            throw problem(
                name, "has \(tensor.shape[1]) columns, not 1 to \(BundleFormat.dimensionsMax)")
        }
        for row in 0..<rows {
            let norm = Magnitudes.norm(of: row, in: elements, tensor.shape[1])
            guard norm <= Double(BundleFormat.normMax) else {
                throw problem(
                    name, "row \(row) has a norm of \(norm), above \(BundleFormat.normMax)")
            }
        }
        return (tensor.shape[1], elements)
    }

    /// Shape `[rows, columns]`, each `1...layerWidthMax`, elements within `BundleFormat.values`.
    mutating func takeMatrix(_ name: String) throws(BundleError) -> Matrix {
        let tensor = try take(name, dimensions: 2)
        let elements = try floats(tensor)
        for (side, count) in zip(["rows", "columns"], tensor.shape) {
            guard (1...BundleFormat.layerWidthMax).contains(count) else {
                throw problem(name, "has \(count) \(side), not 1 to \(BundleFormat.layerWidthMax)")
            }
        }
        try expect(elements, within: BundleFormat.values, name)
        return Matrix(rows: tensor.shape[0], columns: tensor.shape[1], values: elements)
    }

    /// Shape `[count]`, each element within `range`.
    mutating func takeIndices(
        _ name: String, count: Int, within range: Range<Int32>
    ) throws(BundleError) -> [Int32] {
        let tensor = try take(name)
        guard case .int32(let elements) = tensor.elements else { throw wrongType(tensor, .int32) }
        try expectCount(tensor, count)
        if let bad = elements.firstIndex(where: { !range.contains($0) }) {
            throw problem(name, "element \(bad) is \(elements[bad]), not within \(range)")
        }
        return elements
    }

    /// Shape `[count]`, any integers.
    mutating func takeIntegers(_ name: String, count: Int) throws(BundleError) -> [Int] {
        let tensor = try take(name)
        guard case .int64(let elements) = tensor.elements else { throw wrongType(tensor, .int64) }
        try expectCount(tensor, count)
        return elements
    }

    /// Shape `[count]`, each 0 or 1.
    mutating func takeFlags(_ name: String, count: Int) throws(BundleError) -> [Bool] {
        let tensor = try take(name)
        guard case .bytes(let elements) = tensor.elements else { throw wrongType(tensor, .bytes) }
        try expectCount(tensor, count)
        if let bad = elements.firstIndex(where: { $0 > 1 }) {
            throw problem(name, "element \(bad) is \(elements[bad]), not 0 or 1")
        }
        return elements.map { $0 == 1 }
    }

    /// Shape `[rows + 1]`, from 0, not descending; `rows` nil: any number of rows. The last one is
    /// how many elements the rows have, and must be `total` where that is known.
    mutating func takeOffsets(
        _ name: String, rows: Int?, total: Int? = nil
    ) throws(BundleError) -> [Int] {
        let tensor = try take(name)
        guard case .int64(let offsets) = tensor.elements else { throw wrongType(tensor, .int64) }
        guard let last = offsets.last, offsets[0] == 0 else {
            throw problem(name, "does not start with 0")
        }
        if let rows { try expectCount(tensor, rows + 1) }
        for row in 1..<max(offsets.count, 1) where offsets[row] < offsets[row - 1] {
            throw problem(name, "element \(row) is \(offsets[row]), after \(offsets[row - 1])")
        }
        if let total, last != total {
            throw problem(name, "ends with \(last), but there are \(total) elements")
        }
        return offsets
    }

    private mutating func take(_ name: String, dimensions: Int = 1) throws(BundleError) -> Tensor {
        guard let tensor = tensors.removeValue(forKey: name) else {
            throw problem(name, "is missing")
        }
        guard tensor.shape.count == dimensions else {
            throw problem(name, "has shape \(tensor.shape), not \(dimensions) dimensions")
        }
        return tensor
    }

    private func floats(_ tensor: Tensor) throws(BundleError) -> [Float] {
        guard case .float32(let elements) = tensor.elements else {
            throw wrongType(tensor, .float32)
        }
        if let bad = elements.firstIndex(where: { !$0.isFinite }) {
            throw problem(tensor.name, "element \(bad) is \(elements[bad])")
        }
        return elements
    }

    private func expectCount(_ tensor: Tensor, _ count: Int) throws(BundleError) {
        guard tensor.elements.count == count else {
            throw problem(tensor.name, "has \(tensor.elements.count) elements, not \(count)")
        }
    }

    private func wrongType(_ tensor: Tensor, _ type: Tensor.ElementType) -> BundleError {
        problem(
            tensor.name, "has dtype \(tensor.elements.type.rawValue), not \(type.rawValue)")
    }
}
