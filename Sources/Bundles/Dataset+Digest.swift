package import Interactions

extension Dataset {
    /// Tells whether two models saw the same events: SHA-256 over the ids and the columns of the
    /// events.
    ///
    /// - Complexity: O(events + bytes of the ids).
    package var digest: String {
        let hash = SHA256()
        for table in [users, items, baskets] {
            table.bytes.withUnsafeBytes { hash.update($0) }
            table.offsets.withUnsafeBytes { hash.update($0) }
        }
        events.users.withUnsafeBytes { hash.update($0) }
        events.items.withUnsafeBytes { hash.update($0) }
        events.kinds.map(\.rawValue).withUnsafeBytes { hash.update($0) }
        events.values.withUnsafeBytes { hash.update($0) }
        events.times.withUnsafeBytes { hash.update($0) }
        events.baskets.withUnsafeBytes { hash.update($0) }
        return hash.finish()
    }
}
