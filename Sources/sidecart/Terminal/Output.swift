import ArgumentParser
import Foundation

/// What a command prints: tables for people, or JSON for pipes.
enum Output {
    /// Prints one JSON document with sorted keys.
    static func printJSON(_ value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        try print(String(decoding: try encoder.encode(value), as: UTF8.self).escapingControlsOfJSON)
    }

    /// Prints a line to standard output.
    ///
    /// - Throws: ``Failure`` where it cannot be written, which Swift's own `print` keeps to itself:
    ///   a full disk must not look like success.
    static func print(_ text: String) throws {
        do {
            try FileHandle.standardOutput.write(contentsOf: Data((text + "\n").utf8))
        } catch {
            throw Failure("standard output cannot be written: \(error.localizedDescription)")
        }
    }

    /// Prints a line to standard error, where it does not mix with results.
    static func note(_ text: String) {
        writeError(Data((text + "\n").utf8))
    }

    /// Writes to standard error where that can be: a closed or full one must not end the program.
    static func writeError(_ data: Data) {
        try? FileHandle.standardError.write(contentsOf: data)
    }
}

/// The one line a person reads when a command fails; the exit code is 1.
struct Failure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }

    init(_ error: some Error) { description = String(describing: error) }
}

struct OutputOptions: ParsableArguments {
    @Flag(help: "Print JSON instead of a table.")
    var json = false
}

extension Int {
    /// With thousands apart, such as `541,909`.
    var grouped: String {
        var digits = Array(String(magnitude))
        var position = digits.count - 3
        while position > 0 {
            digits.insert(",", at: position)
            position -= 3
        }
        return (self < 0 ? "-" : "") + String(digits)
    }
}
