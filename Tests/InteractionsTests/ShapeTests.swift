import Interactions
import Testing

/// Orders and tables that do not hold one event a line.
@Suite struct ShapeTests {
    /// A file's text, its name, what it is read with, and the events in it.
    struct Shape: Sendable, CustomTestStringConvertible {
        var name: String
        var file = "events.csv"
        var text: String
        var columns = ""
        var format: FileFormat?
        var separator: String?
        var lines: Int
        var rows: [String]

        var testDescription: String { name }

        func options() throws -> ReadOptions {
            var options = ReadOptions()
            options.table.columns = try ColumnMapping(parsing: columns)
            options.table.format = format
            options.table.listSeparator = separator
            return options
        }
    }

    private static let orders = [
        "a kettle purchase 1.0 - 1", "a mug purchase 1.0 - 1", "b kettle purchase 1.0 - 2",
    ]

    static let shapes = [
        Shape(
            name: "JSON, a list of ids", file: "o.jsonl",
            text: """
                {"order": 1, "customer": "a", "items": ["kettle", "mug"]}
                {"order": 2, "customer": "b", "items": ["kettle"]}
                """, lines: 2, rows: orders),
        Shape(
            name: "JSON, a list under another name, mapped", file: "o.jsonl",
            text: """
                {"order": 1, "customer": "a", "stuff": ["kettle", "mug"]}
                {"order": 2, "customer": "b", "stuff": ["kettle"]}
                """, columns: "item=stuff", lines: 2, rows: orders),
        Shape(
            name: "JSON, numbers, nulls and an empty list", file: "o.jsonl",
            text: """
                {"order": 1, "customer": "a", "items": [17, null, "caf\\u00e9"]}
                {"order": 2, "customer": "b", "items": []}
                {"order": 3, "customer": "b", "items": null}
                """, lines: 1,
            rows: ["a 17 purchase 1.0 - 1", "a café purchase 1.0 - 1"]),
        Shape(
            name: "JSON, line items with quantities", file: "o.jsonl",
            text: """
                {"id": 1, "name": "#1", "customer": {"id": "a"}, "line_items": [{"id": 91, "sku": "kettle", "quantity": 2}, {"id": 92, "sku": "mug", "quantity": 1}]}
                {"id": 2, "customer": {"id": "b"}, "line_items": [{"sku": "kettle", "id": 93, "quantity": 1}]}
                """, lines: 2,
            rows: [
                "a kettle purchase 2.0 - 1", "a mug purchase 1.0 - 1", "b kettle purchase 1.0 - 2",
            ]),
        Shape(
            name: "JSON, a member of line items mapped", file: "o.jsonl",
            text: """
                {"order": 1, "customer": "a", "items": [{"sku": 1, "ean": "kettle"}, {"sku": 2, "ean": "mug"}]}
                {"order": 2, "customer": "b", "items": [{"sku": 1, "ean": "kettle"}]}
                """, columns: "item=items.ean", lines: 2, rows: orders),
        Shape(
            name: "a JSON array over several lines", file: "o.json",
            text: """
                [
                  {"order": 1, "customer": "a",
                   "item": "kettle"},
                  {"order": 1, "customer": "a", "item": "mug"}, {"order": 2,
                   "customer": "b", "item": "kettle"}
                ]
                """, lines: 3, rows: orders),
        Shape(
            name: "a JSON array on one line", file: "o.json",
            text:
                "[{\"order\":1,\"customer\":\"a\",\"items\":[\"kettle\",\"mug\"]},{\"order\":2,\"customer\":\"b\",\"items\":[\"kettle\"]}]",
            lines: 2, rows: orders),
        Shape(
            name: "JSON objects over several lines", file: "-",
            text: """
                {
                  "order": 1, "customer": "a", "items": ["kettle", "mug"]
                }
                {
                  "order": 2, "customer": "b", "items": ["kettle"]
                }
                """, lines: 2, rows: orders),
        Shape(
            name: "JSON in a cell",
            text:
                "order,customer,items\n1,a,\"[\"\"kettle\"\", \"\"mug\"\"]\"\n2,b,\"[\"\"kettle\"\"]\"\n",
            lines: 2, rows: orders),
        Shape(
            name: "objects in a cell",
            text: "order,customer,items\n1,a,\"[{\"\"sku\"\":\"\"kettle\"\",\"\"qty\"\":3}]\"\n",
            lines: 1, rows: ["a kettle purchase 3.0 - 1"]),
        Shape(
            name: "a Python list in a cell",
            text:
                "order,customer,item\n1,a,\"['kettle', \"\"mug's\"\"]\"\n2,b,['kettle']\n3,b,[]\n",
            lines: 2,
            rows: [
                "a kettle purchase 1.0 - 1", "a mug's purchase 1.0 - 1",
                "b kettle purchase 1.0 - 2",
            ]),
        Shape(
            name: "ids between bars in a column called products",
            text: "order,customer,products\n1,a,kettle|mug\n2,b,kettle\n", lines: 2, rows: orders),
        Shape(
            name: "ids between semicolons",
            text: "order,customer,line_items\n1,a,kettle; mug;\n2,b,kettle\n", lines: 2,
            rows: orders),
        Shape(
            name: "ids between blanks, as said",
            text: "order,customer,items\n1,a,kettle mug\n2,b,kettle\n", separator: " ", lines: 2,
            rows: orders),
        Shape(
            name: "one basket a line", text: "kettle,mug\nkettle\n", format: .baskets, lines: 2,
            rows: [
                "- kettle purchase 1.0 - events.csv:1", "- mug purchase 1.0 - events.csv:1",
                "- kettle purchase 1.0 - events.csv:2",
            ]),
        Shape(
            name: "one basket a line, filled up and with a header",
            text: "Item(s),Item 1,Item 2\n2,kettle,mug\n1,kettle,\n", format: .baskets, lines: 2,
            rows: [
                "- kettle purchase 1.0 - events.csv:2", "- mug purchase 1.0 - events.csv:2",
                "- kettle purchase 1.0 - events.csv:3",
            ]),
        Shape(
            name: "one basket a line between blanks", text: "1 2\n1\n", format: .baskets, lines: 2,
            rows: [
                "- 1 purchase 1.0 - events.csv:1", "- 2 purchase 1.0 - events.csv:1",
                "- 1 purchase 1.0 - events.csv:2",
            ]),
        Shape(
            name: "a user and all her items, as LightGCN has them", text: "0 7 8\n1 7\n2\n",
            format: .userItems, lines: 2,
            rows: ["0 7 purchase 1.0 - -", "0 8 purchase 1.0 - -", "1 7 purchase 1.0 - -"]),
        Shape(
            name: "one-hot with ids", text: "order_id,kettle,mug\n1,1,1\n2,1,0\n", format: .oneHot,
            lines: 2,
            rows: [
                "- kettle purchase 1.0 - 1", "- mug purchase 1.0 - 1", "- kettle purchase 1.0 - 2",
            ]),
        Shape(
            name: "one-hot without ids, with words and quantities",
            text: "kettle,mug,tea\nTrue,False,3\nFalse,False,?\nt,f,0\n", format: .oneHot, lines: 2,
            rows: [
                "- kettle purchase 1.0 - events.csv:2", "- tea purchase 3.0 - events.csv:2",
                "- kettle purchase 1.0 - events.csv:4",
            ]),
    ]

