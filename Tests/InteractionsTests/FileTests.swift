import Interactions
import TestFolders
import Testing

@Suite struct FileTests {
    /// `user,item` and three lines, as `gzip -9 -n` packs them.
    private let packed: [UInt8] = [
        0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0x2b, 0x2d, 0x4e, 0x2d, 0xd2,
        0xc9, 0x2c, 0x49, 0xcd, 0xe5, 0x2a, 0x35, 0xd4, 0x49, 0x04, 0x11, 0x49, 0x5c, 0xa5, 0x46,
        0x40, 0x16, 0x00, 0x71, 0x6d, 0x4b, 0xb5, 0x19, 0x00, 0x00, 0x00,
    ]
    private let expected = [
        "u1 a purchase 1.0 - -", "u1 b purchase 1.0 - -", "u2 a purchase 1.0 - -",
    ]

    @Test("gzip is unpacked whatever the size of the reads")
    func gzip() throws {
        for windowBytes in 1...40 {
            #expect(rows(try readEvents(packed, windowBytes: windowBytes).dataset) == expected)
        }
        for pieceBytesMax in 1...packed.count {
            var lines: [String] = []
            try forEachLine(
                of: unpacked(
                    MemorySource(packed, pieceBytesMax: pieceBytesMax), file: "x"),
                file: "x", windowBytes: 3, lineBytesMax: 64
            ) { _, line in
                lines.append(String(decoding: line.indices.map { line[$0] }, as: UTF8.self))
            }
            #expect(lines == ["user,item", "u1,a", "u1,b", "u2,a"])
        }
    }

    @Test("Members that follow each other are one file, and zeros may pad the end")
    func members() throws {
        let more = packed + gzipped(Array("u3,c\n".utf8)) + gzipped([]) + [0, 0, 0]
        let (dataset, _) = try readEvents(more)
        #expect(rows(dataset) == expected + ["u3 c purchase 1.0 - -"])
    }

    @Test("Stored and plain bytes give the same events")
    func large() throws {
        var text = "user,item\n"
        for line in 0..<30_000 { text += "user\(line % 977),item\(line % 101)\n" }
        let plain = try readEvents(text).dataset
        let stored = try readEvents(gzipped(Array(text.utf8)), windowBytes: 1 << 16).dataset
        #expect(rows(plain) == rows(stored))
        #expect(plain.events.count == 30_000)
    }

    @Test("Damaged gzip is told as such, wherever it is cut or changed")
    func damaged() {
        for count in 2..<packed.count {
            let error = #expect(throws: ReadError.self) { try readEvents(Array(packed[..<count])) }
            #expect(error?.code == .damagedGzip, "cut to \(count) bytes")
        }
        for i in packed.count - 8..<packed.count {
            var changed = packed
            changed[i] ^= 1
            let error = #expect(throws: ReadError.self) { try readEvents(changed) }
            #expect(error?.code == .damagedGzip, "byte \(i)")
        }
        let garbage = #expect(throws: ReadError.self) { try readEvents(packed + [1, 2, 3]) }
        #expect(garbage?.code == .damagedGzip)
    }

    @Test("Files are read by path, plain or packed, and progress is told")
    func paths() throws {
        let folder = TemporaryFolder()
        var text = "user,item\n"
        for line in 0..<20_000 { text += "u\(line % 10),i\(line % 7)\n" }
        try write(Array(text.utf8), to: folder["plain.csv"])
        try write(gzipped(Array(text.utf8)), to: folder["packed.csv.gz"])
        var told: [ReadProgress] = []
        let (dataset, report) = try Dataset.read(
            events: [folder["plain.csv"], folder["packed.csv.gz"]]
        ) { told.append($0) }
        #expect(dataset.events.values.reduce(0, +) == 40_000)
        #expect(report.files.count == 2)
        #expect(report.linesRead == 40_000)
        #expect(report.bytesRead == text.utf8.count + gzipped(Array(text.utf8)).count)
        #expect(told.map(\.lines) == [8192, 16_384, 20_000, 8192, 16_384, 20_000])
        #expect(told.last?.bytesRead == told.last?.bytesTotal)
        #expect(told.first?.file == folder["plain.csv"])
    }

