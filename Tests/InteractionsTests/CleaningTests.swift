import Foundation
import Interactions
import Testing

/// A shop's export in small, with the dirt of the large one.
private let miniature = #"""
    InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country
    536365,85123A,WHITE HANGING HEART,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom
    536365,71053,"LANTERN, WHITE ""METAL""",6,2010-12-01 08:26:00,3.39,17850.0,United Kingdom
    536365,POST,POSTAGE,1,2010-12-01 08:26:00,18.0,17850.0,United Kingdom
    536366, 85123a ,WHITE HANGING HEART,2,2010-12-01 08:28:00,2.55,,United Kingdom
    536366,gift_0001_20,Voucher,1,2010-12-01 08:28:00,20.0,,United Kingdom
    536367,85123A,wet damaged,12,2010-12-01 08:30:00,2.55,13047.0,France
    536368,85123A,WHITE HANGING HEART,1,2010-12-01 08:31:00,2.60,13047.0,France
    C536379,71053,Manual,-1,2010-12-01 09:41:00,3.39,17850.0,United Kingdom
    536380,71053,damaged,-3,2010-12-01 09:45:00,0.0,,United Kingdom
    536381,84029,?,4,2010-12-01 09:50:00,0.0,13047.0,France
    536382,,nothing,1,2010-12-01 09:51:00,1.0,13047.0,France
    ,22745,POPPY'S HOUSE,6,2010-12-01 09:52:00,2.10,,France
    536383,C2,CARRIAGE,0,2010-12-01 09:53:00,50.0,13047.0,France

    """#

@Suite struct CleaningTests {
    @Test("The miniature shop is cleaned, and every line is accounted for")
    func miniatureShop() throws {
        var options = ReadOptions()
        options.foldsItemCase = true
        options.priceMin = 0.01
        options.excludedItems = ItemFilter(
            patterns: ["gift_*"], excludesItemsWithoutDigit: true)
        for windowBytes in [1, 7, 64, 1 << 20] {
            let (dataset, report) = try readEvents(miniature, options, windowBytes: windowBytes)
            #expect(
                rows(dataset) == [
                    "17850 85123A purchase 6.0 1291191960 536365",
                    "17850 71053 purchase 6.0 1291191960 536365",
                    "- 85123A purchase 2.0 1291192080 536366",
                    "13047 85123A purchase 12.0 1291192200 536367",
                    "13047 85123A purchase 1.0 1291192260 536368",
                    "17850 71053 return 1.0 1291196460 C536379",
                ])
            #expect(report.linesRead == 13)
            #expect(report.eventsByKind == ["purchase": 5, "return": 1])
            #expect(
                report.leftOut == [
                    .excludedItem: 2, .priceBelowMinimum: 2, .noItem: 1, .noUserAndNoBasket: 1,
                    .zeroValue: 1,
                ])
            #expect(report.eventsKept + report.leftOutCount == report.linesRead)
            #expect(report.eventsWithoutUser == 1)
            #expect(report.users == 2 && report.items == 2 && report.baskets == 5)
            #expect(report.firstTime == 1_291_191_960 && report.lastTime == 1_291_196_460)
            #expect(
                report.notes == [
                    "events.csv: all first user ids end in .0, which is cut off",
                    "1 item ids differed from another one by case and were folded",
                    "2 ids lost their .0",
                ])
            #expect(dataset.catalog.titles == ["WHITE HANGING HEART", "LANTERN, WHITE \"METAL\""])
            #expect(dataset.catalog.prices == [2.6, 3.39])
        }
    }

    @Test("The report can be had as JSON and as text")
    func reportForms() throws {
        let (_, report) = try readEvents(miniature)
        let data = try JSONEncoder().encode(report)
        let json = try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
        #expect(json["linesRead"] as? Int == 13)
        #expect((json["leftOut"] as? [String: Int])?["no item"] == 1)
        #expect((json["eventsByKind"] as? [String: Int])?["return"] == 2)
        let lines = report.description.split(separator: "\n")
        #expect(lines[0] == "13 lines read, 10 events kept: 2 users, 6 items, 7 baskets")
        #expect(lines[1] == "kinds: 8 purchase, 2 return")
        #expect(lines.contains("left out, neither user nor basket: 1"))
        #expect(lines.contains("from 2010-12-01T08:26:00Z to 2010-12-01T09:50:00Z"))
    }

    @Test("Without rules only what cannot be an event is left out")
    func noRules() throws {
        let (dataset, report) = try readEvents(miniature)
        #expect(report.leftOut == [.noItem: 1, .noUserAndNoBasket: 1, .zeroValue: 1])
        #expect(report.eventsByKind == ["purchase": 8, "return": 2])
        #expect(dataset.items.index(of: "85123a") != nil)
    }

    @Test(
        "Negative values become returns, stay, or are left out",
        arguments: zip(
            ReadOptions.NegativeValues.allCases,
            [
                ["u a return 2.0 - -", "u b purchase 1.0 - -"],
                ["u b purchase 1.0 - -"], ["u a purchase -2.0 - -", "u b purchase 1.0 - -"],
            ]))
    func negatives(rule: ReadOptions.NegativeValues, expected: [String]) throws {
        var options = ReadOptions()
        options.negativeValues = rule
        #expect(rows(try readEvents("user,item,qty\nu,a,-2\nu,b,1\n", options).dataset) == expected)
        options.kind = .rating
        let (ratings, _) = try readEvents("user,item,rating\nu,a,-2\n", options)
        #expect(rows(ratings) == ["u a rating -2.0 - -"])
    }

    @Test("Baskets with the prefix are returns, whatever the sign of their quantity")
    func returnPrefix() throws {
        var options = ReadOptions()
        options.returnBasketPrefix = "C"
        let (dataset, _) = try readEvents("order,item,qty\nC1,a,-2\nC2,a,3\n7,a,1\n", options)
        #expect(
            rows(dataset) == [
                "- a return 2.0 - C1", "- a return 3.0 - C2", "- a purchase 1.0 - 7",
            ])
    }

    @Test("Ids that end in .0 are cut only where all first ones do, or as told")
    func floatIdentifiers() throws {
        let all = "user,item\n1.0,a\n2.0,b\n,c\n"
        let some = "user,item\n1.0,a\n2,b\n"
        func users(_ text: String, _ rule: ReadOptions.FloatIdentifiers) throws -> [String] {
            var options = try mapped("user=user,item=item,basket=item")
            options.floatIdentifiers = rule
            let users = try readEvents(text, options).dataset.users
            return (0..<users.count).map { users[$0] }
        }
        #expect(try users(all, .detect) == ["1", "2"])
        #expect(try users(some, .detect) == ["1.0", "2"])
        #expect(try users(some, .cut) == ["1", "2"])
        #expect(try users(all, .keep) == ["1.0", "2.0"])
        // Once cut, both spellings are one id.
        #expect(try users("user,item\n7.0,a\n7,b\n07.5.0,c\n", .cut) == ["7", "07.5.0"])
    }

    @Test(
        "Kinds are understood by their usual names",
        arguments: [
            ("view", .view), ("PageView", .view), ("click", .click), ("addtocart", .cart),
            ("add-to-cart", .cart), ("transaction", .purchase), ("buy", .purchase),
            ("Refund", .return), ("rating", .rating), ("", .purchase), ("NULL", .purchase),
            ("wish list", .click),
        ] as [(String, EventKind)])
    func kinds(name: String, kind: EventKind) throws {
        var options = ReadOptions()
        options.kindNames = ["Wish-List": .click]
        let (dataset, _) = try readEvents("user,item,event\nu,a,\(name)\n", options)
        #expect(dataset.events.kinds == [kind])
    }

    @Test("An unknown kind is a bad line, or left out if so told")
    func unknownKind() throws {
        let text = "user,item,event\nu,a,view\nu,a,teleport\n"
        #expect(
            errorReading(text)?.description
                == "events.csv:3: column 3 (event): \"teleport\" is not a known kind; "
                + "those are view, click, cart, purchase, rating, return, and --kinds "
                + "teleport=cart, say, names one of them")
        var options = ReadOptions()
        options.leavesOutUnknownKinds = true
        #expect(try readEvents(text, options).report.leftOut == [.unknownKind: 1])
    }

    @Test("A repeated event id counts once, also over files")
    func repeatedEvents() throws {
        var reader = DatasetReader()
        for _ in 0..<2 {
            try reader.readEvents(
                from: MemorySource(Array("user,item,event_id\nu,a,1\nu,b,2\nu,a,1\nu,c,\n".utf8)),
                file: "e.csv")
        }
        let (dataset, report) = reader.finish()
        // The event without an id came twice.
        #expect(dataset.events.values == [1, 1, 2])
        #expect(report.leftOut == [.repeatedEvent: 4])
    }

    @Test(
        "A filter knows ids and patterns, without case",
        arguments: [
            ("POST", true), ("post", true), ("postage1", false), ("gift_0001_20", true),
            ("GIFT_", true), ("gift", false), ("m1x", true), ("m12x", false), ("ab", true),
            ("a1b", true), ("a1bb", true), ("a1bc", false), ("dotcom", false),
        ])
    func filter(id: String, isExcluded: Bool) {
        let filter = ItemFilter(
            patterns: ["post", "gift_*", "m?x", "a*b"], excludesItemsWithoutDigit: false)
        let noDigits = ItemFilter(patterns: [], excludesItemsWithoutDigit: true)
        #expect(filter.excludes(id) == isExcluded)
        #expect(noDigits.excludes(id) == !id.contains { $0.isNumber })
    }

    @Test("Ids lose blanks at their ends, and texts for no value are no ids")
    func blanksAndMarkers() throws {
        let (dataset, report) = try readEvents(
            "user,item,order\n u , a\t,\nNULL,a,1\nnan,a b,2\n\\N,a,  \n")
        #expect(
            rows(dataset) == [
                "u a purchase 1.0 - -", "- a purchase 1.0 - 1", "- a b purchase 1.0 - 2",
            ])
        #expect(report.leftOut == [.noUserAndNoBasket: 1])
        #expect(report.notes.contains("2 ids lost blanks at their ends"))
    }

    @Test("The title kept is the one that most lines have")
    func titles() throws {
        var text = "user,item,title,category\n"
        for title in ["Red pot", "Red pot", "?", "Red pot", "broken", ""] {
            text += "u,a,\(title),Kitchen > Pots\n"
        }
        text += "u,b,Caf,Food | Coffee\n"
        var bytes = Array(text.utf8)
        bytes.insert(0xe9, at: bytes.count - ",Food | Coffee\n".utf8.count)
        let (dataset, report) = try readEvents(bytes)
        #expect(dataset.catalog.titles == ["Red pot", "Café"])
        #expect(dataset.catalog.categories == [["Kitchen", "Pots"], ["Food", "Coffee"]])
        #expect(report.notes.contains { $0.contains("taken for windows-1252") })
    }
}
