import Interactions
import Testing

@Suite struct TimeTests {
    private func seconds(_ format: TimeFormat, _ text: String) -> Int64? {
        Array(text.utf8).withUnsafeBufferPointer { format.seconds($0) }
    }

    @Test(
        "A time is read in its format",
        arguments: [
            (.unixSeconds, "0", 0), (.unixSeconds, "1396437466.94", 1_396_437_466),
            (.unixSeconds, "-1", -1), (.unixSeconds, " 12 ", 12),
            (.unixMilliseconds, "1396437466940", 1_396_437_466), (.unixMilliseconds, "-1", -1),
            (.compactDate, "20101201", 1_291_161_600), (.iso8601, "1970-01-01", 0),
            (.iso8601, "2010-12-01 08:26:00", 1_291_191_960),
            (.iso8601, "2010-12-01T08:26", 1_291_191_960),
            (.iso8601, "2010/12/01 08:26:00", 1_291_191_960),
            (.iso8601, "2010-12-01T08:26:00.123456Z", 1_291_191_960),
            (.iso8601, "2010-12-01T08:26:00+01:00", 1_291_188_360),
            (.iso8601, "2010-12-01T08:26:00-0530", 1_291_211_760),
            (.iso8601, "2010-12-01T08:26:00+01", 1_291_188_360),
            (.iso8601, "2019-10-01 00:00:00 UTC", 1_569_888_000),
            (.iso8601, "2016-12-31T23:59:60Z", 1_483_228_799),
            (.iso8601, "2000-02-29", 951_782_400), (.iso8601, "1969-12-31 23:59:59", -1),
            (.iso8601, "0001-01-01", -62_135_596_800), (.dayFirst, "01/12/2010", 1_291_161_600),
            (.dayFirst, "1.12.2010 8:26", 1_291_191_960),
            (.dayFirst, "01-12-10 08:26:00", 1_291_191_960),
            (.dayFirst, "01/12/69", -2_678_400), (.monthFirst, "12/1/2010 8:26", 1_291_191_960),
            (.monthFirst, "12/01/2010 08:26 PM", 1_291_235_160),
            (.monthFirst, "12/01/2010 12:26:00 am", 1_291_163_160),
            (.monthFirst, "12/01/2010 12:26PM", 1_291_206_360),
        ] as [(TimeFormat, String, Int64)])
    func reads(format: TimeFormat, text: String, expected: Int64) {
        #expect(seconds(format, text) == expected)
    }

    @Test(
        "What is no such time is refused",
        arguments: [
            (.unixSeconds, "2010-12-01"), (.unixSeconds, "1e30"), (.unixSeconds, ""),
            (.iso8601, "2010-13-01"), (.iso8601, "2010-02-29"), (.iso8601, "2010-12-01T24:00"),
            (.iso8601, "2010-12-01T08:60"), (.iso8601, "2010-12-01T08:26:61"),
            (.iso8601, "2010-12-01T08:26:00+24:00"), (.iso8601, "2010-12-01 x"),
            (.iso8601, "2010-12/01"), (.iso8601, "10-12-01"), (.iso8601, "2010-12-01T08:26:00Z1"),
            (.iso8601, "1900-02-29"), (.iso8601, "0000-01-01"), (.dayFirst, "13/13/2010"),
            (.monthFirst, "13/01/2010"), (.dayFirst, "01/12/2010 13:00 PM"),
            (.dayFirst, "01/12/201"), (.dayFirst, "01/12.2010"), (.compactDate, "20101301"),
            (.compactDate, "2010120"),
        ] as [(TimeFormat, String)])
    func refuses(format: TimeFormat, text: String) {
        #expect(seconds(format, text) == nil)
    }

    @Test("Every day is the one after the day before")
    func calendar() {
        var expected: Int64 = -2_208_988_800  // 1900-01-01
        for year in 1900...2110 {
            let isLeap = year % 4 == 0 && year % 100 != 0 || year % 400 == 0
            for (i, days) in [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
                .enumerated()
            {
                for day in 1...days {
                    #expect(seconds(.iso8601, "\(year)-\(i + 1)-\(day)") == expected)
                    expected += 86_400
                }
                #expect(seconds(.iso8601, "\(year)-\(i + 1)-\(days + 1)") == nil)
            }
        }
    }

    @Test("A written time is read back")
    func roundTrip() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededGenerator(seed: seed)
        for _ in 0..<10_000 {
            let time = Int64.random(in: -62_135_596_800..<253_402_300_800, using: &random)
            #expect(seconds(.iso8601, isoTime(time)) == time, "seed \(seed)")
        }
    }

