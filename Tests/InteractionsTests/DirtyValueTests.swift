import Interactions
import Testing

/// Values as programs, spreadsheets and people leave them.
@Suite struct DirtyValueTests {
    @Test(
        "What programs write for a missing value is none, and how often is told",
        arguments: [
            "NA", "N/A", "n/a", "#N/A", "<NA>", "NaN", "NaT", "NULL", "Null", "None", "(null)",
            "nil", "undefined", "-", "\\N",
        ])
    func missing(marker: String) throws {
        let text =
            "user,item,order,time,quantity,price\n"
            + "\(marker),a,1,2020-01-01,1,2\nu,\(marker),1,2020-01-01,1,2\n"
            + "u,b,\(marker),\(marker),\(marker), \(marker) \n"
        let (dataset, report) = try readEvents(text)
        #expect(dataset.users.count == 1 && dataset.items.count == 2)
        #expect(dataset.baskets.count == 1 && report.leftOut == [.noItem: 1])
        #expect(report.eventsWithoutUser == 1 && report.eventsWithoutTime == 1)
        #expect(report.missingValues.values.reduce(0, +) == 6, "\(report.missingValues)")
        #expect(report.notes.contains { $0.contains("taken for missing") })
        let escaped = marker.replacing("\\", with: "\\\\")
        let lines = #"{"user":"\#(escaped)","item":"a","order":1}"#
        #expect(try readEvents(lines, file: "e.jsonl").dataset.users.count == 0)
        let catalog = try readCatalog("id,title,price,stock\na,\(marker),\(marker),\(marker)\n")
        #expect(catalog.dataset.catalog.titles == [""] && catalog.dataset.catalog.prices == [0])
    }

    @Test("Shoppers whom nobody knows are none, and the list can be another")
    func guests() throws {
        let text = "user,item,order\nguest,a,1\n-1,a,2\nGUEST,a,3\n0,a,4\nu,NA,5\nu,a,6\n"
        #expect(try readEvents(text).dataset.users.count == 2)
        var options = ReadOptions()
        options.table.missingMarkers = ["0"]
        let (dataset, report) = try readEvents(text, options)
        #expect(dataset.users.count == 4 && dataset.items.count == 2)
        #expect(report.missingValues == ["0": 1])
        options.table.missingMarkers = ["nobody who is known here"]
        let long = try readEvents("user,item,order\nnobody who is known here,a,1\n", options)
        #expect(long.dataset.users.count == 0)
    }

    @Test(
        "Numbers are read with thousands apart and with a currency",
        arguments: zip(
            [
                "$12.50", "15.00 EUR", "EUR 15", "£1,234.50", "1,000", "12,345,678", "1 000",
                "1'234.5", "1\u{a0}000", "(12.50)", "-$3", "¥100", "99.00 USD",
            ],
            [12.5, 15, 15, 1234.5, 1000, 12_345_678, 1000, 1234.5, 1000, -12.5, -3, 100, 99]
                as [Float]))
    func written(text: String, number: Float) throws {
        func price(_ text: String, comma: Bool) throws -> (Float, ReadReport) {
            var options = ReadOptions()
            options.table.hasDecimalComma = comma
            options.table.delimiter = ";"
            options.table.columns = try ColumnMapping(parsing: "user=u,item=i,value=v")
            options.negativeValues = .keep
            let (dataset, report) = try readEvents("u;i;v\na;b;\(text)\n", options)
            return (dataset.events.values[0], report)
        }
        let (found, report) = try price(text, comma: false)
        #expect(found == number)
        #expect(report.notes.contains { $0.contains("1 numbers were written with") })
        let swapped = String(text.map { $0 == "." ? "," : $0 == "," ? "." : $0 })
        #expect(try price(swapped, comma: true).0 == number)
    }

