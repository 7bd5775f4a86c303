internal import CKernels

extension StoreReader {
    /// The `k` rows with the largest inner product with a query, best first, ties by the bytes of
    /// the id.
    ///
    /// Exact: the same rows, scores and order as scoring every row in f32. An 8-bit code of each
    /// row bounds its score from above; only rows whose bound reaches the k-th best score so far
    /// are scored. With u and x quantized to u' and x', Cauchy-Schwarz gives
    /// `u.x <= u'.x' + |u| |x - x'| + |u - u'| |x'|`, and f32 rounding adds a known multiple of
    /// `|u| |x|`. A block of 16 rows shares the largest error and the largest norm of its rows.
    ///
    /// Each shard is seen as it was at one moment: every id at most once, with its old vector or
    /// its new one.
    ///
    /// - Parameters:
    ///   - query: shape `[D]`, finite, norm up to `EmbeddingStore.normMax`.
    ///   - k: 1 to `results.capacity`.
    ///   - results: receives up to `k` neighbors; previous contents are dropped.
    ///   - accept: by ordinal, whether a row may be returned; asked only about rows that would be.
    /// - Throws: ``StoreError`` where the query is invalid.
    /// - Complexity: O(rows x D) operations on bytes, no allocation.
    package func nearest(
        to query: UnsafeBufferPointer<Float>, k: Int, into results: inout NearestResults,
        where accept: (UInt32) -> Bool = { _ in true }
    ) throws(StoreError) {
        precondition(k >= 1 && k <= results.capacity, "k is \(k), not 1 to \(results.capacity)")
        results.clear()
        if let fault = store.fault(inVector: query) { throw StoreError(.invalidArgument, fault) }
        enter()
        scratch.query.update(from: query.baseAddress!, count: query.count)
        var scan = makeScan()
        var slice = 2
        for index in 0..<store.configuration.shards {
            let shard = ShardRoots(base: roots + index * ShardRoots.bytes)
            // First the version, then the directory: rows of this version lie in chunks that it
            // lists.
            let version = shard.version
            let directory = shard.directory
            for number in 0..<directory.capacity {
                guard let chunk = directory.chunk(number) else { continue }
                search(chunk, at: version, &scan, &slice, k, &results, accept)
            }
        }
        results.sort()
    }

    @inline(__always)
    private func search(
        _ chunk: Chunk, at version: UInt64, _ scan: inout sc_scan_query, _ slice: inout Int,
        _ k: Int,
        _ results: inout NearestResults, _ accept: (UInt32) -> Bool
    ) {
        // While the threshold is still low, few blocks at a time, and twice as many each time: a
        // threshold from the first rows spares most of the next ones.
        let blocks = (chunk.usedRows + 15) / 16
        var block = 0
        while block < blocks {
            let count = min(blocks - block, slice)
            let survivors = sc_scan_blocks(
                &scan, chunk.codes(layout) + block * layout.quads * 64,
                chunk.scales(layout) + block * 16, chunk.bounds(layout) + block * 2, count,
                results.threshold(k), scratch.survivors, scratch.uppers)
            rescore(
                survivors, from: block * 16, of: chunk, at: version, k, &results, accept)
            block += count
            slice = min(slice * 2, layout.rows / 16)
        }
    }

    /// Scores the survivors of a scan that started at a row of the chunk.
    @inline(__always)
    private func rescore(
        _ survivors: Int, from first: Int, of chunk: Chunk, at version: UInt64, _ k: Int,
        _ results: inout NearestResults, _ accept: (UInt32) -> Bool
    ) {
        // In small groups: the rows of a group are fetched together, so that their cache misses
        // overlap.
        var start = 0
        while start < survivors {
            let end = min(survivors, start + 16)
            for i in start..<end where scratch.uppers[i] >= results.threshold(k) {
                layout.prefetch(chunk.row(first + Int(scratch.survivors[i]), layout).base)
            }
            for i in start..<end where scratch.uppers[i] >= results.threshold(k) {
                let row = chunk.row(first + Int(scratch.survivors[i]), layout)
                guard row.isVisible(at: version), accept(row.ordinal) else { continue }
                let score = product(UnsafePointer(scratch.query), row)
                results.offer(NearestResults.Neighbor(row: row, score: score), limit: k)
            }
            start = end
        }
    }

    /// Quantizes `scratch.query` and works out how far a score can be from its quantized form.
    private func makeScan() -> sc_scan_query {
        let quantized = sc_quantize(scratch.query, layout.dimensions, scratch.queryCodes)
        var sum: Int32 = 0
        for i in 0..<layout.dimensions { sum += Int32(scratch.queryCodes[i]) }

        // Unit roundoff of f32. The f32 inner product is off by at most gamma |u| |x| (see
        // `sc_dot_rows`), and the bound itself is computed in f32: four roundings of the product,
        // the rest in `slightly`.
        let unit = 0x1p-24
        let gamma =
            Double(layout.paddedDimensions) * unit / (1 - Double(layout.paddedDimensions) * unit)
        let slightly = 1 + 16 * unit
        let norm = Double(quantized.norm_bound)
        let error = Double(quantized.error)
        let rounding = (gamma + 8 * unit) * (norm + error)
        // What underflows is off by at most half the least subnormal, once an element or operation;
        // where it is a row's product with its scale, the query's scale multiplies that.
        let least = 0x1p-149
        let underflow =
            least * (Double(layout.paddedDimensions) + 16 + Double(quantized.scale))
        return sc_scan_query(
            codes: UnsafePointer(scratch.queryCodes), quads: layout.quads, bias: -128 * sum,
            scale: quantized.scale, by_error: Float(norm * slightly * slightly),
            by_norm: Float((error + rounding) * slightly),
            norm_by_norm: Float((norm + rounding) * slightly), constant: Float(underflow * 2))
    }
}