    @Test(
        "The format is found out from the first times",
        arguments: zip(
            [
                ["1291191960", "1291191961", "5"], ["1291191960000", "1291191960001"],
                ["1396437466.94"],
                ["20101201", "20110228"], ["20101201.0"], ["", "2010-12-01 08:26:00"],
                ["01/12/2010", "13/12/2010"], ["12/1/2010 8:26", "12/13/2010 8:26"],
                ["junk", "2010-12-01"], ["201012010826", "201012311200"], ["20101201082600"],
                ["40513.351388889", "40543.5"], ["40513"], ["1511544070", "1511561733", "0"],
            ],
            [
                TimeFormat.unixSeconds, .unixMilliseconds, .unixSeconds, .compactDate, .compactDate,
                .iso8601, .dayFirst, .monthFirst, .iso8601, .compactTime, .compactTime,
                .spreadsheetDays, .spreadsheetDays, .unixSeconds,
            ]))
    func detection(texts: [String], format: TimeFormat) throws {
        var options = ReadOptions()
        options.table.badLinesMax = 1
        let (dataset, report) = try readEvents(
            "user,item,time\n" + texts.enumerated().map { "u,i\($0),\($1)\n" }.joined(),
            options)
        #expect(report.description.contains(", times taken as \(format.rawValue)\n"), "\(report)")
        let expected = texts.compactMap { text in
            text.isEmpty ? EventTable.noTime : seconds(format, text)
        }
        #expect(dataset.events.times == expected)
    }

    @Test(
        "Numbers that are no times of a shop are refused with what they may be",
        arguments: [
            (["1", "711"], "day numbers (--time-format day-numbers)"),
            (["2009", "2010"], "years"), (["20101201", "20111301"], "dates as YYYYMMDD"),
            (["99999999"], "a clock of its own"),
            (["-5"], "nothing known"), (["9999999999999"], "between 1990 and next year"),
        ])
    func implausible(texts: [String], guess: String) throws {
        let text = "user,item,day\n" + texts.map { "u,i,\($0)\n" }.joined()
        var options = ReadOptions()
        options.table.columns = try ColumnMapping(parsing: "time=day")
        let error = try #require(errorReading(text, options))
        #expect(error.column?.name == "day" && error.message.contains(guess), "\(error)")
        // Asked for, they are what they are said to be.
        for format in [TimeFormat.dayNumbers, .unixSeconds] where Int(texts[0])! < 1_000_000 {
            options.timeFormat = format
            let (dataset, _) = try readEvents(text, options)
            let unit: Int64 = format == .dayNumbers ? 86_400 : 1
            #expect(dataset.events.times == texts.map { Int64($0)! * unit })
        }
    }

    @Test("A few times far from the others are told")
    func outliers() throws {
        let (_, report) = try readEvents(
            "user,item,time\nu,a,1511544070\nu,b,1511561733\nu,e,1511561734\nu,c,-25200\n"
                + "u,d,2131000000\n")
        #expect(
            report.notes.contains {
                $0.hasPrefix("2 times lie before 1990 or more than a year ahead, from 1969-12-31T")
            }, "\(report.notes)")
    }

    @Test("Day or month first is looked for far into the file, and never guessed")
    func dayOrMonth() throws {
        let open = "user,item,date\n" + String(repeating: "u,i,01/12/2010\n", count: 3000)
        let error = try #require(errorReading(open))
        #expect(error.code == .options)
        #expect(error.column == ReadError.Column(number: 3, name: "date"))
        #expect(error.message.contains("choose the time format day-first or month-first"))
        let (decided, _) = try readEvents(open + "u,i,12/31/2010\n")
        #expect(decided.events.times[0] == 1_263_254_400)
        var options = ReadOptions()
        options.timeFormat = .dayFirst
        #expect(try readEvents(open, options).dataset.events.times[0] == 1_291_161_600)
        options.timeFormat = .monthFirst
        #expect(try readEvents(open, options).dataset.events.times[0] == 1_263_254_400)
    }

    @Test("A column without one known time is refused, and a later bad time is a bad line")
    func badTimes() throws {
        let unknown = try #require(errorReading("user,item,time\nu,i,soon\n"))
        #expect(unknown.code == .options)
        #expect(unknown.message.contains("\"soon\" is in none of the time formats"))
        let late = try #require(errorReading("user,item,time\nu,i,2010-12-01\nu,i,01.12.2010\n"))
        #expect(
            late.description
                == "events.csv:3: column 3 (time): \"01.12.2010\" is not a time as iso-8601")
    }
}