    @Test(
        "What is no number is told, with the option that may help",
        arguments: [
            ("2,55", "--decimal-comma"), ("1.234,50", "--decimal-comma"),
            ("12,34,567", "is not a number"),
            ("1,0000", "--decimal-comma"), ("five", "is not a number"), ("$", "is not a number"),
            ("1e", "is not a number"), ("EUREUR5", "is not a number"),
        ])
    func notNumbers(text: String, word: String) {
        let error = errorReading("user;item;quantity\na;b;\(text)\n")
        #expect(error?.line == 2 && error?.column?.name == "quantity")
        #expect(error?.message.contains(word) == true, "\(error!)")
    }

    @Test("Ids that a spreadsheet has changed are told, and its quotes are taken off")
    func mangled() throws {
        let (dataset, report) = try readEvents(
            "user,item\na,5.90123E+12\nb,4E+10\na,1-Mar\na,Jan-05\na,=\"00123\"\na,5E-3x\n")
        #expect(dataset.items.index(of: "00123") != nil && dataset.items.count == 6)
        #expect(
            report.notes.contains {
                $0.hasPrefix("2 item ids look rounded by a spreadsheet, such as 5.90123E+12")
            })
        let dates = "2 item ids look as if a spreadsheet had taken them for dates, such as 1-Mar"
        #expect(report.notes.contains { $0.hasPrefix(dates) })
    }

    @Test("A column of ratings that is taken for quantities is told")
    func ratings() throws {
        let text = "user,item,rating\nu,a,4\nu,b,-5\n"
        let note =
            "events.csv: column rating is taken for a quantity; --kind rating takes it for ratings"
        #expect(try readEvents(text).report.notes.contains(note))
        var options = ReadOptions()
        options.kind = .rating
        let (dataset, report) = try readEvents(text, options)
        #expect(dataset.events.values == [4, -5] && !report.notes.contains(note))
    }

    @Test("An id that many share is told, and how to call it missing")
    func sharedUser() throws {
        var text = "user,item,order\n"
        for event in 0..<200 {
            text += "\(event % 5 < 3 ? "0" : "u\(event)"),i\(event % 3),o\(event)\n"
        }
        let (_, report) = try readEvents(text)
        #expect(
            report.notes.contains {
                $0.hasPrefix("user \"0\" has 120 of 200 events (60 %)")
                    && $0.contains("--missing 0")
            }, "\(report.notes)")
    }

    @Test("Baskets numbered anew each day are told, and columns can be joined")
    func joinedBaskets() throws {
        var lines: [(date: String, receipt: Int, item: String)] = []
        for day in 10...30 {
            for receipt in 1...2 {
                for item in ["a", "b"] {
                    lines.append(("2024-04-\(day)", receipt, "\(item)\(receipt)"))
                }
            }
        }
        let csv =
            "date,receipt,sku\n" + lines.map { "\($0.date),\($0.receipt),\($0.item)\n" }.joined()
        let json = lines.map {
            #"{"date":"\#($0.date)","receipt":\#($0.receipt),"sku":"\#($0.item)"}"# + "\n"
        }.joined()
        let (alone, report) = try readEvents(csv)
        #expect(alone.baskets.count == 2)
        #expect(
            report.notes.contains {
                $0.hasPrefix("2 of 2 baskets span more than a day, up to 20, such as \"1\"")
            }, "\(report.notes)")
        var options = ReadOptions()
        options.table.columns = try ColumnMapping(parsing: "basket=date+receipt,time=date")
        for (text, file) in [(csv, "e.csv"), (json, "e.jsonl")] {
            let (joined, report) = try readEvents(text, options, file: file)
            #expect(joined.baskets.count == 42, "\(file)")
            #expect(joined.baskets.index(of: "2024-04-10/1") != nil)
            #expect(!report.notes.contains { $0.contains("span more than a day") })
        }
        // Without one of its parts a line has no basket.
        let (partly, _) = try readEvents("date,receipt,sku,user\n2024-04-10,,a,u\n", options)
        #expect(partly.baskets.count == 0 && partly.events.count == 1)
    }
}
