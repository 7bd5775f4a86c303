import Interactions

/// Code that must be total: whatever bytes it is given, it ends with a result or an error.
package struct FuzzTarget: Sendable {
    /// The name on the command line, such as `csv`.
    package let name: String
    /// Inputs that reach deep, from which others are made.
    package let seeds: [[UInt8]]
    /// Takes an input; traps where a result breaks a rule that always holds.
    package let run: @Sendable ([UInt8]) -> Void

    package static let all: [FuzzTarget] =
        [csv, jsonLines, gzip, catalog, manifest, safetensors, frames, http2] + requests

    /// Inputs made of the seeds by changes that a seeded generator draws: the same at each run.
    package func mutants(count: Int, seed: UInt64) -> [[UInt8]] {
        var random = SeededGenerator(seed: seed)
        return (0..<count).map { _ in
            var bytes = seeds.randomElement(using: &random)!
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                Self.mutate(&bytes, seeds, &random)
            }
            return bytes
        }
    }

    private static func mutate(
        _ bytes: inout [UInt8], _ seeds: [[UInt8]], _ random: inout SeededGenerator
    ) {
        let place = Int.random(in: 0...bytes.count, using: &random)
        switch Int.random(in: 0..<6, using: &random) {
        case 0 where place < bytes.count: bytes[place] = .random(in: 0...255, using: &random)
        case 1 where place < bytes.count:
            bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 2:
            bytes.removeSubrange(
                place..<min(bytes.count, place + .random(in: 1...8, using: &random)))
        case 3: bytes.insert(contentsOf: tokens.randomElement(using: &random)!, at: place)
        case 4: bytes.removeLast(bytes.count - place)
        default:
            let other = seeds.randomElement(using: &random)!
            bytes.replaceSubrange(
                place..., with: other.suffix(.random(in: 0...other.count, using: &random)))
        }
    }

    private static let tokens: [[UInt8]] =
        [
            "\"", "\"\"", ",", "\n", "\r\n", "{", "}", "[", "]", ":", "\\", "\\u0000", "\\ud800",
            "NA",
            "-1", "1e308", "99999999999999999999", "\u{feff}", "é", "null", "true", "sep=;", "::",
        ].map { Array($0.utf8) } + [
            [0], [0xff], [0x80], [0xff, 0xff, 0xff, 0xff], [0, 0, 0, 0, 0, 0, 0, 0x80],
        ]
}
