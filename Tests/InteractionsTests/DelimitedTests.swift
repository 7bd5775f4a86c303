import Interactions
import Testing

@Suite struct DelimitedTests {
    @Test(
        "A field is read as RFC 4180 has it",
        arguments: [
            ("plain", "plain"), ("\"quoted\"", "quoted"), ("\"a,b\"", "a,b"),
            ("\"say \"\"hi\"\"\"", "say \"hi\""), ("\"\"\"\"", "\""),
            ("\"two\nlines\"", "two\nlines"),
            ("\"two\r\nlines\"", "two\r\nlines"), ("12\" pizza stone", "12\" pizza stone"),
            ("\"\"", ""), ("", ""), ("\"ends in quote\"\"\"", "ends in quote\""), ("é ☕", "é ☕"),
        ])
    func quoting(field: String, title: String) throws {
        for lineEnd in ["\n", "\r\n"] {
            let text = ["user,title,item", "u,\(field),i", "v,,j"].joined(separator: lineEnd)
            for windowBytes in 1...text.utf8.count {
                let (dataset, _) = try readEvents(text, windowBytes: windowBytes)
                #expect(dataset.catalog.titles == [title, ""], "\(windowBytes) bytes")
                #expect(rows(dataset) == ["u i purchase 1.0 - -", "v j purchase 1.0 - -"])
            }
        }
    }

    @Test(
        "The same lines give the same events however they end",
        arguments: [
            "user,item\nu,a\nu,b\n", "user,item\r\nu,a\r\nu,b\r\n", "user,item\nu,a\nu,b",
            "user,item\r\nu,a\nu,b\r\n", "\u{feff}user,item\nu,a\nu,b\n",
            "user,item\n\nu,a\n\n\r\nu,b\n\n", "\"user\",\"item\"\n\"u\",\"a\"\n\"u\",\"b\"",
            "user\titem\nu\ta\nu\tb\n", "user;item\nu;a\nu;b", "user|item\nu|a\nu|b",
            "item,extra,user\na,1,u\nb,2,u\n",
        ])
    func layouts(text: String) throws {
        for windowBytes in 1...text.utf8.count {
            let (dataset, report) = try readEvents(text, windowBytes: windowBytes)
            #expect(rows(dataset) == ["u a purchase 1.0 - -", "u b purchase 1.0 - -"])
            #expect(report.linesRead == 2)
        }
    }

    @Test(
        "Delimiters may be given",
        arguments: zip(
            ["::", " ", "|", "; ", "\t"],
            [
                "u::a:b::2\nv::c::3\n", "u a:b 2\n v  c   3 \n", "u|a:b|2\nv|c|3",
                "u; a:b; 2\nv; c; 3",
                "u\ta:b\t2\nv\tc\t3",
            ]))
    func delimiters(delimiter: String, text: String) throws {
        let options = try mapped("user=1,item=2,value=3") {
            $0.table.delimiter = delimiter
            $0.table.hasHeader = false
        }
        for windowBytes in 1...text.utf8.count {
            let (dataset, _) = try readEvents(text, options, windowBytes: windowBytes)
            #expect(rows(dataset) == ["u a:b purchase 2.0 - -", "v c purchase 3.0 - -"])
        }
    }

    @Test("A quoted field may be followed by a long delimiter, CRLF or the end")
    func behindQuotes() throws {
        var options = ReadOptions()
        options.table.delimiter = "::"
        let text = "user::item\r\n\"u\"::\"a::\"\"b\"\r\nu::\"c\"\r\n\"u\"::\"d\"\r"
        for windowBytes in 1...text.utf8.count {
            let (dataset, _) = try readEvents(text, options, windowBytes: windowBytes)
            #expect((0..<3).map { dataset.items[$0] } == ["a::\"b", "c", "d"])
        }
        let error = try #require(errorReading("user::item\n\"u\":x::a\n", options))
        #expect(error.message.contains("text follows the closing quote of column 1"))
    }

    @Test("Between tabs a quote stands for itself unless asked for")
    func tabsAndQuotes() throws {
        let text = "user\titem\ttitle\nu\ta\t\"best\" knife\n"
        let (dataset, _) = try readEvents(text, file: "events.tsv")
        #expect(dataset.catalog.titles == ["\"best\" knife"])
        var options = ReadOptions()
        options.table.hasQuotes = true
        #expect(errorReading(text, options, file: "events.tsv")?.line == 2)
    }

