import Foundation
import Interactions
import TestFolders
import Testing

/// What spreadsheets, editors and downloads wrap around a table.
@Suite struct WrappingTests {
    private let plain = "customer,sku,order,title\na,kettle,1,Kettle\nb,mug,2,Mug\n"

    @Test("A table is the same under any line end, mark and encoding")
    func disguises() throws {
        let expected = try rows(readEvents(plain).dataset)
        #expect(expected.count == 2)
        func utf16(_ encoding: String.Encoding, _ mark: [UInt8]) -> [UInt8] {
            mark + Array(plain.data(using: encoding)!)
        }
        let semicolons = plain.replacing(",", with: ";")
        let disguises: [(String, [UInt8], String?)] = [
            ("CRLF", Array(plain.replacing("\n", with: "\r\n").utf8), nil),
            ("CR", Array(plain.replacing("\n", with: "\r").utf8), "lines end in CR alone"),
            ("UTF-8 mark", Array("\u{feff}\(plain)".utf8), nil),
            (
                "UTF-16, little", utf16(.utf16LittleEndian, [0xff, 0xfe]),
                "csv, fields between \",\", UTF-16"
            ),
            (
                "UTF-16, big", utf16(.utf16BigEndian, [0xfe, 0xff]),
                "csv, fields between \",\", UTF-16"
            ),
            (
                "UTF-32", utf16(.utf32LittleEndian, [0xff, 0xfe, 0, 0]),
                "csv, fields between \",\", UTF-32"
            ),
            ("sep=", Array("sep=;\r\n\(semicolons)".utf8), "csv, fields between \";\", UTF-8"),
            ("sep= behind a mark", Array("\u{feff}SEP=;\n\(semicolons)".utf8), nil),
            ("sep=, alone", Array("sep=,\n\(plain)".utf8), nil),
        ]
        for (name, bytes, note) in disguises {
            let (dataset, report) = try readEvents(bytes)
            #expect(rows(dataset) == expected, "\(name)")
            #expect(dataset.catalog.titles == ["Kettle", "Mug"], "\(name)")
            if let note {
                #expect(report.description.contains(note), "\(name): \(report)")
            }
        }
    }

    @Test("Line numbers count what stands before the table")
    func lineNumbers() {
        let error = errorReading("sep=;\nuser;item;quantity\na;b;1\na;b;many\n")
        #expect(error?.line == 4 && error?.column?.name == "quantity")
    }

    @Test("Windows-1252 is told from UTF-8, in titles and in ids")
    func windows1252() throws {
        let text: [UInt8] = Array("user,item,title\nM".utf8) + [0xfc] + Array("ller,a,".utf8)
        let (dataset, report) = try readEvents(text + [0x80, 0x20, 0x93, 0x94, 0x0a])
        #expect(dataset.users[0] == "Müller")
        #expect(dataset.catalog.titles == ["€ “”"])
        #expect(report.notes.contains { $0.contains("taken for windows-1252") })
        // One damaged title does not make Turkish of a whole file.
        let mixed = Array("user,item,title\nMüller,a,Café\nb,b,".utf8) + [0xe9, 0x0a]
        let (other, _) = try readEvents(mixed)
        #expect(other.users[0] == "Müller" && other.catalog.titles == ["Café", "é"])
    }

    @Test("A character that does not fit the window's end is read all the same")
    func characterAtEnd() throws {
        let lines = (0..<400).map { "u\($0),M" }
        let bytes = Array("user,item\n".utf8) + lines.flatMap { Array($0.utf8) + [0xfc, 0x0a] }
        for windowBytes in [1, 2, 3, 7, 8, 64, 1000] {
            let (dataset, report) = try readEvents(bytes, windowBytes: windowBytes)
            #expect(dataset.events.count == 400 && dataset.items[0] == "Mü")
            #expect(report.files[0].encoding == "windows-1252")
        }
        let units: [UInt8] = "user,item\nu,Mü€\n".utf16.flatMap { unit -> [UInt8] in
            [UInt8(unit & 255), UInt8(unit >> 8)]
        }
        let wide: [UInt8] = [0xff, 0xfe] + units
        for windowBytes in 1...9 {
            #expect(try readEvents(wide, windowBytes: windowBytes).dataset.items[0] == "Mü€")
        }
    }

