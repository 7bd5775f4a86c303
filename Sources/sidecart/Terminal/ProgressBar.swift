import Foundation
import Synchronization
import Training

/// Says on standard error how far long work has come and how long it may take.
///
/// A terminal has one line that is drawn again and again; elsewhere, as in a log, a line is added
/// every few seconds, and none where the work is done before that.
final class ProgressBar: Sendable {
    private struct State {
        /// Of the task that is shown now.
        var started = ContinuousClock.now
        var task: String?
        var lastShown: ContinuousClock.Instant?
        var isDrawn = false
    }

    private let title: String
    private let isTerminal: Bool
    /// Between two lines where there is no terminal.
    private let interval: Duration
    private let state = Mutex(State())

    init(
        _ title: String, isTerminal: Bool = isatty(STDERR_FILENO) == 1,
        interval: Duration = .seconds(5)
    ) {
        self.title = title
        self.isTerminal = isTerminal
        self.interval = interval
    }

    /// - Parameters:
    ///   - fraction: of the work done, 0 to 1.
    ///   - detail: what else to say, such as the loss.
    func update(_ fraction: Double, detail: String = "") { show(title, fraction, detail) }

    func update(_ progress: WorkProgress) {
        guard let fraction = progress.fraction else {
            finish()
            return Output.note("\(progress.task): \(progress.detail)")
        }
        show(progress.task, fraction, progress.detail)
    }

    /// Removes the line from a terminal, so that what is printed next starts on a clean one.
    func finish() {
        state.withLock { state in
            if state.isDrawn { write("\r\u{1b}[K") }
            state.isDrawn = false
        }
    }

    private func show(_ title: String, _ fraction: Double, _ detail: String) {
        state.withLock { state in
            let now = ContinuousClock.now
            if state.task != title {
                if state.task != nil { state.started = now }
                state.task = title
            }
            let pause = isTerminal ? .milliseconds(80) : interval
            let last = state.lastShown ?? (isTerminal ? nil : state.started)
            if let last, now - last < pause, !isTerminal || fraction < 1 { return }
            state.lastShown = now
            let elapsed = (now - state.started).seconds
            let left = fraction > 0.02 && fraction < 1 ? elapsed / fraction - elapsed : nil
            let time = left.map { "\(Self.clock($0)) left" } ?? Self.clock(elapsed)
            let percent = String(format: "%3.0f%%", fraction * 100)
            if isTerminal {
                state.isDrawn = true
                let filled = Int((min(max(fraction, 0), 1) * 24).rounded(.down))
                let bar =
                    String(repeating: "█", count: filled)
                    + String(repeating: "░", count: 24 - filled)
                write("\r\u{1b}[K\(title) \(bar) \(percent)  \(time)  \(detail)")
            } else {
                write("\(title): \(percent.drop { $0 == " " }), \(time), \(detail)\n")
            }
        }
    }

    private func write(_ text: String) { Output.writeError(Data(text.utf8)) }

    private static func clock(_ seconds: Double) -> String {
        let whole = Int(seconds.rounded(.up))
        return whole >= 60 ? "\(whole / 60) min \(whole % 60) s" : "\(whole) s"
    }
}
