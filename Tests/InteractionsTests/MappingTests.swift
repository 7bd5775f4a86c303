import Interactions
import Testing

@Suite struct MappingTests {
    @Test("A mapping is parsed, and written as it is parsed")
    func parsing() throws {
        let mapping = try ColumnMapping(
            parsing: "item=StockCode, user = Customer ID,value=\"Qty, net\",event_id=e")
        #expect(
            mapping.columns == [
                .item: "StockCode", .user: "Customer ID", .value: "Qty, net", .eventID: "e",
            ])
        #expect(
            mapping.description
                == "user=Customer ID,item=StockCode,value=\"Qty, net\",event_id=e")
        #expect(try ColumnMapping(parsing: mapping.description) == mapping)
        #expect(try ColumnMapping(parsing: "id=x").columns == [.item: "x"])
        #expect(try ColumnMapping(parsing: "").isEmpty)
    }

    @Test(
        "A wrong mapping is told",
        arguments: [
            ("user", "lacks the ="), ("buyer=x", "\"buyer\" is none of the roles user, item"),
            ("item=a,id=b", "is given twice"),
        ])
    func wrong(text: String, message: String) {
        let error = #expect(throws: ReadError.self) { try ColumnMapping(parsing: text) }
        #expect(error?.code == .options)
        #expect(error?.message.contains(message) == true)
    }

    @Test(
        "Usual names are found whatever their case and punctuation",
        arguments: [
            ("user_id,item_id,timestamp", "user=user_id,item=item_id,time=timestamp"),
            ("CustomerID,StockCode,InvoiceNo", "user=CustomerID,item=StockCode,basket=InvoiceNo"),
            ("visitorid,event,itemid", "user=visitorid,item=itemid,kind=event"),
            ("SessionId,ItemId,Time", "item=ItemId,time=Time,basket=SessionId"),
            (
                "customer,sku,order id,qty,unit price",
                "user=customer,item=sku,basket=order id,value=qty,price=unit price"
            ),
            ("asin,reviewerID,rating", "user=reviewerID,item=asin,value=rating"),
        ])
    func usual(header: String, mapping: String) throws {
        let fields = header.split(separator: ",").count
        let line = Array(repeating: "", count: fields).joined(separator: ",")
        let (_, report) = try readEvents(header + "\n" + line + "\n")
        #expect(
            report.description.contains("events.csv: columns taken as \(mapping)"), "\(report)")
    }

    @Test("A missing column is told with those that exist and the ones nearly meant")
    func missing() throws {
        let error = try #require(
            errorReading("customer_id,item,x\n1,2,3\n", try mapped("user=CustomerID,item=item")))
        #expect(
            error.description
                == "events.csv: there is no column \"CustomerID\" (mapped to user); "
                + "the columns are customer_id, item, x; did you mean customer_id?")
        let misspelt = try #require(
            errorReading("user,itme\n1,2\n", try mapped("user=user,item=item")))
        #expect(misspelt.message.contains("did you mean itme?"))
        #expect(errorReading("a,b\n1,2\n")?.message.contains("no column says the item") == true)
        #expect(errorReading("item,b\n1,2\n")?.message.contains("the user or the basket") == true)
    }

    @Test("A delimiter that cannot be one is refused", arguments: ["", "\"", "\n", "abcde"])
    func delimiter(text: String) throws {
        var options = ReadOptions()
        options.table.delimiter = text
        #expect(errorReading("user,item\nu,i\n", options)?.code == .options)
    }
}
