/// How many frames a client may send: a burst, so many a second, and some for each call and for the
/// bytes that go with it. Whoever sends more makes work without asking for anything.
struct FrameAllowance {
    private static let burst = 10_000
    private static let perSecond = 1_000
    private static let perCall = 16
    private static let bytesPerFrame = 512

    private var left = Self.burst
    private var bytes = 0
    /// When `left` was last brought up to date; nil before the first frame.
    private var refilledAt: Int64?

    init() {}

    /// Counts a frame; false if it is one too many.
    mutating func take(at now: Int64) -> Bool {
        if refilledAt == nil { refilledAt = now }
        left -= 1
        if left > 0 { return true }
        let milliseconds = (now - (refilledAt ?? now)) / 1_000_000
        refilledAt = now
        left = min(Self.burst, Int(clamping: milliseconds) * Self.perSecond / 1_000)
        return left > 0
    }

    mutating func addCall(bytes: Int) {
        left = min(Self.burst, left + Self.perCall)
        addBytes(bytes)
    }

    mutating func addBytes(_ count: Int) {
        bytes += count
        left = min(Self.burst, left + bytes / Self.bytesPerFrame)
        bytes %= Self.bytesPerFrame
    }
}