    @Test("A shape that is plain is read, whatever pieces it comes in", arguments: shapes)
    func plain(shape: Shape) throws {
        for windowBytes in [1, 7, 64, 1 << 20] {
            let (dataset, report) = try readEvents(
                shape.text, shape.options(), file: shape.file, windowBytes: windowBytes)
            #expect(rows(dataset) == shape.rows, "\(report)")
            #expect(report.linesRead == shape.lines, "\(report)")
        }
    }

    @Test(
        "Any other is refused by a name, with what helps",
        arguments: [
            (
                "events.csv", "citrus fruit,margarine,soup\nyogurt,coffee\nmilk\n",
                "--format baskets"
            ),
            ("events.txt", "0 7 8 9\n1 7 8\n", "--format user-items"),
            ("events.csv", "milk,bread,beer\n1,0,1\n0,0,1\n", "--format one-hot"),
            (
                "events.csv", "1,2014-04-07T10:51:09.277Z,214,0\n1,2014-04-07T10:54:09Z,215,0\n",
                "names columns by number"
            ),
            ("events.csv", "order,customer,items\n1,a,3\n2,b,4\n", "--list-separator"),
            ("e.json", "[[\"kettle\", \"mug\"]]", "holds arrays where objects are meant"),
            ("e.json", "[1, 2]", "holds values where objects are meant"),
            ("e.json", "[{\"user\": \"a\", \"item\": \"b\"}", "the array is never closed"),
            ("e.json", "[{\"user\": \"a\",\n \"item\": \"b\"", "is never closed"),
            (
                "e.json", "{\"orders\": [{\"user\": \"a\"}], \"pets\": [{\"cat\": 1}]}",
                "write that array alone, as jq '.orders' does"
            ),
            ("e.jsonl", "{\"user\": \"a\", \"item\": {\"ean\": 1}}", "no column says the item"),
        ])
    func refused(file: String, text: String, hint: String) throws {
        let error = try #require(errorReading(text, file: file))
        #expect(error.message.contains(hint), "\(error)")
    }

    @Test("A ragged file without a header says what it may be")
    func ragged() throws {
        let error = errorReading(
            "citrus,bread,soup\nfruit,yogurt\n", try mapped("item=1,basket=2"))
        #expect(error?.line == 2 && error?.message.contains("--format baskets") == true)
    }

    @Test("A list of ids in a user's column is refused")
    func userLists() throws {
        let error = errorReading("{\"user\": [\"a\", \"b\"], \"item\": 1}", file: "e.jsonl")
        #expect(error?.column?.name == "user" && error?.message.contains("JSON array") == true)
    }
}
