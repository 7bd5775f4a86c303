import Interactions
import Testing

/// Ids that are written in more than one way.
@Suite struct SpellingTests {
    private static let composed = "caf\u{e9} cr\u{e8}me"
    private static let decomposed = "cafe\u{301} cre\u{300}me"

    private func options(_ change: (inout ReadOptions) -> Void) -> ReadOptions {
        var options = ReadOptions()
        change(&options)
        return options
    }

    @Test("Composed and decomposed accents are one id on request, and two otherwise")
    func composing() throws {
        let text =
            "user,item,order\nJos\u{e9},\(Self.decomposed),1\nJose\u{301},\(Self.composed),2\n"
        let (two, _) = try readEvents(text)
        #expect(two.items.count == 2 && two.users.count == 2)
        let (one, report) = try readEvents(text, options { $0.composesIdentifiers = true })
        #expect(one.items.count == 1 && one.users.count == 1)
        // Byte by byte: as strings both spellings are equal.
        #expect(Array(one.items[0].utf8) == Array(Self.composed.utf8))
        #expect(report.identifiers.composed == 1, "\(report)")
    }

    @Test("Catalogs, JSON and case folding go by the same rule")
    func everywhere() throws {
        let folding = options {
            $0.composesIdentifiers = true
            $0.foldsItemCase = true
        }
        let (dataset, _) = try readEvents(
            "{\"user\": \"u\", \"item\": \"\(Self.decomposed)\"}\n{\"user\": \"v\", \"item\": \"CAF\u{e9} cr\u{e8}me\"}",
            folding, file: "e.jsonl")
        #expect(dataset.items.count == 1)
        var reader = DatasetReader(folding)
        try reader.readEvents(
            from: MemorySource(Array("user,item\nu,\(Self.decomposed)\n".utf8)), file: "e.csv")
        try reader.readCatalog(
            from: MemorySource(Array("id,title\n\(Self.composed),Coffee\n".utf8)), file: "c.csv")
        let made = reader.finish().dataset
        #expect(made.items.count == 1 && made.catalog.titles == ["Coffee"])
    }

    @Test(
        "Ids are folded as they are compared",
        arguments: [
            ("85123A", false, false, "85123A"), ("85123A", true, false, "85123a"),
            ("E\u{301}a", false, true, "\u{c9}a"), ("E\u{301}A", true, true, "\u{e9}a"),
            ("\u{c9}A", true, false, "\u{e9}a"), ("\u{394}\u{416}", true, false, "\u{3b4}\u{436}"),
        ])
    func folded(id: String, case foldsCase: Bool, composes: Bool, expected: String) {
        let folding = IdentifierFolding(foldsCase: foldsCase, composes: composes)
        #expect(Array(folding.folded(id).utf8) == Array(expected.utf8))
    }
}
