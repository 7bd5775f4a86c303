import Interactions
import Testing

@Suite struct CatalogTests {
    private let table = """
        id,title,category,price,stock,color,size
        a,"Teapot, blue",Kitchen > Tea > Teapots,24.9,3,blue|white,
        b,Tea,Food|Tea,,0,,100 g
        c,,,NULL,,,

        """

    @Test("A table gives facts, and its other columns are attributes")
    func csv() throws {
        let (dataset, report) = try readCatalog(table)
        let catalog = dataset.catalog
        #expect((0..<3).map { dataset.items[$0] } == ["a", "b", "c"])
        #expect(catalog.titles == ["Teapot, blue", "Tea", ""])
        #expect(catalog.categories == [["Kitchen", "Tea", "Teapots"], ["Food", "Tea"], []])
        #expect(catalog.prices == [24.9, 0, 0])
        #expect(catalog.stocks == [3, 0, Catalog.untrackedStock])
        #expect(
            catalog.attributes == [["color=blue", "color=white"], ["size=100 g"], []])
        #expect(report.catalogLines == 3)
        #expect(report.itemsOnlyInCatalog == 3)
    }

    @Test("JSON Lines give the same, with arrays and objects too")
    func jsonLines() throws {
        let text = """
            {"id":"a","title":"Teapot, blue","category":["Kitchen","Tea","Teapots"],"price":24.9,"stock":3,"attributes":{"color":["blue","white"]}}
            {"id":"b","title":"Tea","category":"Food|Tea","stock":0,"size":"100 g"}
            {"id":"c","price":null}
            """
        let json = try readCatalog(text, file: "items.jsonl").dataset.catalog
        let csv = try readCatalog(table).dataset.catalog
        #expect(json.titles == csv.titles)
        #expect(json.categories == csv.categories)
        #expect(json.prices == csv.prices)
        #expect(json.stocks == csv.stocks)
        #expect(json.attributes == csv.attributes)
    }

    @Test("Attributes nest, repeat, and are left out where they are long texts")
    func attributes() throws {
        let long = String(repeating: "x", count: 300)
        let text = """
            {"id":1,"attributes":["b=2","a=1"],"tags":["x",true,null,7],"dim":{"w":1,"h":[2,3]},"text":"\(long)"}
            """
        let (dataset, report) = try readCatalog(text, file: "items.jsonl")
        #expect(report.notes.contains { $0.hasPrefix("1 attributes were longer than 256 bytes") })
        #expect(
            dataset.catalog.attributes == [
                ["a=1", "b=2", "dim.h=2", "dim.h=3", "dim.w=1", "tags=7", "tags=true", "tags=x"]
            ])
    }

    @Test("The catalog's word counts more than the events', and ids are cleaned alike")
    func besideEvents() throws {
        var options = ReadOptions()
        options.foldsItemCase = true
        options.excludedItems = ItemFilter(patterns: ["post"])
        var reader = DatasetReader(options)
        try reader.readEvents(
            from: MemorySource(
                Array("user,item,title,price\nu,A,old,1\nu,b,kept,2\nu,POST,fee,3\n".utf8)),
            file: "e.csv")
        try reader.readCatalog(
            from: MemorySource(Array("sku;name;price\n a ;new;\nPOST;fee;9\nn;alone;5\n".utf8)),
            file: "c.csv")
        let (dataset, report) = reader.finish()
        #expect((0..<dataset.items.count).map { dataset.items[$0] } == ["A", "b", "n"])
        #expect(dataset.catalog.titles == ["new", "kept", "alone"])
        #expect(dataset.catalog.prices == [1, 2, 5])
        #expect(dataset.catalog.count == dataset.items.count)
        #expect(report.itemsOnlyInCatalog == 1 && report.items == 3)
    }

    @Test("A margin is money, or with a percent sign a share of the price")
    func margins() throws {
        let (dataset, _) = try readCatalog(
            "id,price,margin\na,20,5.5\nb,20,30%\nc,20,-1\nd,20, 12.5 % \ne,20,\n")
        #expect(dataset.catalog.margins == [5.5, 6, -1, 2.5, nil])
        let (named, _) = try readCatalog("id,unit_margin\na,5.5\n")
        #expect(named.catalog.margins == [5.5])
    }

    @Test(
        "A margin that cannot be read is told with its place",
        arguments: [
            ("a,20,good", "\"good\" is neither an amount nor a share such as 30%"),
            ("a,20,120%", "\"120%\" is more than the whole price"),
            ("a,,30%", "\"30%\" is a share of a price that is missing"),
        ])
    func badMargins(line: String, message: String) {
        let error = #expect(throws: ReadError.self) {
            try readCatalog("id,price,margin\n" + line + "\n")
        }
        #expect(error?.description == "items.csv:2: column 3 (margin): " + message)
    }

    @Test("A category separator may be given")
    func separator() throws {
        var options = CatalogOptions()
        options.categorySeparator = "/"
        let (dataset, _) = try readCatalog("id,category\na,Home / Tea > Pots/ \n", options)
        #expect(dataset.catalog.categories == [["Home", "Tea > Pots"]])
    }

    @Test(
        "Stock is a number or a word, and what cannot be read is sold out and told",
        arguments: zip(
            [
                "4", "0", "-3", "2.5", "0.4", "3000000000", "", "NA", "in stock", "in_stock",
                "InStock", "preorder", "true", "https://schema.org/InStock", "out_of_stock",
                "Out of stock", "sold out", "false", "discontinued", "ask Tom",
            ],
            [
                4, 0, 0, 2, 0, Int32.max, nil, nil, nil, nil, nil, nil, nil, nil, 0, 0, 0, 0, 0, 0,
            ] as [Int32?]))
    func stock(text: String, pieces: Int32?) throws {
        let unknown = try readCatalog("id,title\na,A\n").dataset.catalog.stocks
        for name in ["stock", "availability", "stock_quantity", "is_in_stock"] {
            let (dataset, report) = try readCatalog("id,\(name)\na,\(text)\n")
            #expect(dataset.catalog.stocks == (pieces.map { [$0] } ?? unknown), "\(name)")
            let isOdd = report.notes.contains { $0.contains("taken for sold out") }
            #expect(isOdd == (text == "ask Tom"))
        }
    }

    @Test(
        "A bad fact is told with its place",
        arguments: [
            ("a,cheap,1", "column 2 (price): \"cheap\" is not a number"),
            ("a,-1,1", "column 2 (price): -1.0 is not a price"),
            (",1,1", "column 1 (id): the item has no id"),
        ])
    func badFacts(line: String, message: String) throws {
        let error = #expect(throws: ReadError.self) {
            try readCatalog("id,price,stock\n" + line + "\n")
        }
        #expect(error?.description == "items.csv:2: " + message)
        var options = CatalogOptions()
        options.table.badLinesMax = 1
        let tolerated = try readCatalog("id,price,stock\n\(line)\nz,1,1\n", options)
        #expect(tolerated.report.badLines == 1)
        #expect(tolerated.dataset.items.count == 1)
    }

    @Test("A catalog without an item column is refused")
    func noItem() {
        let error = #expect(throws: ReadError.self) { try readCatalog("title,price\nx,1\n") }
        #expect(error?.code == .missingColumn)
        #expect(error?.message.contains("the columns are title, price") == true)
    }
}
