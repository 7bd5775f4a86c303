/// Whole safetensors files, read and written in one pass together with their SHA-256 digest.
///
/// The file is read, not mapped: each tensor goes straight into the array that will serve it, so
/// what was hashed and checked is what is used, whatever happens to the file meanwhile. (A mapping
/// would end the process with SIGBUS if somebody truncated the file under it.)
enum SafetensorsFile {
    /// - Returns: the tensors by name, and the digest of the file.
    /// - Complexity: O(bytes); memory for the tensors alone, never more than the file is long.
    static func read(
        _ file: borrowing OpenFile
    ) throws(BundleError) -> (tensors: [Tensor], digest: String) {
        let digest = SHA256()
        let header = try readHeader(file, digest)
        var tensors: [Tensor] = []
        for entry in header.entries {
            let count = entry.range.count / entry.type.stride
            let elements = try Tensor.Elements.make(entry.type, count: count) {
                buffer throws(BundleError) in
                // Piece by piece, so that the hash finds the bytes still in the cache.
                for start in stride(from: 0, to: buffer.count, by: pieceBytes) {
                    let end = min(start + pieceBytes, buffer.count)
                    let piece = UnsafeMutableRawBufferPointer(rebasing: buffer[start..<end])
                    try file.read(into: piece)
                    digest.update(UnsafeRawBufferPointer(piece))
                }
            }
            tensors.append(Tensor(entry.name, elements, shape: entry.shape))
        }
        return (tensors, digest.finish())
    }

    /// Writes a new file and waits until it is on the disk.
    ///
    /// - Returns: the digest of the file.
    static func write(
        _ tensors: [Tensor], to file: borrowing OpenFile
    ) throws(BundleError) -> String {
        let tensors = tensors.sorted {
            ($1.elements.type.stride, $0.name) < ($0.elements.type.stride, $1.name)
        }
        let digest = SHA256()
        let header = SafetensorsHeader(laying: tensors).encoded
        for elements in [.bytes(header)] + tensors.map(\.elements) {
            try elements.withBytes { bytes throws(BundleError) in
                digest.update(bytes)
                try file.write(bytes)
            }
        }
        try file.synchronize()
        return digest.finish()
    }

    private static let pieceBytes = 1 << 18

    private static func readHeader(
        _ file: borrowing OpenFile, _ digest: borrowing SHA256
    ) throws(BundleError) -> SafetensorsHeader {
        guard file.byteCount >= 8 else {
            throw BundleError(
                path: file.path, message: "has \(file.byteCount) bytes, too few for a header")
        }
        let prefix = try file.readBytes(8)
        let length = prefix.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        let lengthMax = min(SafetensorsHeader.headerBytesMax, file.byteCount - 8)
        guard length <= lengthMax else {
            throw BundleError(
                path: file.path,
                message:
                    "is no safetensors file, or cut short: a header of \(length) bytes, at most \(lengthMax)"
            )
        }
        let json = try file.readBytes(Int(length))
        for part in [prefix, json] { part.withUnsafeBytes { digest.update($0) } }
        do {
            return try SafetensorsHeader(
                parsing: json, dataBytes: file.byteCount - 8 - Int(length))
        } catch {
            throw BundleError(path: file.path, tensor: error.tensor, message: error.message)
        }
    }
}