    @Test(
        "A bad line is told with its place",
        arguments: [
            ("u,a,1\nu,b\n", 3, nil, "has 2 fields, where the header has 3"),
            ("u,a,1\nu,b,2,3\n", 3, nil, "has 4 fields"),
            ("u,a,x1\n", 2, 3, "\"x1\" is not a number"),
            ("u,\"a\nb\nc\",1\nu,d,1e\n", 5, 3, "\"1e\" is not a number"),
            ("u,a,1\nu,\"b\"c,1\n", 3, nil, "text follows the closing quote of column 2"),
            ("u,a,1\nu,\"b,1\nu,c,1\n", 3, nil, "the quote that opens column 2 is never closed"),
            ("u,a,1\n\"two\nlines\",\"b\"x,1\n", 4, nil, "text follows the closing quote"),
            ("\n\nu,a,1\nu,a,nan1\n", 5, 3, "\"nan1\" is not a number"),
            ("u,a,1e99\n", 2, 3, "is larger than a number may be"),
            ("u,\(String(repeating: "i", count: 257)),1\n", 2, 2, "has 257 bytes, more than 256"),
            ("u\0,a,1\n", 2, 1, "NUL"),
        ])
    func places(text: String, line: Int, column: Int?, message: String) throws {
        let options = try mapped("user=who,item=what,value=many")
        let error = try #require(errorReading("who,what,many\n" + text, options))
        #expect(error.code == .badLine)
        #expect(error.line == line)
        #expect(error.column?.number == column)
        #expect(error.description.contains(message), "\(error)")
    }

    @Test("An id that is not UTF-8 is told by column name")
    func notUTF8() throws {
        let bytes = Array("user,item\nu,caf".utf8) + [0xe9] + Array("\n".utf8)
        let error = #expect(throws: ReadError.self) { try readEvents(bytes) }
        #expect(error?.description.hasPrefix("events.csv:2: column 2 (item): the id") == true)
    }

    @Test("As many bad lines as are tolerated are reported, and one more ends reading")
    func tolerance() throws {
        var text = "user,item,value\n"
        for line in 0..<12 { text += "u,good\(line),1\nu,bad\(line),?\n" }
        var options = ReadOptions()
        options.table.badLinesMax = 12
        let (dataset, report) = try readEvents(text, options)
        #expect(dataset.events.count == 12)
        #expect(report.badLines == 12)
        #expect(report.badLineExamples.count == 10)
        #expect(
            report.badLineExamples.first
                == "events.csv:3: column 3 (value): \"?\" is not a number")
        // What only bad lines name is not in the dataset.
        #expect(dataset.items.count == 12)
        options.table.badLinesMax = 11
        let error = try #require(errorReading(text, options))
        #expect(error.code == .tooManyBadLines)
        #expect(error.line == 25)
    }

    @Test("Reading goes on behind a tolerated line of any kind")
    func recovery() throws {
        let text =
            "user,item\nu,a\nu,\"b\"x\nu,c\nu,d,e\nu,\"f\nu,g\nu,\"multi\nline\"\nu,\"open\nu,h\n"
        var options = ReadOptions()
        options.table.badLinesMax = 5
        for windowBytes in 1...text.utf8.count {
            let (dataset, report) = try readEvents(text, options, windowBytes: windowBytes)
            // The quote before f closes before "multi", which is then text behind it.
            #expect(rows(dataset).map { $0.split(separator: " ")[1] } == ["a", "c", "h"])
            #expect(report.linesRead == report.eventsKept + report.badLines)
            #expect(
                report.badLineExamples.map { $0.split(separator: ":")[1] } == [
                    "3", "5", "8", "9", "10",
                ]
            )
        }
    }

    @Test("Without a header columns go by number")
    func noHeader() throws {
        let options = try mapped("item=2,user=1,value=4") { $0.table.hasHeader = false }
        let (dataset, _) = try readEvents("u,a,x,3\nv,b,y,4\n", options)
        #expect(rows(dataset) == ["u a purchase 3.0 - -", "v b purchase 4.0 - -"])
        let error = try #require(errorReading("u,a,x\n", options))
        #expect(error.code == .missingColumn)
        #expect(error.description.contains("columns go by number, 1 to 3"))
    }

    @Test("An empty file and a blank one are refused")
    func unreadable() throws {
        for text in ["", "\n\n", "\u{feff}"] {
            #expect(errorReading(text)?.message == "is empty")
        }
        // A header alone is a file without events.
        #expect(try readEvents("user,item\n").report.linesRead == 0)
    }

    @Test("Numbers are read as the language reads them, whatever their form")
    func numbers() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededGenerator(seed: seed)
        var texts = [
            "0.1", "-0", "+7", "1e3", "2.5E-3", "123456789012345678901234", "007.50", ".5",
        ]
        for _ in 0..<500 {
            let digits = (0..<Int.random(in: 1...24, using: &random)).map { _ in
                String(Int.random(in: 0...9, using: &random))
            }
            let point = Int.random(in: 0...digits.count, using: &random)
            texts.append(digits[..<point].joined() + "." + digits[point...].joined() + "0")
        }
        let options = try mapped("user=user,item=item,value=value") {
            $0.kind = .rating
            $0.negativeValues = .keep
        }
        let text = "user,item,value\n" + texts.enumerated().map { "u,i\($0),\($1)\n" }.joined()
        let (dataset, _) = try readEvents(text, options)
        for (text, value) in zip(texts, dataset.events.values) {
            let form = text.hasPrefix(".") ? "0" + text : text
            #expect(Float(Double(form)!) == value, "\(text), seed \(seed)")
        }
        let commas = try mapped("user=user,item=item,value=value") {
            $0.table.hasDecimalComma = true
        }
        let (german, _) = try readEvents("user;item;value\nu;i;2,55\n", commas)
        #expect(german.events.values == [2.55])
    }
}