    @Test("An encoding can be named, and a wrong one is told")
    func named() throws {
        var options = ReadOptions()
        options.table.encoding = "SHIFT_JIS"
        let bytes: [UInt8] = Array("user,item,title\nu,a,".utf8) + [0x82, 0xa8, 0x92, 0x83, 0x0a]
        #expect(try readEvents(bytes, options).dataset.catalog.titles == ["お茶"])
        options.table.encoding = "KLINGON"
        let unknown = #expect(throws: ReadError.self) { try readEvents(bytes, options) }
        #expect(unknown?.message.contains("no encoding \"KLINGON\"") == true)
        options.table.encoding = "UTF-8"
        let wrong = #expect(throws: ReadError.self) { try readEvents(bytes, options) }
        #expect(wrong?.message.contains("byte 21 is not UTF-8") == true, "\(wrong!)")
    }

    @Test(
        "Files that are no text are named, with what to do",
        arguments: [
            ([0x50, 0x4b, 0x03, 0x04, 20, 0], "xlsx"),
            ([0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1], ".xls"),
            (Array("PAR1\u{15}".utf8), "read_parquet"), (Array("ARROW1".utf8), "read_feather"),
            (Array("BZh91AY".utf8), "bunzip2"), ([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00], "unxz"),
            ([0x28, 0xb5, 0x2f, 0xfd], "unzstd"), (Array("SQLite format 3\0".utf8), "sqlite3"),
            (Array("%PDF-1.7".utf8), "PDF"), (Array("\n<!DOCTYPE HTML>".utf8), "web page"),
            (Array("<html lang=en>".utf8), "web page"), (Array("<?xml version".utf8), "XML"),
        ] as [([UInt8], String)])
    func foreign(head: [UInt8], word: String) throws {
        for bytes in [head + Array("rest\n".utf8), gzipped(head + Array("rest\n".utf8))] {
            let error = #expect(throws: ReadError.self) { try readEvents(bytes) }
            #expect(error?.code == .notText && error?.message.contains(word) == true)
        }
    }

    @Test("A header that comes again is left out and told, in any case and behind a mark")
    func repeatedHeaders() throws {
        let text =
            "customer,sku,order\na,kettle,1\nCustomer,SKU,Order\na,mug,1\n"
            + "\u{feff}customer,sku,order\nb,kettle,2\n"
        let (dataset, report) = try readEvents(text)
        #expect(rows(dataset).count == 3 && report.linesRead == 3)
        #expect(
            report.notes.contains(
                "events.csv: the header came again in 2 lines, first in line 3, and was left out"))
        let (_, catalog) = try readCatalog("id,title\na,Tea\nid,title\nb,Pot\n")
        #expect(catalog.notes.contains { $0.contains("in 1 line, first in line 3") })
    }

    @Test("Two columns of one name are refused where one of them would be used")
    func twins() throws {
        let error = errorReading("sku,customer,order,sku\n,a,1,kettle\n")
        #expect(error?.message.contains("two columns are called \"sku\", 1 and 4") == true)
        #expect(try readEvents("sku,customer,x,x\nkettle,a,1,2\n").dataset.events.count == 1)
    }

    @Test("Roles that are not mapped keep their usual names, and what is unused is told")
    func partialMapping() throws {
        var options = ReadOptions()
        options.table.columns = try ColumnMapping(parsing: "item=code,time=")
        let (dataset, report) = try readEvents(
            "customer,code,sku,date,order,color\na,k,other,never,1,red\n", options)
        #expect(rows(dataset) == ["a k purchase 1.0 - 1"])
        #expect(
            report.description.contains(
                "events.csv: columns taken as user=customer,item=code,basket=order; "
                    + "unused: sku, date, color"), "\(report.notes)")
    }
}
