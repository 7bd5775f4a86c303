import Dispatch
import Evaluation
import EventLoop
import Foundation
import SidecartServer

/// Trains anew on a schedule, in a child process of the lowest priority, and has what comes of it
/// serve if it is no worse (see ``Retrain``).
///
/// A child that fails, hangs or is killed is reported, and disturbs nothing. What came of each
/// training is kept in `retraining.json` in the folder of models.
final class Retrainer: Sendable {
    struct Settings: Sendable {
        var schedule: RetrainSchedule
        /// Events and options for `sidecart retrain`.
        var arguments: [String]
        /// How many bundles that were made here are kept, besides those in memory.
        var kept = 3
        /// A child that takes longer is killed.
        var secondsMax = 6.0 * 3_600
    }

    private struct State: Sendable {
        var isEnding = false
        var child: pid_t?
    }

    private let settings: Settings
    private let models: ServedModels
    private let journal: JournalWriter?
    private let log: ServerLog
    private let verdicts: VerdictFile
    private let state = Locked(State())
    private let wakeUp = DispatchSemaphore(value: 0)
    private let ended = DispatchSemaphore(value: 0)

    /// What a bundle made here is called, before its time.
    private static let prefix = "retrained-"
    /// How often the journal is asked how many events were recorded.
    private static let askInterval = 1.0

    /// Starts to wait for the first training.
    ///
    /// - Parameter journal: whose events a schedule may count.
    /// - Throws: where the file of verdicts is none, or the folder of models cannot be written to.
    init(
        _ settings: Settings, models: ServedModels, journal: JournalWriter?, log: ServerLog
    ) throws(Failure) {
        (self.settings, self.models, self.journal, self.log) = (settings, models, journal, log)
        verdicts = try VerdictFile(in: models.folderPath)
        var record = RetrainingRecord(schedule: settings.schedule.description)
        record.verdicts = verdicts.all
        // Whoever asks the server finds it from its first call on.
        models.note(record)
        Thread.detachNewThread { [self, record] in
            run(record)
            ended.signal()
        }
    }

    /// Kills the child that runs, and waits until that is done.
    func end() {
        state.withLock { state in
            state.isEnding = true
            if let child = state.child { kill(child, SIGKILL) }
        }
        wakeUp.signal()
        ended.wait()
    }

    private var isEnding: Bool { state.withLock { $0.isEnding } }

    private func run(_ first: RetrainingRecord) {
        var record = first
        // After a restart events are counted on from the last training.
        var watermark = first.verdicts.lazy.compactMap(\.watermark).first
        while !isEnding {
            let due = settings.schedule.next(after: Date())
            (record.startedAt, record.nextAt) = (0, due?.milliseconds ?? 0)
            models.note(record)
            guard wait(until: due, since: &watermark) else { return }
            watermark = journal?.watermark
            (record.startedAt, record.nextAt) = (Date().milliseconds, 0)
            models.note(record)
            log.info("retraining", ["schedule": "\(settings.schedule)"])
            guard var verdict = retrain() else { return }
            verdict.watermark = watermark
            record.verdicts = keep(verdict)
            models.note(record)
            tell(verdict)
            prune()
        }
    }

    /// Waits until the next training is due.
    ///
    /// - Parameter watermark: where the last one began; nil for where the journal stands now, or once it
    ///   is open.
    /// - Returns: false where the server ends before.
    private func wait(until due: Date?, since watermark: inout Int64?) -> Bool {
        if let due {
            return wakeUp.wait(wallTimeout: .now() + due.timeIntervalSinceNow) == .timedOut
        }
        guard let journal, case .events(let count) = settings.schedule else { return false }
        while true {
            if let now = journal.watermark {
                let since = watermark ?? now
                watermark = since
                if now - since >= count { return true }
            }
            guard wakeUp.wait(timeout: .now() + Self.askInterval) == .timedOut else {
                return false
            }
        }
    }

