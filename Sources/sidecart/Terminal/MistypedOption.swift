import ArgumentParser

/// The first option among the arguments that their subcommand does not have.
struct MistypedOption: CustomStringConvertible {
    private let given: String
    private let nearest: String?

    /// nil where there is none.
    init?(in arguments: [String]) {
        let commands = Sidecart.configuration.subcommands
        guard let name = arguments.first,
            let command = commands.first(where: { $0._commandName == name })
        else { return nil }
        let help = Sidecart.helpMessage(for: command, includeHidden: true)
        let known = Set(help.split { !($0.isLetter || $0.isNumber || $0 == "-") }.map(String.init))
        let given = arguments.dropFirst().prefix { $0 != "--" }
            .map { String($0.prefix { $0 != "=" }) }
        guard let unknown = given.first(where: { $0.hasPrefix("--") && !known.contains($0) }) else {
            return nil
        }
        self.given = unknown
        nearest =
            known.filter { $0.hasPrefix("--") }
            .map { (name: $0, distance: Self.distance(Array($0), Array(unknown))) }
            .filter { $0.distance <= 3 }
            .min { ($0.distance, $0.name) < ($1.distance, $1.name) }?.name
    }

    var description: String {
        "Unknown option '\(given)'" + (nearest.map { ". Did you mean '\($0)'?" } ?? "")
    }

    /// How many letters have to be put in, taken out or exchanged (Levenshtein).
    private static func distance(_ a: [Character], _ b: [Character]) -> Int {
        var row = Array(0...b.count)
        for i in a.indices {
            var diagonal = row[0]
            row[0] = i + 1
            for j in b.indices {
                let next = min(row[j] + 1, row[j + 1] + 1, diagonal + (a[i] == b[j] ? 0 : 1))
                (diagonal, row[j + 1]) = (row[j + 1], next)
            }
        }
        return row[b.count]
    }
}
