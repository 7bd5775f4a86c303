import Bundles
import Foundation
import Interactions
import TestFolders
import Testing

/// An input as real shops leave it, a command that reads it, and what must come of it.
///
/// Tables of these are in the files beside this one, by the kind of trouble.
struct Case: Sendable, CustomTestStringConvertible {
    /// What is tried.
    var name: String
    /// File contents by name; the bundle goes to `bundle` beside them.
    var files: [String: [UInt8]]
    /// The command line; a word that names one of the files stands for its path.
    var command: [String]
    var code: Int32 = 0
    /// Numbers in the report of what was read, such as `users`; those of `leftOut` and
    /// `missingValues` as `leftOut.no item`.
    var read: [String: Int] = [:]
    /// What the notes, or the error, must say; and must not.
    var says: [String] = []
    var saysNot: [String] = []
    /// The ids in the bundle, in any order; nil for any.
    var items: [String]?
    var users: [String]?
    /// By item id, what the bundle has of it.
    var titles: [String: String] = [:]
    var prices: [String: Float] = [:]
    var stocks: [String: Int32] = [:]

    var testDescription: String { name }

    /// Reads `events.csv`, or files named otherwise, by `sidecart train`.
    init(
        _ name: String, _ text: String, file: String = "events.csv", _ options: String...,
        code: Int32 = 0, read: [String: Int] = [:], says: [String] = [], saysNot: [String] = [],
        items: [String]? = nil, users: [String]? = nil
    ) {
        self.init(
            name, bytes: Array(text.utf8), file: file, options, code: code, read: read, says: says,
            saysNot: saysNot, items: items, users: users)
    }

    init(
        _ name: String, bytes: [UInt8], file: String = "events.csv", _ options: [String] = [],
        code: Int32 = 0, read: [String: Int] = [:], says: [String] = [], saysNot: [String] = [],
        items: [String]? = nil, users: [String]? = nil,
        titles: [String: String] = [:]
    ) {
        self.name = name
        files = [file: bytes]
        command = ["train", file, "--model", "popularity", "--json"] + options
        (self.code, self.read, self.says, self.saysNot) = (code, read, says, saysNot)
        (self.items, self.users, self.titles) = (items, users, titles)
    }

    /// Reads a catalog beside two plain events, of the items `a` and `b`.
    init(
        _ name: String, catalog: String, file: String = "items.csv", _ options: String...,
        code: Int32 = 0, read: [String: Int] = [:], says: [String] = [], saysNot: [String] = [],
        titles: [String: String] = [:], prices: [String: Float] = [:],
        stocks: [String: Int32] = [:]
    ) {
        self.init(
            name, catalogBytes: Array(catalog.utf8), file: file, options, code: code, read: read,
            says: says, saysNot: saysNot, titles: titles)
        (self.prices, self.stocks) = (prices, stocks)
    }

    init(
        _ name: String, catalogBytes: [UInt8], file: String = "items.csv", _ options: [String] = [],
        code: Int32 = 0, read: [String: Int] = [:], says: [String] = [], saysNot: [String] = [],
        titles: [String: String] = [:]
    ) {
        self.name = name
        files = ["events.csv": Array("user,item,order\nu,a,1\nu,b,1\n".utf8), file: catalogBytes]
        command =
            ["train", "events.csv", "--catalog", file, "--model", "popularity", "--json"] + options
        (self.code, self.read, self.says, self.saysNot) = (code, read, says, saysNot)
        self.titles = titles
    }

    /// Runs another command than `train`; its figures go to standard output.
    init(
        _ name: String, _ text: String, command: [String], code: Int32 = 0, says: [String] = [],
        saysNot: [String] = []
    ) {
        self.name = name
        files = ["events.csv": Array(text.utf8)]
        self.command = command
        (self.code, self.says, self.saysNot) = (code, says, saysNot)
    }

    /// Several files; a word that begins with `@` stands for a path among them.
    init(
        _ name: String, files: [String: String], command: [String], code: Int32 = 0,
        says: [String] = [], saysNot: [String] = []
    ) {
        self.name = name
        self.files = files.mapValues { Array($0.utf8) }
        self.command = command
        (self.code, self.says, self.saysNot) = (code, says, saysNot)
    }

