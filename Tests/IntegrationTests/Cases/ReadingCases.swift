import Interactions

/// Tables as files: what stands for nothing, how times, numbers and text are written.
extension Case {
    /// The bytes as a gzip member whose block is stored, not compressed (RFC 1951, section 3.2.4).
    private static func gzipped(_ bytes: [UInt8]) -> [UInt8] {
        func littleEndian(_ number: some FixedWidthInteger) -> [UInt8] {
            withUnsafeBytes(of: number.littleEndian) { Array($0) }
        }
        var crc = ~UInt32(0)
        for byte in bytes {
            crc ^= UInt32(byte)
            for _ in 0..<8 { crc = crc >> 1 ^ (crc & 1 == 1 ? 0xedb8_8320 : 0) }
        }
        let count = UInt16(bytes.count)
        let head: [UInt8] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255, 1]
        return head + littleEndian(count) + littleEndian(~count) + bytes + littleEndian(~crc)
            + littleEndian(UInt32(count))
    }

    private static let markers = [
        "NA", "N/A", "n/a", "#N/A", "<NA>", "NaN", "NaT", "NULL", "null", "(null)", "None", "nil",
        "undefined", "\\N", "-", "--", "#REF!",
    ]

    /// Lines that have a marker each, and one with a value.
    private static func lines(_ header: String, _ line: (String) -> String) -> String {
        header + "\n" + markers.map { line($0) + "\n" }.joined() + line("x") + "\n"
    }

    private static func json(_ line: (String) -> String) -> String {
        (markers + ["x"]).map { line($0.replacing("\\", with: "\\\\")) + "\n" }.joined()
    }

    @CaseTable static var missingValues: [Case] {
        Case(
            "users in CSV", lines("user,item,order") { "\($0),a,1" },
            read: ["users": 1, "eventsWithoutUser": 17, "missingValues.NA": 1],
            says: ["taken for missing", "\"(null)\" once", "--missing"], users: ["x"])
        Case(
            "users in TSV", lines("user\titem\torder") { "\($0)\ta\t1" }, file: "events.tsv",
            read: ["users": 1, "eventsWithoutUser": 17])
        Case(
            "users in quotes, with blanks",
            lines("user,item,order") { "\"  \($0) \",a,1" }, read: ["users": 1])
        Case(
            "users in JSON Lines", json { #"{"user":"\#($0)","item":"a","order":1}"# },
            file: "events.jsonl", read: ["users": 1, "eventsWithoutUser": 17], users: ["x"])
        Case(
            "items", lines("user,item,order") { "u,\($0),1" },
            read: ["items": 1, "leftOut.no item": 17], items: ["x"])
        Case(
            "items in JSON Lines", json { #"{"user":"u","item":"\#($0)"}"# }, file: "events.jsonl",
            read: ["items": 1, "leftOut.no item": 17])
        Case(
            "baskets", lines("user,item,order") { "u,a,\($0)" },
            read: ["baskets": 1, "eventsKept": 18])
        Case(
            "times", lines("user,item,order,date") { "u,a,1,\($0 == "x" ? "2024-01-02" : $0)" },
            read: ["eventsWithoutTime": 17, "firstTime": 1_704_153_600])
        Case(
            "times in JSON Lines",
            json { #"{"user":"u","item":"a","time":"\#($0 == "x" ? "2024-01-02" : $0)"}"# },
            file: "events.jsonl", read: ["eventsWithoutTime": 17])
        Case(
            "quantities and prices",
            lines("user,item,order,quantity,price") {
                "u,a,1,\($0 == "x" ? "2,3" : "\($0),\($0)")"
            },
            read: ["eventsKept": 18])
        Case(
            "shoppers whom nobody knows",
            "user,item,order\nguest,a,1\nGuest,a,2\n-1,a,3\nanonymous,a,4\nunknown,a,5\nu,guest,6\n",
            read: ["users": 1, "eventsWithoutUser": 5], says: ["\"guest\" once"],
            items: ["a", "guest"])
        Case(
            "texts of one's own instead",
            "user,item,order\n0,a,1\nno one,a,2\nNA,a,3\nu,0,4\n", "--missing", "0,no one",
            read: ["users": 1, "eventsWithoutUser": 2, "leftOut.no item": 1], users: ["NA"])
        Case(
            "an id that only begins like one", "user,item,order\nNA1,None-2,n/a3\n",
            saysNot: ["taken for missing"], items: ["None-2"], users: ["NA1"])
        Case(
            "a catalog's title, price and stock",
            catalog: "id,title,category,price,stock\na,NA,#N/A,N/A,NULL\nb,B,C,2,3\n",
            says: ["taken for missing"], titles: ["a": "", "b": "B"], prices: ["a": 0, "b": 2],
            stocks: ["a": Catalog.untrackedStock, "b": 3])
        Case(
            "a catalog in JSON Lines",
            catalog: #"{"id":"a","title":null,"price":"NaN","stock":"None"}"# + "\n",
            file: "items.jsonl", titles: ["a": ""], prices: ["a": 0],
            stocks: ["a": Catalog.untrackedStock])
    }

    @CaseTable static var times: [Case] {
        Case(
            "day numbers with parts of days", "user,item,date\nu,a,40513.351389\nu,b,40543.5\n",
            read: ["firstTime": 1_291_191_960, "lastTime": 1_293_796_800])
        Case(
            "whole day numbers", "user,item,InvoiceDate\nu,a,45292\nu,b,45293\n",
            read: ["firstTime": 1_704_067_200])
        Case(
            "day numbers in JSON Lines",
            "{\"user\":\"u\",\"item\":\"a\",\"time\":40513.5}\n", file: "events.jsonl",
            read: ["firstTime": 1_291_204_800])
        Case(
            "YYYYMMDDHHMM", "user,item,date\nu,a,201012010826\n", read: ["firstTime": 1_291_191_960]
        )
        Case(
            "YYYYMMDDHHMMSS", "user,item,date\nu,a,20101201082600\n",
            read: ["firstTime": 1_291_191_960])
        Case(
            "YYYYMMDD as a float", "user,item,date\nu,a,20101201.0\n",
            read: ["firstTime": 1_291_161_600])
        Case(
            "milliseconds", "user,item,ts\nu,a,1439694000000\n", read: ["firstTime": 1_439_694_000])
        Case(
            "microseconds", "user,item,event_time\nu,a,1700000000000000\nu,b,1700000001000000\n",
            read: ["firstTime": 1_700_000_000, "lastTime": 1_700_000_001])
        Case(
            "nanoseconds in JSON Lines",
            "{\"user\":\"u\",\"item\":\"a\",\"time\":1700000000000000000}\n",
            file: "events.jsonl", read: ["firstTime": 1_700_000_000])
        Case(
            "days that MySQL has none for",
            "user,item,date\nu,a,0000-00-00 00:00:00\nu,b,2024-01-02 00:00:00\nu,c,0000-00-00\n",
            read: ["eventsWithoutTime": 2, "firstTime": 1_704_153_600])
        Case(
            "all of them years ahead", "user,item,date\nu,a,2144-01-01\nu,b,2145-01-01\n",
            says: ["2 times lie before 1990 or more than a year ahead"])
        Case(
            "the month first", "user,item,date\nu,a,12/13/2010 8:26\nu,b,1/2/2011 9:00\n",
            read: ["firstTime": 1_292_228_760])
        Case(
            "the day first", "user,item,date\nu,a,13.12.2010 08:26\nu,b,1.2.2011 09:00\n",
            read: ["firstTime": 1_292_228_760])
        Case(
            "either first, and no line tells", "user,item,date\nu,a,1/2/2011\nu,b,3/4/2011\n",
            code: 1, says: ["column 3 (date)", "day-first or month-first"])
        Case(
            "days 1 to 711", "user,item,DAY,time\nu,a,1,1\nu,b,1,711\n", code: 1,
            says: ["column 4 (time)", "--time-format day-numbers", "--columns time="])
        Case(
            "the same, as said", "user,item,time\nu,a,1\nu,b,711\n", "--time-format", "day-numbers",
            read: ["lastTime": 61_430_400])
        Case(
            "the same, left out", "user,item,time\nu,a,1\nu,b,711\n", "--columns", "time=",
            read: ["eventsWithoutTime": 2])
        Case(
            "years", "user,item,time\nu,a,2019\nu,b,2020\n", code: 1, says: ["years", "(time)"])
        Case(
            "a clock of its own", "user,item,time\nu,a,15\nu,b,86400\n", code: 1,
            says: ["(time)", "--time-format"])
        Case(
            "two of many years off",
            "user,item,time\nu,a,-1\nu,b,2122867355\n"
                + (0..<5).map { "u,c,\(1_511_544_070 + $0)\n" }.joined(),
            read: ["eventsKept": 7], says: ["2 times lie before 1990 or more than a year ahead"])
        Case(
            "a word among times", "user,item,date\nu,a,2024-01-02\nu,b,soon\n", code: 1,
            says: ["events.csv:3: column 3 (date): \"soon\" is not a time as iso-8601"])
        Case(
            "a catalog's day numbers", catalog: "id,available_from\na,45292\nb,45293.5\n",
            says: ["spreadsheet-days"])
        Case(
            "a catalog's years", catalog: "id,available_from\na,2019\nb,2020\n", code: 1,
            says: ["items.csv", "(available_from)", "--catalog-columns available_from="])
    }

    private static func windows1252(_ before: String, _ after: String) -> [UInt8] {
        // CHILD’S €5 – Ü
        Array(before.utf8) + [0x43, 0x48, 0x49, 0x4c, 0x44, 0x92, 0x53, 0x20, 0x80, 0x35]
            + [0x20, 0x96, 0x20, 0xdc] + Array(after.utf8)
    }

    private static let plain = "customer,sku,order\na,kettle,1\na,mug,1\nb,kettle,2\nb,mug,2\n"
    private static let counts = ["users": 2, "items": 2, "baskets": 2, "eventsKept": 4]

    private static func utf16(_ text: String, isLittle: Bool) -> [UInt8] {
        (isLittle ? [0xff, 0xfe] : [0xfe, 0xff])
            + text.utf16.flatMap { unit -> [UInt8] in
                let bytes = [UInt8(unit & 255), UInt8(unit >> 8)]
                return isLittle ? bytes : bytes.reversed()
            }
    }

    /// The first bytes of a kind of file, and what is said of it.
    private static let foreign: [(name: String, head: [UInt8], says: String)] = [
        ("xlsx", [0x50, 0x4b, 3, 4, 20, 0, 6, 0], "save the sheet as CSV"),
        ("xls", [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1], "CSV"),
        ("parquet", Array("PAR1".utf8) + [0x15, 4, 0], "read_parquet"),
        ("bz2", Array("BZh91AY&SY".utf8), "bunzip2"),
        ("xz", [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0], "unxz"),
        ("zst", [0x28, 0xb5, 0x2f, 0xfd, 4], "unzstd"),
        ("sqlite", Array("SQLite format 3\0".utf8), "sqlite3"),
        ("pdf", Array("%PDF-1.7\n".utf8), "PDF"),
        ("html", Array("<!DOCTYPE html><html>".utf8), "web page"),
    ]

    @CaseTable static var wrappings: [Case] {
        Case("sep=;", "sep=;\n" + plain.replacing(",", with: ";"), read: counts)
        Case(
            "SEP=| behind a mark", "\u{feff}SEP=|\r\n" + plain.replacing(",", with: "|"),
            read: counts)
        Case(
            "sep= of a catalog", catalog: "sep=;\nid;title\na;Tea, green\n",
            titles: ["a": "Tea, green"])
        Case("CRLF", plain.replacing("\n", with: "\r\n"), read: counts)
        Case(
            "CR", plain.replacing("\n", with: "\r"), read: counts,
            says: ["lines end in CR alone"])
        Case("CR in a catalog", catalog: "id,title\ra,Tea\rb,Mug\r", titles: ["b": "Mug"])
        Case("no line end at the end", String(plain.dropLast()), read: counts)
        Case("UTF-16", bytes: utf16(plain, isLittle: true), read: counts)
        Case("UTF-16, the other way round", bytes: utf16(plain, isLittle: false), read: counts)
        Case(
            "UTF-16 JSON Lines",
            bytes: utf16("{\"user\":\"a\",\"item\":\"Ü\"}\n", isLittle: true),
            file: "events.jsonl", items: ["Ü"])
        Case(
            "Windows-1252 in events", bytes: windows1252("user,item,title\na,kettle,", "\n"),
            says: ["taken for windows-1252; --encoding"], titles: ["kettle": "CHILD’S €5 – Ü"])
        Case(
            "Windows-1252 in a catalog", catalogBytes: windows1252("id,title\na,", "\n"),
            says: ["items.csv: is not UTF-8, taken for windows-1252"],
            titles: ["a": "CHILD’S €5 – Ü"])
        Case(
            "Windows-1252 in ids", bytes: windows1252("user,item\na,", "\n"),
            items: ["CHILD’S €5 – Ü"])
        Case(
            "Windows-1252 in JSON Lines",
            bytes: windows1252("{\"user\":\"a\",\"item\":\"", "\"}\n"), file: "events.jsonl",
            items: ["CHILD’S €5 – Ü"])
        Case(
            "an encoding that is named", bytes: Array("user,item\na,".utf8) + [0x82, 0xa8, 10],
            ["--encoding", "SHIFT_JIS"], items: ["お"])
        Case(
            "an encoding that it is not", bytes: windows1252("user,item\na,", "\n"),
            ["--encoding", "UTF-8"], code: 1, says: ["is not UTF-8; --encoding"])
        Case(
            "an encoding that is none", plain, "--encoding", "EBCDIC-XY", code: 1,
            says: ["there is no encoding \"EBCDIC-XY\"; iconv -l"])
        Case("an empty file", "", code: 1, says: ["events.csv: is empty"])
        Case(
            "packed twice", bytes: gzipped(gzipped(Array(plain.utf8))), file: "events.csv.gz",
            code: 1, says: ["is packed by gzip twice"])
        Case(
            "two packed files, one behind the other",
            bytes: gzipped(Array(plain.utf8)) + gzipped(Array(plain.utf8)), file: "events.csv.gz",
            says: ["the header came again in 1 line"])
        Case(
            "a report's title above the header",
            "Sales of 2024,,\n,,\ncustomer,sku,order\na,kettle,1\n", code: 1,
            says: ["line 3 looks like the header; leave out the lines before it"])
        Case(
            "a comment above the header", "# exported at noon\ncustomer,sku,order\na,kettle,1\n",
            code: 1, says: ["line 2 looks like the header; leave out the lines before it"])
        Case(
            "a terminal's commands in a header, an id and a missing value",
            "user,item,a\u{1b}[2Jb,\u{7}\na,x,1,2\n\u{9b}2J,00\u{1b}7,1,2\n",
            command: ["train", "events.csv", "--model", "popularity", "--missing", "\u{9b}2J"],
            says: ["·[2Jb", "\"·2J\" once"])
        for kind in foreign {
            let bytes = kind.head + Array("\u{1b}[2J, \n\0\n".utf8)
            Case(
                "\(kind.name) called CSV", bytes: bytes, code: 1,
                says: [kind.says, "events.csv"])
            Case(
                "\(kind.name) as itself", bytes: bytes, file: "events.\(kind.name)", code: 1,
                says: [kind.says])
            Case(
                "\(kind.name) as a catalog", catalogBytes: bytes, code: 1,
                says: [kind.says, "items.csv"])
        }
    }

    @CaseTable static var numbers: [Case] {
        Case(
            "decimal commas, as said",
            "customer;sku;order;quantity;price\na;k;1;1.000;1.234,50\na;m;1;2;2,55\n",
            "--decimal-comma", read: ["eventsKept": 2], says: ["such as \"1.000\""])
        Case(
            "decimal commas, not said", "customer;sku;order;price\na;k;1;2,55\n", code: 1,
            says: ["events.csv:2: column 4 (price): \"2,55\" is not a number; --decimal-comma"])
        Case(
            "decimal commas in JSON Lines",
            #"{"customer":"a","sku":"k","price":"1.234,50"}"# + "\n", file: "events.jsonl",
            code: 1, says: ["events.jsonl:1: field price", "--decimal-comma"])
        Case(
            "a number as two", "customer;sku;order;quantity\na;k;1;1,000,5\n", code: 1,
            says: ["(quantity): \"1,000,5\" is not a number"])
        Case(
            "a catalog's currencies",
            catalog: "id,price\na,\"$1,234.50\"\nb,15.00 EUR\n",
            says: ["with a currency or with thousands apart"], prices: ["a": 1234.5, "b": 15])
        Case(
            "a catalog's decimal commas", catalog: "id;price\na;1.234,50 €\nb;2,5\n",
            "--decimal-comma", prices: ["a": 1234.5, "b": 2.5])
        Case(
            "a catalog's decimal commas, not said", catalog: "id;price\na;2,55\n", code: 1,
            says: ["items.csv:2: column 2 (price)", "--decimal-comma"])
        Case(
            "numbers past all bounds", "user,item,quantity\nu,a,1e39\n", code: 1,
            says: ["events.csv:2: column 3 (quantity): \"1e39\" is larger than a number may be"])
        Case(
            "nan and inf are none", "user,item,quantity\nu,a,inf\n", code: 1,
            says: ["\"inf\" is not a number"])
    }
}
