import Interactions
import Testing

/// Lines that are repeated, and files that are more than memory holds.
@Suite struct EqualEventTests {
    @Test("Equal events are counted and not stored, wherever among recent ones they are")
    func counted() throws {
        let block = "a,kettle,1,2024-01-02\na,mug,2,2024-01-02\nb,kettle,1,2024-01-02\n"
        let text = "user,item,quantity,date\n" + String(repeating: block, count: 1000)
        let (dataset, report) = try readEvents(text)
        #expect(
            rows(dataset) == [
                "a kettle purchase 1000.0 1704153600 -", "a mug purchase 2000.0 1704153600 -",
                "b kettle purchase 1000.0 1704153600 -",
            ])
        #expect(report.linesRead == 3000 && report.eventsKept == 3000)
        #expect(report.eventsCounted == 2997)
        #expect(
            report.notes.contains("2997 events were equal to another one and add to its value"))
    }

    @Test(
        "Events that differ in anything are each stored",
        arguments: [
            "a,i,1,2024-01-02,purchase,1\na,i,1,2024-01-03,purchase,1",
            "a,i,1,2024-01-02,purchase,1\na,j,1,2024-01-02,purchase,1",
            "a,i,1,2024-01-02,purchase,1\nb,i,1,2024-01-02,purchase,1",
            "a,i,1,2024-01-02,purchase,1\na,i,1,2024-01-02,view,1",
            "a,i,1,2024-01-02,purchase,1\na,i,1,2024-01-02,purchase,2",
            "a,i,1,2024-01-02,purchase,1\na,i,1,,purchase,1",
            "a,i,1,2024-01-02,purchase,1\na,i,-1,2024-01-02,purchase,1",
            // What a Float would not add up exactly.
            "a,i,0.1,2024-01-02,purchase,1\na,i,0.1,2024-01-02,purchase,1",
            "a,i,8388607,2024-01-02,purchase,1\na,i,8388607,2024-01-02,purchase,1",
            "a,i,3,2024-01-02,rating,1\na,i,4,2024-01-02,rating,1",
        ])
    func distinct(lines: String) throws {
        let (dataset, report) = try readEvents("user,item,quantity,date,kind,order\n\(lines)\n")
        #expect(rows(dataset).count == 2 && report.eventsCounted == 0)
    }

    @Test("A rating said twice is one rating")
    func ratings() throws {
        let (dataset, _) = try readEvents("user,item,rating,kind\na,i,4,rating\na,i,4,rating\n")
        #expect(rows(dataset) == ["a i rating 4.0 - -"])
    }

    @Test("What reading may take of memory has a limit that names itself")
    func limit() throws {
        var options = ReadOptions()
        options.memoryBytesMax = 4 << 20
        var text = "user,item\n"
        for line in 0..<200_000 { text += "u\(line),i\n" }
        let error = try #require(errorReading(text, options))
        #expect(error.code == .tooLarge && error.line != nil)
        #expect(error.message.contains("more than 4 MiB; --read-mebibytes-max allows more"))
        options.memoryBytesMax = 100 << 20
        #expect(try readEvents(text, options).dataset.events.count == 200_000)
    }

    @Test("Equal events need no more memory than one")
    func bounded() throws {
        var options = ReadOptions()
        options.memoryBytesMax = 1 << 20
        let block = String(repeating: "u,i,1\n", count: 100_000)
        let (dataset, _) = try readEvents("user,item,quantity\n" + block, options)
        #expect(rows(dataset) == ["u i purchase 100000.0 - -"])
    }
}
