import Foundation
import Synchronization

/// One line on a terminal's standard error that says how far long work has come and how long it may
/// take.
///
/// Silent where standard error is no terminal, so that logs and pipes stay clean.
final class ProgressBar: Sendable {
    private struct State {
        var started = ContinuousClock.now
        var lastDrawn: ContinuousClock.Instant?
        var isShown = false
    }

    private let title: String
    private let isEnabled: Bool
    private let state = Mutex(State())

    init(_ title: String, isEnabled: Bool = isatty(STDERR_FILENO) == 1) {
        self.title = title
        self.isEnabled = isEnabled
    }

    /// - Parameters:
    ///   - fraction: of the work done, 0 to 1.
    ///   - detail: what else to say, such as the loss.
    func update(_ fraction: Double, detail: String = "") {
        guard isEnabled else { return }
        state.withLock { state in
            let now = ContinuousClock.now
            if let last = state.lastDrawn, now - last < .milliseconds(80), fraction < 1 { return }
            state.lastDrawn = now
            state.isShown = true
            let filled = Int((min(max(fraction, 0), 1) * 24).rounded(.down))
            let bar =
                String(repeating: "█", count: filled) + String(repeating: "░", count: 24 - filled)
            let elapsed = (now - state.started).seconds
            let left = fraction > 0.02 && fraction < 1 ? elapsed / fraction - elapsed : nil
            let time = left.map { "\(Self.clock($0)) left" } ?? Self.clock(elapsed)
            let percent = String(format: "%3.0f%%", fraction * 100)
            write("\r\u{1b}[K\(title) \(bar) \(percent)  \(time)  \(detail)")
        }
    }

    /// Removes the line, so that what is printed next starts on a clean one.
    func finish() {
        state.withLock { state in
            if state.isShown { write("\r\u{1b}[K") }
            state.isShown = false
        }
    }

    private func write(_ text: String) { Output.writeError(Data(text.utf8)) }

    private static func clock(_ seconds: Double) -> String {
        let whole = Int(seconds.rounded(.up))
        return whole >= 60 ? "\(whole / 60) min \(whole % 60) s" : "\(whole) s"
    }
}
