internal import CKernels
internal import Interactions

extension StoreReader {
    /// Inner products of one query with the rows of many ids, in their order; NaN for ids without a
    /// row.
    ///
    /// Ids are taken in groups, and each step is done for the whole group before the next, so that
    /// the cache misses of different ids overlap instead of adding up.
    ///
    /// - Parameters:
    ///   - query: shape `[D]`, finite, norm up to `EmbeddingStore.normMax`; any other may score
    ///     infinite or NaN.
    ///   - ids: of any content; what could never be an id has no row.
    ///   - scores: as many as ids; previous contents are overwritten.
    /// - Complexity: O(ids x D), no allocation.
    package func score(
        _ query: UnsafeBufferPointer<Float>, ids: UnsafeBufferPointer<UnsafeRawBufferPointer>,
        into scores: UnsafeMutableBufferPointer<Float>
    ) {
        precondition(query.count == layout.dimensions, "\(query.count) elements in the query")
        precondition(scores.count == ids.count, "\(ids.count) ids, \(scores.count) scores")
        guard let out = scores.baseAddress else { return }
        scratch.query.update(from: query.baseAddress!, count: query.count)
        var start = 0
        while start < ids.count {
            let count = min(ReaderScratch.groupMax, ids.count - start)
            findVectors(UnsafeBufferPointer(rebasing: ids[start..<start + count]))
            layout.score(scratch.query, scratch.rows, count, into: out + start)
            start += count
        }
    }

    /// The same by ordinal: no hash, and no id to compare.
    package func score(
        _ query: UnsafeBufferPointer<Float>, ordinals: UnsafeBufferPointer<UInt32>,
        into scores: UnsafeMutableBufferPointer<Float>
    ) {
        precondition(query.count == layout.dimensions, "\(query.count) elements in the query")
        precondition(
            scores.count == ordinals.count, "\(ordinals.count) ordinals, \(scores.count) scores")
        guard let out = scores.baseAddress else { return }
        scratch.query.update(from: query.baseAddress!, count: query.count)
        enter()
        var start = 0
        while start < ordinals.count {
            let count = min(ReaderScratch.groupMax, ordinals.count - start)
            fetchRows(UnsafeBufferPointer(rebasing: ordinals[start..<start + count])) {
                scratch.rows[$0] = $1?.elements
            }
            layout.score(scratch.query, scratch.rows, count, into: out + start)
            start += count
        }
    }

    /// The rows of many ordinals, in their order; nil where there is none. Each row is on its way
    /// into the cache when this returns, its vector too.
    ///
    /// - Complexity: O(ordinals), no allocation.
    package func rows(
        ordinals: UnsafeBufferPointer<UInt32>, into rows: UnsafeMutableBufferPointer<StoreRow?>
    ) {
        precondition(
            rows.count == ordinals.count, "\(ordinals.count) ordinals, \(rows.count) rows")
        enter()
        var start = 0
        while start < ordinals.count {
            let count = min(ReaderScratch.groupMax, ordinals.count - start)
            fetchRows(UnsafeBufferPointer(rebasing: ordinals[start..<start + count])) {
                rows[start + $0] = $1
            }
            start += count
        }
    }

    /// Hands over the rows of a group of ordinals, and asks for all of their memory. The reader has
    /// entered.
    @inline(__always)
    private func fetchRows(
        _ ordinals: UnsafeBufferPointer<UInt32>, _ body: (Int, StoreRow?) -> Void
    ) {
        for i in 0..<ordinals.count {
            if let word = directory.word(ordinals[i]) { sc_prefetch(word) }
        }
        for i in 0..<ordinals.count {
            let row = directory.row(ordinals[i])
            if let row { layout.prefetch(row.base) }
            body(i, row)
        }
    }

    /// Fills `scratch.rows` with the vectors of up to `groupMax` ids, nil where there is none.
    private func findVectors(_ ids: UnsafeBufferPointer<UnsafeRawBufferPointer>) {
        enter()
        let (hashes, likely, rows, layout) = (
            scratch.hashes, scratch.likelyRows, scratch.rows, layout
        )
        for i in 0..<ids.count {
            guard IdentifierRule.permits(byteCount: ids[i].count) else { continue }
            let hash = hash(ids[i])
            hashes[i] = hash
            let table = shard(hash).table
            sc_prefetch(table.word(table.home(of: EmbeddingStore.tag(hash))))
        }
        // A word with the right tag leads to the right row but once in billions: fetch that row, all
        // of it.
        for i in 0..<ids.count {
            likely[i] = nil
            guard IdentifierRule.permits(byteCount: ids[i].count) else { continue }
            let shard = shard(hashes[i])
            guard let slot = shard.table.likelySlot(EmbeddingStore.tag(hashes[i])) else { continue }
            let row = shard.row(slot, layout).base
            likely[i] = row
            layout.prefetch(row)
        }
        for i in 0..<ids.count {
            let id = ids[i]
            if let row = likely[i].map(StoreRow.init(base:)),
                row.hasID(id.baseAddress!, count: id.count)
            {
                rows[i] = row.elements
            } else if IdentifierRule.permits(byteCount: id.count) {
                rows[i] =
                    shard(hashes[i]).find(EmbeddingStore.tag(hashes[i]), id, layout)?.elements
            } else {
                rows[i] = nil
            }
        }
    }
}
