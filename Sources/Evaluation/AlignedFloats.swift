/// Floats on a cache line boundary, written by one thread at a time.
final class AlignedFloats: @unchecked Sendable {
    let base: UnsafeMutablePointer<Float>

    init(floats: Int) {
        base = UnsafeMutableRawPointer.allocate(
            byteCount: max(1, floats) * MemoryLayout<Float>.stride, alignment: 64
        ).bindMemory(to: Float.self, capacity: max(1, floats))
        base.initialize(repeating: 0, count: max(1, floats))
    }

    deinit { base.deallocate() }
}
