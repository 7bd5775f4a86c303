import ArgumentParser
import Evaluation
import Foundation
import Interactions
import Models

struct Evaluate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Train on a published split and measure how well the held-out items are ranked.",
        discussion: """
            The protocol is leave-one-out with given negatives, in the files of He et al. 2017 (NeuMF): \
            PREFIX.train.rating or .train.pairs.tsv, PREFIX.test.rating and PREFIX.test.negative, plain or gzip.

            Examples:
              sidecart evaluate ml-1m --factors 192
              sidecart evaluate ml-1m --model popularity --json
              sidecart evaluate ml-1m --factors 64 --threads 1 --seed 1 --seed 2 --seed 3
            """)

    @Argument(help: ArgumentHelp("The files' common prefix.", valueName: "prefix"))
    var prefix: String

    @Option(name: .short, help: ArgumentHelp("The length of the list that counts.", valueName: "n"))
    var k = 10

    @OptionGroup(title: "Model") var model: ModelOptions

    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard k > 0 else { throw ValidationError("-k is \(k); it must be 1 or more") }
    }

    func run() throws {
        let protocolFiles = try LeaveOneOut(prefix: prefix)
        let bar = ProgressBar("training")
        let epochs = EpochTimes()
        let context = TrainingContext(threads: model.threadCount, seed: model.seed) { progress in
            epochs.record()
            bar.update(
                Double(progress.step) / Double(progress.steps),
                detail: "\(progress.model) \(progress.step)/\(progress.steps)")
        }
        let data = TrainingData(interactions: protocolFiles.training, baskets: nil)
        let trained = try ContinuousClock().measuring {
            model.model == .ials
                ? try model.ials.train(on: data, with: context)
                : try Popularity().train(on: data, with: context)
        }
        bar.finish()
        let scorer = PartsScorer(parts: trained.value, histories: protocolFiles.training)
        let report = protocolFiles.report(at: k) {
            scorer.scores(user: $0, candidates: $1)
        }
        let result = Result(
            model: model.model.rawValue, k: k, cases: report.cases, hitRate: report.hitRate,
            ndcg: report.ndcg, reciprocalRank: report.reciprocalRank, seed: model.seed,
            threads: model.threadCount, trainSeconds: trained.seconds,
            secondsPerEpoch: epochs.median, peakMemoryBytes: PeakMemory.bytes)
        if output.json { try Output.printJSON(result) } else { print(result.description) }
    }

    private struct Result: Encodable, CustomStringConvertible {
        let model: String
        let k: Int
        let cases: Int
        let hitRate: Double
        let ndcg: Double
        let reciprocalRank: Double
        let seed: UInt64
        let threads: Int
        let trainSeconds: Double
        /// The median over all epochs but the first, which also warms up.
        let secondsPerEpoch: Double?
        let peakMemoryBytes: Int

        var description: String {
            var table = Table([
                "model", ">HR@\(k)", ">NDCG@\(k)", ">MRR@\(k)", ">train s", ">s/epoch",
            ])
            table.add([
                model, String(format: "%.4f", hitRate), String(format: "%.4f", ndcg),
                String(format: "%.4f", reciprocalRank), String(format: "%.2f", trainSeconds),
                secondsPerEpoch.map { String(format: "%.3f", $0) } ?? "",
            ])
            return table.render()
                + "\n\(cases.grouped) users, sampled negatives as given; seed \(seed), "
                + "\(threads) threads, peak memory \(peakMemoryBytes >> 20) MiB"
        }
    }
}

extension LeaveOneOut {
    /// Finds and reads the protocol's files by their common prefix.
    fileprivate init(prefix: String) throws {
        func find(_ endings: [String]) throws -> String {
            let candidates = endings.flatMap { ["\(prefix).\($0)", "\(prefix).\($0).gz"] }
            guard let found = candidates.first(where: FileManager.default.fileExists) else {
                throw Failure("none of these files is there: \(candidates.joined(separator: ", "))")
            }
            return found
        }
        try self.init(
            train: find(["train.rating", "train.pairs.tsv"]), test: find(["test.rating"]),
            negatives: find(["test.negative"]), lines: Self.lines)
    }

    private static func lines(of path: String) throws -> [String] {
        var lines: [String] = []
        try forEachLine(of: path) { _, bytes in
            bytes.withUnsafeBufferPointer { lines.append(String(decoding: $0, as: UTF8.self)) }
        }
        return lines
    }
}
