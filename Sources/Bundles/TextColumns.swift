internal import Interactions

/// Texts as tensors: `<name>.bytes` holds their UTF-8 one after the other, and element i of
/// `<name>.offsets` says where text i starts. Lists of texts have `<name>.rows` besides, which says
/// at which text each list starts.
enum TextColumns {
    static func tensors(_ name: String, _ table: IdentifierTable) -> [Tensor] {
        [
            Tensor("\(name).bytes", .bytes(table.bytes)),
            Tensor("\(name).offsets", .int64(table.offsets)),
        ]
    }

    static func tensors(_ name: String, _ texts: [String]) -> [Tensor] {
        var bytes: [UInt8] = []
        var offsets = [0]
        for text in texts {
            bytes.append(contentsOf: text.utf8)
            offsets.append(bytes.count)
        }
        return [
            Tensor("\(name).bytes", .bytes(bytes)), Tensor("\(name).offsets", .int64(offsets)),
        ]
    }

    static func tensors(_ name: String, _ lists: [[String]]) -> [Tensor] {
        var rows = [0]
        for list in lists { rows.append(rows[rows.count - 1] + list.count) }
        return tensors(name, Array(lists.joined())) + [Tensor("\(name).rows", .int64(rows))]
    }
}

extension TensorSet {
    /// Ids: each as ``IdentifierRule`` says, no two alike.
    mutating func takeIdentifiers(_ name: String) throws(BundleError) -> IdentifierTable {
        let (bytes, offsets) = try takeTexts(name, rows: nil)
        let table = "\(name).bytes"
        guard offsets.count <= Int(Int32.max) else { throw problem(table, "holds too many ids") }
        let faulty = bytes.withUnsafeBytes { bytes -> (id: Int, fault: IdentifierRule.Fault)? in
            for id in 0..<offsets.count - 1 {
                let id = (number: id, bytes: bytes[offsets[id]..<offsets[id + 1]])
                if let fault = IdentifierRule.fault(in: .init(rebasing: id.bytes)) {
                    return (id.number, fault)
                }
            }
            return nil
        }
        if let faulty { throw problem(table, "id \(faulty.id) \(faulty.fault)") }
        var identifiers = IdentifierTable()
        let repeated = bytes.withUnsafeBufferPointer { bytes -> Int? in
            for row in 1..<offsets.count {
                let id = UnsafeBufferPointer(rebasing: bytes[offsets[row - 1]..<offsets[row]])
                if Int(identifiers.insert(id)) != row - 1 { return row - 1 }
            }
            return nil
        }
        if let repeated { throw problem(table, "id \(repeated) occurs twice") }
        return identifiers
    }

    mutating func takeStrings(_ name: String, rows: Int?) throws(BundleError) -> [String] {
        let (bytes, offsets) = try takeTexts(name, rows: rows)
        return bytes.withUnsafeBufferPointer { bytes in
            (1..<offsets.count).map {
                String(decoding: bytes[offsets[$0 - 1]..<offsets[$0]], as: UTF8.self)
            }
        }
    }

    mutating func takeStringLists(_ name: String, rows: Int) throws(BundleError) -> [[String]] {
        let texts = try takeStrings(name, rows: nil)
        let starts = try takeOffsets("\(name).rows", rows: rows, total: texts.count)
        return (0..<rows).map { Array(texts[starts[$0]..<starts[$0 + 1]]) }
    }

    /// Bytes and offsets of which every slice is valid UTF-8.
    ///
    /// The whole is checked at once: where it is valid and no text starts within a character, so is
    /// every part.
    private mutating func takeTexts(
        _ name: String, rows: Int?
    ) throws(BundleError) -> (bytes: [UInt8], offsets: [Int]) {
        let bytes = try takeBytes("\(name).bytes")
        let offsets = try takeOffsets("\(name).offsets", rows: rows, total: bytes.count)
        let cut = offsets.firstIndex { $0 < bytes.count && bytes[$0] & 0xc0 == 0x80 }
        if cut != nil || (try? UTF8Span(validating: bytes.span)) == nil {
            let row = (1..<offsets.count).first {
                String(validating: bytes[offsets[$0 - 1]..<offsets[$0]], as: UTF8.self) == nil
            }!
            throw problem("\(name).bytes", "text \(row - 1) is not valid UTF-8")
        }
        return (bytes, offsets)
    }
}
