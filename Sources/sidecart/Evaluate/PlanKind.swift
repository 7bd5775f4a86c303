import ArgumentParser
import Evaluation
import Foundation
import Interactions
import Models

/// The protocols by their names on the command line.
enum PlanKind: String, CaseIterable, ExpressibleByArgument {
    case leaveOneOut = "leave-one-out"
    case given, temporal
    case kFold = "k-fold"
    case basketCompletion = "basket-completion"
    case nextBasket = "next-basket"
    case replay, online

    init(_ kind: EventProtocol) {
        self =
            switch kind {
            case .basketCompletion: .basketCompletion
            case .temporal: .temporal
            case .kFold: .kFold
            }
    }
}

/// Files and what is to be made of them, by all protocols that rank what was held out.
struct PlanRequest {
    let inputs: [String]
    /// nil for what the files suit.
    let kind: PlanKind?
    let folds: Int
    let completion: BasketCompletion
    /// nil for the protocol's own.
    let lengths: [Int]?
    let seed: UInt64
    let reading: ReadingOptions
    let options: TrainingDataOptions

    /// Reads the files.
    ///
    /// - Returns: the plan, and how event files were understood.
    func makePlan() throws -> (plan: EvaluationPlan, read: ReadReport?) {
        let made: (plan: EvaluationPlan, read: ReadReport?) =
            switch try kind ?? publishedKind() {
            case .leaveOneOut: (try leaveOneOut(), nil)
            case .given: (try given(), nil)
            case .nextBasket: (try nextBasket(), nil)
            case .replay, .online:
                preconditionFailure("a protocol without a plan of held-out items")
            case let kind: try eventPlan(kind)
            }
        try made.plan.checkAsks()
        return made
    }

    /// The protocol whose published files the argument names, or nil where it is event files.
    private func publishedKind() throws -> PlanKind? {
        let files = PublishedFiles(inputs: inputs)
        let found: [(PlanKind, Bool)] = [
            (.leaveOneOut, files.has([".test.negative"])), (.given, files.has(["/train.txt"])),
            (.nextBasket, files.has(["_history.json"])),
        ]
        if let kind = found.first(where: \.1)?.0 {
            Output.note("protocol: \(kind.rawValue), since the files of it are there")
            return kind
        }
        for path in inputs where path != "-" && !FileManager.default.fileExists(atPath: path) {
            throw Failure(
                "\(path): no such file, and no \(path).test.negative, \(path)/train.txt or "
                    + "\(path)_history.json of a published protocol either")
        }
        return nil
    }

    private func eventPlan(_ kind: PlanKind?) throws -> (EvaluationPlan, ReadReport) {
        let (dataset, report) = try reading.read(inputs)
        Output.note(report.description)
        let splits = EventSplits(dataset: dataset, options: options, seed: seed)
        let lengths = lengths ?? [5, 10, 20]
        let suitable = splits.suitableProtocol
        let chosen = kind ?? PlanKind(suitable)
        if kind == nil {
            Output.note(
                "protocol: \(chosen.rawValue), since \(suitable.reason); --protocol asks otherwise")
        }
        let plan =
            switch chosen {
            case .temporal: try splits.makeTemporalPlan(at: lengths)
            case .kFold: try splits.makeFoldPlan(folds: folds, at: lengths)
            default: try splits.makeBasketPlan(completion, at: lengths)
            }
        return (plan, report)
    }

    private func leaveOneOut() throws -> EvaluationPlan {
        let files = PublishedFiles(inputs: inputs)
        let split = try LeaveOneOut(
            train: files.find([".train.rating", ".train.pairs.tsv"], of: .leaveOneOut),
            test: files.find([".test.rating"], of: .leaveOneOut),
            negatives: files.find([".test.negative"], of: .leaveOneOut),
            lines: PublishedFiles.lines)
        return split.makePlan(at: lengths ?? [5, 10, 20], seed: seed)
    }

    private func given() throws -> EvaluationPlan {
        let files = PublishedFiles(inputs: inputs)
        let (train, test) =
            inputs.count == 2
            ? (inputs[0], inputs[1])
            : (
                try files.find(["/train.txt"], of: .given),
                try files.find(["/test.txt"], of: .given)
            )
        let split = try GivenSplit(
            train: (train, PublishedFiles.lines(of: train)),
            test: (test, PublishedFiles.lines(of: test)))
        return split.makePlan(at: lengths ?? [10, 20, 50], seed: seed)
    }

    private func nextBasket() throws -> EvaluationPlan {
        let files = PublishedFiles(inputs: inputs)
        var keySets = [try files.find(["_keyset_0.json"], of: .nextBasket)]
        while let next = try? files.find(["_keyset_\(keySets.count).json"], of: .nextBasket) {
            keySets.append(next)
        }
        let history = try files.find(["_history.json"], of: .nextBasket)
        let future = try files.find(["_future.json"], of: .nextBasket)
        return try NextBasket(
            history: (history, PublishedFiles.bytes(of: history)),
            future: (future, PublishedFiles.bytes(of: future)),
            keySets: keySets.map { ($0, try PublishedFiles.bytes(of: $0)) }
        ).makePlan(at: lengths ?? [10, 20])
    }
}
