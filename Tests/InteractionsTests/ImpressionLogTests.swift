import Interactions
import Testing

private func readLog(
    _ text: String, _ options: ImpressionLogOptions = ImpressionLogOptions()
) throws(ReadError) -> (log: ImpressionLog, notes: [String]) {
    var reader = ImpressionLogReader(options)
    try reader.read(from: MemorySource(Array(text.utf8)), file: "log.csv")
    return try reader.finish()
}

private func fault(_ text: String, _ options: ImpressionLogOptions = ImpressionLogOptions())
    -> String?
{
    do {
        _ = try readLog(text, options)
        return nil
    } catch {
        return error.description
    }
}

/// Each impression as `request item position propensity reward`.
private func rows(_ log: ImpressionLog) -> [String] {
    (0..<log.count).map { i in
        "\(log.requests[i]) \(log.items[Int(log.shown[i])]) \(log.positions[i]) "
            + "\(log.propensities[i]) \(log.rewards[i])"
    }
}

@Suite struct ImpressionLogTests {
    @Test func `lines of one request belong together and its first one tells the context`() throws {
        let (log, _) = try readLog(
            """
            request_id,user_id,basket,time,item_id,position,propensity,reward
            r1,anna,teapot|tea,2024-05-01T10:00:00Z,cup,1,0.5,0
            r2,guest,,2024-05-01T10:00:01Z,cup,1,0.25,1
            r1,,,,"sugar, white",2,1e-6,12.5
            r1,anna,teapot|tea,2024-05-01T10:00:00Z,milk,3,1,true
            """)
        #expect(
            rows(log) == [
                "0 cup 1 0.5 0.0", "1 cup 1 0.25 1.0", "0 sugar, white 2 1e-06 12.5",
                "0 milk 3 1.0 1.0",
            ])
        #expect(log.requestCount == 2 && log.positionMax == 3)
        #expect(log.basket(ofRequest: 0).map { log.items[Int($0)] } == ["teapot", "tea"])
        #expect(log.basket(ofRequest: 1).isEmpty)
        #expect(log.requestUsers == [0, EventTable.none] && log.users[0] == "anna")
        #expect(log.requestTimes == [1_714_557_600, 1_714_557_601])
    }

    @Test func `columns may be mapped and most may be missing`() throws {
        var options = ImpressionLogOptions()
        options.columns = try ImpressionColumns(parsing: "item=shown,reward=revenue, time=")
        let (log, notes) = try readLog(
            "shown;revenue;pscore;time\na;0;0.5;noon\nb;3;0.5;later\n", options)
        #expect(rows(log) == ["0 a 1 0.5 0.0", "1 b 1 0.5 3.0"])
        #expect(notes.contains { $0.contains("item=shown,propensity=pscore,reward=revenue") })
        #expect(notes.contains { $0.contains("no column says the request") })
        #expect(notes.contains { $0.contains("no column says the position") })
    }

    @Test func `gzip is unpacked`() throws {
        let bytes = gzipped(Array("item,propensity,click\na,0.5,1\n".utf8))
        var reader = ImpressionLogReader()
        try reader.read(from: unpacked(MemorySource(bytes), file: "log.csv.gz"), file: "log.csv.gz")
        #expect(try reader.finish().log.rewards == [1])
    }

    @Test func `the Open Bandit Dataset is known by its columns`() throws {
        let (log, notes) = try readLog(
            """
            ,timestamp,item_id,position,click,propensity_score,user_feature_0,user-item_affinity_0,\
            user-item_affinity_1,user-item_affinity_2
            0,2019-11-24 00:00:17.004101+00:00,2,2,0,0.087125,81ce12,0.0,0.0,1.0
            1,2019-11-24 00:00:19.715857+00:00,0,1,1,1e-06,03a564,0.0,0.0,0.0
            """)
        #expect(log.isOpenBandit)
        // The item that no line shows is one that could have been.
        #expect(log.items.count == 3)
        #expect(rows(log) == ["0 2 2 0.087125 0.0", "1 0 1 1e-06 1.0"])
        #expect(log.requestTimes == [1_574_553_617, 1_574_553_619])
        #expect(notes.contains { $0.contains("the Open Bandit Dataset, 3 items") })
    }

    @Test(
        arguments: [
            (
                "r,a,1,0,1",
                "column 4 (propensity): 0.0 is no propensity, which is above 0 and at most 1"
            ),
            (
                "r,a,1,1.5,1",
                "column 4 (propensity): 1.5 is no propensity, which is above 0 and at most 1"
            ),
            (
                "r,a,1,-0.5,1",
                "column 4 (propensity): -0.5 is no propensity, which is above 0 and at most 1"
            ),
            ("r,a,1,,1", "column 4 (propensity): the propensity is missing"),
            ("r,a,1,half,1", "column 4 (propensity): \"half\" is not a number"),
            ("r,a,1,nan,1", "column 4 (propensity): \"nan\" is not a number"),
            ("r,a,0,1,1", "column 3 (position): \"0\" is no position, which is 1 to 1000"),
            ("r,a,1.5,1,1", "column 3 (position): \"1.5\" is no position, which is 1 to 1000"),
            ("r,a,1001,1,1", "column 3 (position): \"1001\" is no position, which is 1 to 1000"),
            (
                "r,a,1,1,",
                "column 5 (reward): the reward is missing; where nothing came of it, it is 0"
            ),
            ("r,a,1,1,yes", "column 5 (reward): \"yes\" is not a number"),
            ("r,,1,1,1", "column 2 (item): the item is missing"),
            (",a,1,1,1", "column 1 (request): the request is missing"),
            (
                "ok,b,1,1,1",
                "column 3 (position): the request has something at position 1 already, in line 2"
            ),
            ("ok,a,2,1,1", "column 2 (item): the request shows \"a\" already, in line 2"),
            ("r,a,1,1", "has 4 fields, where the header has 5"),
        ])
    func `a bad line is named with its field and limit`(line: String, message: String) {
        let text = "request,item,position,propensity,reward\nok,a,1,0.5,1\n\(line)\n"
        #expect(fault(text) == "log.csv:3: \(message)")
    }

    @Test func `a request that is told in two ways is refused`() {
        let head = "request,user,basket,time,item,position,propensity,click\n"
        let first = "r,u,a|b,2024-05-01,x,1,0.5,0\n"
        for (line, message) in [
            (
                "r,v,a|b,2024-05-01,y,2,0.5,0",
                "column 2 (user): \"v\" is not who asked in the request's first line"
            ),
            (
                "r,u,a,2024-05-01,y,2,0.5,0",
                "column 3 (basket): is not the basket of the request's first line"
            ),
            (
                "r,u,a|b,2024-05-02,y,2,0.5,0",
                "column 4 (time): is not the time of the request's first line"
            ),
        ] {
            #expect(fault(head + first + line + "\n") == "log.csv:3: \(message)")
        }
    }

    @Test func `as many bad lines as are tolerated are left out and reported`() throws {
        var options = ImpressionLogOptions()
        options.badLinesMax = 2
        let text = "item,propensity,click\na,2,1\nb,0.5,1\nc,0,1\n"
        let (log, notes) = try readLog(text, options)
        #expect(rows(log) == ["0 b 1 0.5 1.0"])
        #expect(notes.contains("log.csv: 2 of 3 lines were left out"))
        options.badLinesMax = 1
        #expect(
            fault(text, options)?.hasSuffix("(bad line 2, where 1 are tolerated)") == true)
    }

    @Test func `what a file lacks is said`() {
        #expect(
            fault("item,click\na,1\n")
                == "log.csv: no column says the propensity; the columns are item, click; map one, as "
                + "in propensity=item")
        #expect(fault("item,propensity,click\n") == "impression log: has no impressions")
        #expect(
            fault("{\"item\": 1}\n") == "log.csv: is JSON; impression logs are CSV with a header")
        #expect(
            fault("item,item,propensity,click\na,a,1,1\n")
                == "log.csv: two columns are called \"item\"")
    }
}
