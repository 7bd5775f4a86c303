import Foundation
import Interactions

/// The files that a published protocol comes in, found by the prefix or folder they share; plain or
/// gzip.
struct PublishedFiles {
    let inputs: [String]

    /// Whether the one input is a prefix of such a file.
    func has(_ endings: [String]) -> Bool {
        inputs.count == 1 && candidates(inputs[0], endings).contains { exists($0) }
    }

    func find(_ endings: [String], of kind: PlanKind) throws -> String {
        guard inputs.count == 1 else {
            throw Failure(
                "--protocol \(kind.rawValue) takes one prefix or folder, not \(inputs.count) "
                    + "arguments")
        }
        let candidates = candidates(inputs[0], endings)
        guard let found = candidates.first(where: exists) else {
            throw Failure(
                "--protocol \(kind.rawValue): none of these files is there: "
                    + candidates.joined(separator: ", "))
        }
        return found
    }

    static func lines(of path: String) throws -> [String] {
        var lines: [String] = []
        try forEachLine(of: path) { _, bytes in
            bytes.withUnsafeBufferPointer { lines.append(String(decoding: $0, as: UTF8.self)) }
        }
        return lines
    }

    static func bytes(of path: String) throws -> [UInt8] {
        var all: [UInt8] = []
        try forEachLine(of: path) { _, bytes in
            bytes.withUnsafeBufferPointer { all.append(contentsOf: $0) }
            all.append(UInt8(ascii: "\n"))
        }
        return all
    }

    private func candidates(_ prefix: String, _ endings: [String]) -> [String] {
        let prefix = prefix.hasSuffix("/") ? String(prefix.dropLast()) : prefix
        return endings.flatMap { [prefix + $0, prefix + $0 + ".gz"] }
    }

    private func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }
}
