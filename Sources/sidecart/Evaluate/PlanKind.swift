import ArgumentParser
import Evaluation
import Foundation
import Interactions
import Models

/// The protocols by their names on the command line, and the files that each reads.
enum PlanKind: String, CaseIterable, ExpressibleByArgument {
    case leaveOneOut = "leave-one-out"
    case given, temporal
    case kFold = "k-fold"
    case basketCompletion = "basket-completion"
    case nextBasket = "next-basket"

    /// - Parameter lengths: nil for the protocol's own.
    func makePlan(
        _ inputs: [String], folds: Int, lengths: [Int]?, seed: UInt64, reading: ReadingOptions,
        options: TrainingDataOptions
    ) throws -> EvaluationPlan {
        switch self {
        case .leaveOneOut:
            let prefix = try one(inputs, "a prefix")
            let split = try LeaveOneOut(
                train: find(prefix, [".train.rating", ".train.pairs.tsv"]),
                test: find(prefix, [".test.rating"]),
                negatives: find(prefix, [".test.negative"]), lines: lines)
            return split.makePlan(at: lengths ?? [5, 10, 20], seed: seed)
        case .given:
            let files =
                inputs.count == 2
                ? inputs
                : try ["/train.txt", "/test.txt"].map { try find(one(inputs, "a folder"), [$0]) }
            let split = try GivenSplit(
                train: (files[0], lines(of: files[0])), test: (files[1], lines(of: files[1])))
            return split.makePlan(at: lengths ?? [10, 20, 50], seed: seed)
        case .nextBasket:
            let prefix = try one(inputs, "a prefix")
            var keySets = [try find(prefix, ["_keyset_0.json"])]
            while let next = try? find(prefix, ["_keyset_\(keySets.count).json"]) {
                keySets.append(next)
            }
            let history = try find(prefix, ["_history.json"])
            let future = try find(prefix, ["_future.json"])
            return try NextBasket(
                history: (history, bytes(of: history)), future: (future, bytes(of: future)),
                keySets: keySets.map { ($0, try bytes(of: $0)) }
            ).makePlan(at: lengths ?? [10, 20])
        case .temporal, .kFold, .basketCompletion:
            let (dataset, report) = try reading.read(inputs)
            Output.note(report.description)
            let splits = EventSplits(dataset: dataset, options: options, seed: seed)
            let lengths = lengths ?? [5, 10, 20]
            return switch self {
            case .temporal: try splits.makeTemporalPlan(at: lengths)
            case .kFold: try splits.makeFoldPlan(folds: folds, at: lengths)
            default: try splits.makeBasketPlan(at: lengths)
            }
        }
    }

    private func one(_ inputs: [String], _ what: String) throws -> String {
        guard inputs.count == 1 else {
            throw Failure("--protocol \(rawValue) takes \(what), not \(inputs.count) arguments")
        }
        return inputs[0].hasSuffix("/") ? String(inputs[0].dropLast()) : inputs[0]
    }

    private func find(_ prefix: String, _ endings: [String]) throws -> String {
        let candidates = endings.flatMap { [prefix + $0, prefix + $0 + ".gz"] }
        guard let found = candidates.first(where: FileManager.default.fileExists) else {
            throw Failure("none of these files is there: \(candidates.joined(separator: ", "))")
        }
        return found
    }

    private func lines(of path: String) throws -> [String] {
        var lines: [String] = []
        try forEachLine(of: path) { _, bytes in
            bytes.withUnsafeBufferPointer { lines.append(String(decoding: $0, as: UTF8.self)) }
        }
        return lines
    }

    private func bytes(of path: String) throws -> [UInt8] {
        var all: [UInt8] = []
        try forEachLine(of: path) { _, bytes in
            bytes.withUnsafeBufferPointer { all.append(contentsOf: $0) }
            all.append(UInt8(ascii: "\n"))
        }
        return all
    }
}
