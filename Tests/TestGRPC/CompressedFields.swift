internal import CNGHTTP2

extension HTTP2Frames {
    /// Header blocks as real clients send them: Huffman-coded, and with fields that later blocks name by
    /// their place in the table. One after the other on one connection.
    package static func compressed(_ blocks: [[(String, String)]]) -> [[UInt8]] {
        var deflater: OpaquePointer?
        guard nghttp2_hd_deflate_new(&deflater, 4096) == 0 else { return [] }
        defer { nghttp2_hd_deflate_del(deflater) }
        return blocks.map { fields in
            var texts = fields.flatMap { [Array($0.0.utf8), Array($0.1.utf8)] }
            for i in texts.indices { texts[i].append(0) }
            var pieces: [nghttp2_nv] = []
            func lend(_ rest: ArraySlice<[UInt8]>, _ body: () -> [UInt8]) -> [UInt8] {
                guard let name = rest.first else { return body() }
                let value = rest[rest.startIndex + 1]
                return name.withUnsafeBufferPointer { n in
                    value.withUnsafeBufferPointer { v in
                        pieces.append(
                            nghttp2_nv(
                                name: UnsafeMutablePointer(mutating: n.baseAddress),
                                value: UnsafeMutablePointer(mutating: v.baseAddress),
                                namelen: n.count - 1, valuelen: v.count - 1, flags: 0))
                        return lend(rest.dropFirst(2), body)
                    }
                }
            }
            return lend(texts[...]) {
                var block = [UInt8](
                    repeating: 0,
                    count: nghttp2_hd_deflate_bound(deflater, pieces, pieces.count))
                let count = nghttp2_hd_deflate_hd(
                    deflater, &block, block.count, pieces, pieces.count)
                return Array(block.prefix(max(0, count)))
            }
        }
    }
}
