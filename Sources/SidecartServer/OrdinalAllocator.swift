internal import Synchronization

/// Numbers for items and users that were put while serving, from the catalog's count up.
final class OrdinalAllocator: Sendable {
    private let upcoming: Atomic<UInt32>

    init(first: UInt32) { upcoming = Atomic(first) }

    /// A number never given before.
    func next() -> UInt32 { upcoming.wrappingAdd(1, ordering: .relaxed).oldValue }
}
