internal import ModelParts

/// Counts a training's steps: reports each one, and ends it once it is cancelled.
package struct TrainingSteps {
    let model: String
    private let total: Int
    private let context: TrainingContext
    private var done = 0

    package init(model: String, total: Int, context: TrainingContext) {
        self.model = model
        self.total = total
        self.context = context
    }

    var threads: Int { context.threads }
    var isCancelled: @Sendable () -> Bool { context.isCancelled }

    /// To be called before each step.
    func check() throws(TrainingError) {
        guard !context.isCancelled() else {
            throw TrainingError("\(model): training was cancelled")
        }
    }

    /// To be called where the next steps will not be taken.
    mutating func skip(_ count: Int) {
        guard count > 0 else { return }
        done += count - 1
        finish()
    }

    /// To be called after each step.
    mutating func finish(loss: Double? = nil) {
        done += 1
        precondition(done <= total, "\(model): step \(done) of \(total)")
        context.report(TrainingProgress(model: model, step: done, steps: total, loss: loss))
    }

    /// What a model within is trained with, whose steps are so many of these.
    mutating func context(steps: Int) -> TrainingContext {
        let (before, outer, model, total) = (done, context, model, total)
        done += steps
        precondition(done <= total, "\(model): step \(done) of \(total)")
        var inner = outer
        inner.report = { progress in
            outer.report(
                TrainingProgress(
                    model: model, step: before + progress.step, steps: total, loss: progress.loss))
        }
        return inner
    }

    /// How many steps ``makeLists(rows:makeScratch:_:)`` takes.
    static func listSteps(rows: Int) -> Int { min(32, rows) }

    /// Makes the lists of rows 0 and up on all threads.
    ///
    /// - Parameters:
    ///   - makeScratch: makes what one thread keeps from row to row.
    ///   - list: the list of a row, in order; depends on nothing but the row.
    mutating func makeLists<Scratch>(
        rows: Int, makeScratch: () -> Scratch,
        _ list: @escaping @Sendable (_ row: Int, _ scratch: Scratch) -> [RankedKey]
    ) throws(TrainingError) -> NeighborLists {
        let lists = UnsafeMutableBufferPointer<[RankedKey]>.allocate(capacity: rows)
        lists.initialize(repeating: [])
        defer { lists.deinitialize().deallocate() }
        nonisolated(unsafe) let target = lists
        nonisolated(unsafe) let scratches = (0..<threads).map { _ in makeScratch() }
        let steps = Self.listSteps(rows: rows)
        for step in 0..<steps {
            try check()
            let (first, end) = (rows * step / steps, rows * (step + 1) / steps)
            parallelFor(count: end - first, chunk: 4, threads: threads) { worker, range in
                for row in first + range.lowerBound..<first + range.upperBound {
                    target[row] = list(row, scratches[worker])
                }
            }
            finish()
        }
        return NeighborLists(keys: lists)
    }
}

/// Says which rule a model's setting breaks.
package struct SettingsCheck {
    private let model: String

    package init(model: String) { self.model = model }

    package func require(_ holds: Bool, _ rule: String, _ value: some Any) throws(TrainingError) {
        guard holds else { throw TrainingError("\(model): \(rule), not \(value)") }
    }
}