    /// Runs the command by the built program, and checks all that it says and writes.
    func check() throws {
        let folder = TemporaryFolder()
        for (file, bytes) in files {
            try Data(bytes).write(to: URL(fileURLWithPath: folder[file]))
        }
        var arguments = command.map { word in
            word.hasPrefix("@")
                ? folder[String(word.dropFirst())] : files[word] == nil ? word : folder[word]
        }
        if command[0] == "train" { arguments += ["--out", folder["bundle"]] }
        let outcome = try Program.run(arguments)
        try #require(outcome.code == code, "\(outcome.errors)\(outcome.output)")
        #expect(outcome.errors.isPrintable && outcome.output.isPrintable, "\(outcome.errors)")
        var said = outcome.errors + outcome.output
        if code != 0 {
            let lines = outcome.errors.split(separator: "\n").filter { $0.hasPrefix("Error: ") }
            #expect(lines.count == 1, "\(outcome.errors)")
            #expect(!FileManager.default.fileExists(atPath: folder["bundle"]))
        } else if command.contains("--json") {
            let report = try #require(try outcome.json()["read"] as? [String: Any])
            for (name, number) in read {
                #expect(Self.number(name, in: report) == number, "\(name): \(report)")
            }
            said += try #require(report["notes"] as? [String]).joined(separator: "\n")
        }
        for part in says { #expect(said.contains(part), "\(part) is not in:\n\(said)") }
        for part in saysNot { #expect(!said.contains(part), "\(part) is in:\n\(said)") }
        if code == 0, command[0] == "train" { try check(ModelBundle.read(from: folder["bundle"])) }
    }

    private static func number(_ path: String, in report: [String: Any]) -> Int? {
        if let number = report[path] as? Int { return number }
        guard let dot = path.firstIndex(of: ".") else { return nil }
        let inner = report[String(path[..<dot])] as? [String: Int]
        return inner?[String(path[path.index(after: dot)...])]
    }

    private func check(_ bundle: ModelBundle) {
        func ids(_ table: IdentifierTable) -> [String] {
            (0..<table.count).map { table[$0] }.sorted()
        }
        if let items { #expect(ids(bundle.items) == items.sorted()) }
        if let users { #expect(ids(bundle.users) == users.sorted()) }
        for (id, title) in titles {
            #expect(bundle.place(of: id).map { bundle.catalog.titles[$0] } == title)
        }
        for (id, price) in prices {
            #expect(bundle.place(of: id).map { bundle.catalog.prices[$0] } == price, "\(id)")
        }
        for (id, stock) in stocks {
            #expect(bundle.place(of: id).map { bundle.catalog.stocks[$0] } == stock, "\(id)")
        }
    }
}

/// Makes a table, row by row.
@resultBuilder enum CaseTable {
    static func buildExpression(_ row: Case) -> [Case] { [row] }
    static func buildExpression(_ rows: [Case]) -> [Case] { rows }
    static func buildBlock(_ rows: [Case]...) -> [Case] { rows.flatMap { $0 } }
    static func buildArray(_ rows: [[Case]]) -> [Case] { rows.flatMap { $0 } }
}

extension ModelBundle {
    fileprivate func place(of item: String) -> Int? { items.index(of: item).map { Int($0) } }
}

extension String {
    /// Text that changes nothing of a terminal but its lines.
    var isPrintable: Bool {
        unicodeScalars.allSatisfy {
            $0 == "\n" || ($0.properties.generalCategory != .control && $0 != "\u{fffd}")
        }
    }
}

extension ProgramTests {
    /// Every kind of trouble with its variants, through the built program.
    @Suite struct CaseTests {
        @Test("Missing values, in any column and format", arguments: Case.missingValues)
        func missingValues(_ one: Case) throws { try one.check() }

        @Test("Times, as spreadsheets and programs write them", arguments: Case.times)
        func times(_ one: Case) throws { try one.check() }

        @Test("Encodings, and files that are no text", arguments: Case.wrappings)
        func wrappings(_ one: Case) throws { try one.check() }

        @Test("Headers that come again, and columns of one name or role", arguments: Case.headers)
        func headers(_ one: Case) throws { try one.check() }

        @Test("Orders, lists and tables that hold no event a line", arguments: Case.shapes)
        func shapes(_ one: Case) throws { try one.check() }

        @Test("Ids that programs have changed, share or make awkward", arguments: Case.identifiers)
        func identifiers(_ one: Case) throws { try one.check() }

        @Test("Numbers as people write them", arguments: Case.numbers)
        func numbers(_ one: Case) throws { try one.check() }

        @Test("Kinds of events, and returns", arguments: Case.kinds)
        func kinds(_ one: Case) throws { try one.check() }

        @Test("Catalogs and feeds", arguments: Case.catalogs)
        func catalogs(_ one: Case) throws { try one.check() }

        @Test("Thresholds at their bounds", arguments: Case.bounds)
        func bounds(_ one: Case) throws { try one.check() }

        @Test("Ratings of any scale", arguments: Case.ratings)
        func ratings(_ one: Case) throws { try one.check() }

        @Test("Splits that would hold out nothing, or nearly all", arguments: Case.splits)
        func splits(_ one: Case) throws { try one.check() }
    }
}