    /// - Returns: what came of it; nil where the server ends.
    private func retrain() -> RetrainingVerdict? {
        let running = models.serving
        var verdict = RetrainingVerdict(at: 0, against: running.version)
        let stamp = Date.now.formatted(.iso8601.dateSeparator(.omitted).timeSeparator(.omitted))
        let path = "\(models.folderPath)/\(Self.prefix)\(stamp)"
        do throws(Failure) {
            let outcome = try runChild(against: running.path, out: path)
            verdict.against = outcome.against
            if let found = outcome.comparison {
                (verdict.measure, verdict.queries) = (BundleComparison.measure, found.queries)
                (verdict.candidate, verdict.running) = (found.candidate, found.running)
                (verdict.low, verdict.high) = (found.low, found.high)
            }
            verdict.reason = outcome.reason
            if let bundle = outcome.bundle {
                (verdict.path, verdict.version) = (bundle, outcome.version ?? "")
                try promote(bundle)
                verdict.promoted = true
            }
        } catch {
            verdict.reason = error.description
        }
        guard !isEnding else { return nil }
        verdict.at = Date().milliseconds
        return verdict
    }

    private func promote(_ path: String) throws(Failure) {
        do throws(ModelError) {
            let begun = try models.load(path, promotes: true)
            while true {
                let record = models.records.first { $0.number == begun.number }
                switch record?.state {
                case .serving: return
                case .failed: throw ModelError(.invalid, record?.failure ?? "")
                case .loading, .ready:
                    guard !isEnding else { throw ModelError(.precondition, "the server ends") }
                    Thread.sleep(forTimeInterval: 0.05)
                default: throw ModelError(.precondition, "another model was promoted meanwhile")
                }
            }
        } catch {
            throw Failure(error)
        }
    }

    private func runChild(against: String, out: String) throws(Failure) -> RetrainingOutcome {
        let child = ChildCommand(
            ["retrain"] + settings.arguments + [
                "--against", against, "--out", out, "--json", "--at-low-priority",
                "--ends-with-parent",
            ])
        let result = try child.run(secondsMax: settings.secondsMax) { [self] process in
            state.withLock { state in
                state.child = process
                if state.isEnding, let process { kill(process, SIGKILL) }
            }
        }
        do {
            return try JSONDecoder().decode(RetrainingOutcome.self, from: result)
        } catch {
            throw Failure("what the training printed is no outcome: \(error)")
        }
    }

    private func keep(_ verdict: RetrainingVerdict) -> [RetrainingVerdict] {
        do throws(Failure) {
            try verdicts.add(verdict)
        } catch {
            log.error("the verdict cannot be kept", ["reason": "\(error)"])
        }
        return verdicts.all
    }

    private func tell(_ verdict: RetrainingVerdict) {
        if verdict.promoted {
            log.info("retrained; the new model serves", verdict.fields)
        } else {
            log.warning("retrained; the model from before serves on", verdict.fields)
        }
    }

    /// Removes bundles that were made here but for the newest, and those in memory.
    private func prune() {
        let folder = models.folderPath
        let inMemory = Set(models.records.map(\.path))
        let made = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [])
            .filter { $0.hasPrefix(Self.prefix) }.sorted(by: >)
        for name in made.dropFirst(settings.kept) where !inMemory.contains("\(folder)/\(name)") {
            do {
                try FileManager.default.removeItem(atPath: "\(folder)/\(name)")
                log.info("removed an old bundle", ["bundle": "\(folder)/\(name)"])
            } catch {
                log.warning(
                    "an old bundle cannot be removed",
                    ["bundle": "\(folder)/\(name)", "reason": "\(error.localizedDescription)"])
            }
        }
    }
}

extension Date {
    /// Since 1970.
    fileprivate var milliseconds: Int64 { Int64(timeIntervalSince1970 * 1_000) }
}
