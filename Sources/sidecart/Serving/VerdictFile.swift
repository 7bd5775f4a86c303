import EventLoop
import Foundation
import Logging
import SidecartServer

/// What came of the last retrainings, in a file of the folder of models: replaced in one step, and on
/// the disk before it is.
final class VerdictFile: Sendable {
    static let name = "retraining.json"
    private static let countMax = 50

    private let path: String
    private let verdicts: Locked<[RetrainingVerdict]>

    /// - Throws: where there is a file that cannot be read.
    init(in folder: String) throws(Failure) {
        path = "\(folder)/\(Self.name)"
        guard FileManager.default.fileExists(atPath: path) else {
            verdicts = Locked([])
            return
        }
        do {
            let data = try Data(contentsOf: URL(fileURLWithPath: path))
            verdicts = Locked(try JSONDecoder().decode([RetrainingVerdict].self, from: data))
        } catch {
            throw Failure("\(path): is no list of verdicts: \(error)")
        }
    }

    /// The newest first.
    var all: [RetrainingVerdict] { verdicts.withLock { $0 } }

    /// - Throws: where it cannot be written; it counts until the server ends nevertheless.
    func add(_ verdict: RetrainingVerdict) throws(Failure) {
        let all = verdicts.withLock { verdicts in
            verdicts = Array(([verdict] + verdicts).prefix(Self.countMax))
            return verdicts
        }
        do {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            try DurableFile.replace(path, with: try encoder.encode(all))
        } catch let error as Failure {
            throw error
        } catch {
            throw Failure("\(path): \(error.localizedDescription)")
        }
    }
}

extension RetrainingVerdict {
    /// For the log.
    var fields: Logger.Metadata {
        var fields: Logger.Metadata = ["against": "\(against)"]
        if !version.isEmpty { fields["version"] = "\(version)" }
        if !path.isEmpty { fields["bundle"] = "\(path)" }
        if !reason.isEmpty { fields["reason"] = "\(reason)" }
        if queries > 0 {
            fields["queries"] = .stringConvertible(queries)
            fields[measure] = .stringConvertible(candidate)
            fields["\(measure)_before"] = .stringConvertible(running)
        }
        return fields
    }
}
