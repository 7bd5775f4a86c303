import Interactions
import Testing

@Suite struct JSONLinesTests {
    @Test("Objects give events, whatever the order and kind of their values")
    func events() throws {
        let text = """
            {"user_id": "u1", "item_id": 17, "timestamp": 1700000000, "event_type": "add_to_cart"}

            { "event_type" : "buy" , "item_id":"caf\\u00e9 \\"\\ud83d\\ude00\\"","more":{"a":[1,{"b":"}"}]},"user_id":"u2"}
            {"user_id": null, "session_id": "s", "item_id": "x", "quantity": -2.5e0, "event_type": "pv"}\r
            """
        for windowBytes in 1...text.utf8.count {
            let (dataset, _) = try readEvents(text, file: "e.jsonl", windowBytes: windowBytes)
            #expect(
                rows(dataset) == [
                    "u1 17 cart 1.0 1700000000 -", "u2 café \"😀\" purchase 1.0 - -",
                    "- x return 2.5 - s",
                ])
        }
    }

    @Test("Text that begins with a brace is JSON Lines where the name does not tell")
    func sniffed() throws {
        let text = "{\"user\":\"u\",\"item\":\"i\"}\n"
        for file in ["-", "events.txt", "e.ndjson.gz"] {
            #expect(rows(try readEvents(text, file: file).dataset) == ["u i purchase 1.0 - -"])
        }
    }

    @Test(
        "Bad JSON is told with line and byte",
        arguments: [
            ("[1]", "expected an object, which begins with { at byte 1"),
            ("{\"user\" \"u\"}", "expected ':' after the key at byte 9"),
            ("{\"user\":\"u\"", "expected ',' or '}' after the value at byte 12"),
            ("{\"user\":u}", "expected a value at byte 9"),
            ("{\"user\":01}", "expected a value at byte 9"),
            ("{\"user\":1.}", "expected a value at byte 9"),
            ("{\"user\":\"u}", "a string is never closed at byte 9"),
            ("{\"user\":\"\\x\"}", "an unknown escape at byte 10"),
            ("{\"user\":\"\\ud83d\"}", "half a surrogate pair at byte 10"),
            ("{\"user\":\"\\u12g4\"}", "expected four hexadecimal digits at byte 14"),
            ("{\"user\":\"a\tb\"}", "a control character in a string at byte 11"),
            ("{\"user\":[1,2", "an array or object is never closed at byte 13"),
            ("{\"user\":[1,2}", "expected ',' or '}' after the value at byte 14"),
            ("{\"user\":1} x", "text follows the value at byte 12"),
            ("{user:1}", "expected a string at byte 2"),
            ("{\"user\":" + String(repeating: "[", count: 65), "nested deeper than 64"),
        ])
    func badJSON(line: String, message: String) throws {
        let text =
            "{\"user\":\"u\",\"item\":\"i\"}\n\n" + line + "\n{\"user\":\"v\",\"item\":\"j\"}\n"
        let error = try #require(errorReading(text, file: "e.jsonl"))
        #expect(error.code == .badLine)
        #expect(error.line == 3)
        #expect(error.message.contains(message), "\(error)")
        var options = ReadOptions()
        options.table.badLinesMax = 1
        #expect(try readEvents(text, options, file: "e.jsonl").dataset.users.count == 2)
    }

    @Test("No truncation and no changed byte of a line crashes the parser")
    func fuzz() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededGenerator(seed: seed)
        let good = Array(
            #"{"user":"u\u00e9\n","item":[1,{"a":"b"}],"id":-1.5e3,"more":{"k":null},"t":true}"#
                .utf8)
        var options = try mapped("user=user,item=id")
        options.table.badLinesMax = .max
        options.table.format = .jsonLines
        var lines: [[UInt8]] = good.indices.map { Array(good[..<$0]) }
        for _ in 0..<2000 {
            var line = good
            for _ in 0...Int.random(in: 0...3, using: &random) {
                line[Int.random(in: 0..<line.count, using: &random)] =
                    UInt8.random(in: 0...255, using: &random)
            }
            lines.append(line.filter { $0 != 10 })
        }
        let text = good + [10] + Array(lines.joined(separator: [10]))
        let (dataset, report) = try readEvents(text, options)
        #expect(report.badLines > 0 && dataset.events.count > 0, "seed \(seed)")
    }

    @Test("A mapped key that no line of the beginning has is told with those that exist")
    func missingKey() throws {
        let options = try mapped("user=usr,item=item")
        let error = try #require(
            errorReading("{\"user\":1,\"item\":2}\n", options, file: "e.jsonl"))
        #expect(error.code == .missingColumn)
        #expect(error.message.contains("the columns are user, item; did you mean user?"))
    }
}
