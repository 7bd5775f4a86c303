/// How many frames a client may send beside those that its calls need. Whoever sends more makes work
/// without asking for anything: served slowly first, and then not at all.
///
/// Both limits fill up with time, with calls and with the bytes that go either way.
struct FrameAllowance {
    private static let perCall = 16
    private static let bytesPerFrame = 512
    /// A reset counts for more: the call that it cancels has been paid for.
    private static let perReset = 24

    /// Past it the connection ends.
    private var total = Bucket(left: 10_000, range: 0...10_000, perSecond: 1_000)
    /// Past it the client is wasteful. What it owes is bounded, so that it is forgiven within half
    /// a second.
    private var fair = Bucket(left: 256, range: -1_000...1_000, perSecond: 2_000)
    private var bytes = 0

    init() {}

    /// Counts a frame.
    ///
    /// - Returns: false if it is one too many.
    mutating func take(type: UInt8, bytes: Int, at now: Int64) -> Bool {
        // Data in large frames is no waste.
        if type != FrameScanner.data || bytes < Self.bytesPerFrame {
            fair.take(type == FrameScanner.reset ? Self.perReset : 1, at: now)
        }
        total.take(1, at: now)
        return total.left > 0
    }

    /// Whether the client sends more frames than its calls need.
    var isOverdrawn: Bool { fair.left < 0 }

    mutating func addCall(bytes: Int) {
        add(Self.perCall)
        addBytes(bytes)
    }

    mutating func addBytes(_ count: Int) {
        bytes += count
        add(bytes / Self.bytesPerFrame)
        bytes %= Self.bytesPerFrame
    }

    private mutating func add(_ frames: Int) {
        total.add(frames)
        fair.add(frames)
    }
}

/// A number of frames that time fills up.
private struct Bucket {
    private(set) var left: Int
    let range: ClosedRange<Int>
    let perSecond: Int
    /// When `left` was last brought up to date; nil before the first frame.
    private var filledAt: Int64?

    init(left: Int, range: ClosedRange<Int>, perSecond: Int) {
        (self.left, self.range, self.perSecond) = (left, range, perSecond)
    }

    mutating func take(_ count: Int, at now: Int64) {
        if filledAt == nil { filledAt = now }
        left -= count
        guard left <= 0, let filledAt else { return }
        let frames = Int(clamping: (now - filledAt) / 1_000_000) * perSecond / 1_000
        // Less than a frame is left to grow.
        if frames > 0 { self.filledAt = now }
        left = max(range.lowerBound, min(range.upperBound, left + frames))
    }

    mutating func add(_ count: Int) { left = min(range.upperBound, left + count) }
}