    @Test("A file that cannot be opened is told with the reason")
    func unopenable() throws {
        let folder = TemporaryFolder()
        let missing = #expect(throws: ReadError.self) {
            try Dataset.read(events: [folder["none.csv"]])
        }
        #expect(missing?.code == .cannotOpen)
        #expect(missing?.description.hasSuffix("No such file or directory") == true)
        let directory = #expect(throws: ReadError.self) { try Dataset.read(events: [folder.path]) }
        #expect(directory?.message == "is a folder, not a file")
    }

    @Test("Lines are lent with their numbers, in pieces of any size")
    func lines() throws {
        let text = "\u{feff}0 12\t-7\r\n\n  x 3 \nlast"
        for pieceBytesMax in 1...text.utf8.count {
            for windowBytes in [1, 2, 5, 64] {
                var seen: [String] = []
                try forEachLine(
                    of: MemorySource(Array(text.utf8), pieceBytesMax: pieceBytesMax), file: "x",
                    windowBytes: windowBytes, lineBytesMax: 64
                ) { number, line in
                    var fields: [String] = []
                    line.forEachField { range in
                        fields.append(line.integer(in: range).map(String.init) ?? "?")
                    }
                    seen.append("\(number): \(fields.joined(separator: ","))")
                }
                #expect(seen == ["1: 0,12,-7", "2: ", "3: ?,3", "4: ?"])
            }
        }
        let long = #expect(throws: ReadError.self) {
            try forEachLine(
                of: MemorySource(Array("ab\nabcdef\n".utf8)), file: "x", windowBytes: 2,
                lineBytesMax: 4
            ) { _, _ in }
        }
        #expect(long?.line == 2)
    }

    @Test("What is written is read back")
    func roundTrip() throws {
        var dataset = Dataset()
        for id in ["a", "b,c", "d \"e\""] { dataset.items.insert(id) }
        for id in ["u1", " u2"] { dataset.users.insert(id) }
        dataset.baskets.insert("o1")
        dataset.events.append(user: 0, item: 0, value: 2, time: 1_291_191_960, basket: 0)
        dataset.events.append(user: 0, item: 1, kind: .rating, value: 4.5, time: -1)
        dataset.events.append(item: 2, kind: .return, value: 1, basket: 0)
        dataset.catalog.update(
            item: 0, title: "Pot, 0.8 l\n\"blue\"", category: ["Kitchen", "Tea"], price: 24.9,
            stock: 0, margin: -0.5, attributes: ["color=blue", "color=red", "size=S"])
        dataset.catalog.update(item: 2, title: "é")
        let folder = TemporaryFolder()
        try dataset.writeEvents(to: folder["events.csv"])
        try dataset.writeCatalog(to: folder["items.csv"])
        #expect(
            try contents(of: folder["events.csv"]) == """
                user,item,kind,value,time,basket
                u1,a,purchase,2,2010-12-01T08:26:00Z,o1
                u1,"b,c",rating,4.5,1969-12-31T23:59:59Z,
                ,"d ""e""\",return,1,,o1
                """)
        let (back, _) = try Dataset.read(
            events: [folder["events.csv"]], catalog: folder["items.csv"])
        #expect(rows(back) == rows(dataset))
        #expect(back.catalog.titles == dataset.catalog.titles)
        #expect(back.catalog.categories == dataset.catalog.categories)
        #expect(back.catalog.prices == dataset.catalog.prices)
        #expect(back.catalog.stocks == dataset.catalog.stocks)
        #expect(back.catalog.attributes == dataset.catalog.attributes)
        #expect(back.catalog.margins == dataset.catalog.margins)
    }

    @Test("A file that cannot be written is told, and none is left")
    func unwritable() throws {
        let folder = TemporaryFolder()
        let error = #expect(throws: WriteError.self) {
            try Dataset().writeEvents(to: folder["none/events.csv"])
        }
        #expect(error?.message.contains("No such file") == true)
        var dataset = Dataset()
        dataset.items.insert("a")
        dataset.catalog.update(item: 0, attributes: ["x=1|2"])
        let split = #expect(throws: WriteError.self) {
            try dataset.writeCatalog(to: folder["items.csv"])
        }
        #expect(split?.message.contains("item a") == true)
        #expect(throws: ReadError.self) { try contents(of: folder["items.csv"]) }
        #expect(throws: ReadError.self) { try contents(of: folder["items.csv.partial"]) }
    }
}
