/// Inputs of the tests, which mutations start from.
enum Seeds {
    static let tables = [
        #"""
        InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country
        536365,85123A,"WHITE, HANGING ""HEART""",6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom
        C536379,D,Discount,-1,2010-12-01 09:41:00,27.5,14527.0,United Kingdom

        """#,
        "customer;sku;date;price;quantity\na;k;01.12.2010;1.000,50;2\nNA;m;13.12.2010;5 EUR;1\n",
        "user,item\r\nu,\"b\"\r\nu,\"multi\nline\"\r\nUSER,ITEM\r\nu,d\r\n",
        "sep=;\nuser;item;date\na;\"x\";40513.35\nb;=\"00123\";40514\n",
        "order,customer,items\n1,a,\"[\"\"kettle\"\", \"\"mug\"\"]\"\n2,b,['kettle', \"mug's\"]\n",
        "order,customer,products\n1,a,kettle|mug\n2,b,kettle\n",
        "1::1193::5::978300760\n1::661::3::978302109\n",
        "timestamp,visitorid,event,itemid,transactionid\n1433221332117,257597,view,355908,\n1433222276276,599528,transaction,356475,4000\n",
        "user,item,time,kind,event_id\nu,i,20101201082600,cart,1\nu,i,20101201082601,buy,1\n",
        "0 7 8\n1 7\n2\n", "order_id,kettle,mug\n1,1,1\n2,1,0\n", "Item(s),Item 1,Item 2\n2,a,b\n",
        "user\titem\tquantity\nJose\u{301}\tcafe\u{301}\t1e3\n",
    ]

    /// Of a column for each item, many of whose names are no plain text: what was slow once.
    static let wideTable =
        "basket," + (0..<60).map { "\u{fffd}\u{1f375}Ünïcödé \($0)" }.joined(separator: ",")
        + "\n1" + String(repeating: ",1", count: 60) + "\n"

    static let json = [
        "{\"user_id\": \"u1\", \"item_id\": 17, \"timestamp\": 1700000000, \"event_type\": \"add_to_cart\"}\n",
        "{\"user\":\"u\",\"item\":\"caf\\u00e9 \\\"\\ud83d\\ude00\\\"\",\"more\":{\"a\":[1,{\"b\":\"}\"}]}}\n",
        "{\"order\": 1, \"customer\": \"a\", \"items\": [\"kettle\", \"mug\", null, 3]}\n",
        "[{\"id\": 1, \"customer\": {\"id\": \"a\"}, \"line_items\": [{\"sku\": \"k\", \"quantity\": 2}, {\"sku\": \"m\"}]},\n {\"id\": 2, \"customer\": null, \"line_items\": []}]\n",
        "{\n  \"user\": \"a\",\n  \"item\": \"b\"\n}\n{\n \"user\": \"c\", \"item\": \"d\"}\n",
    ]

    static let catalogs = [
        "id,title,category,price,stock,color\na,\"Pot, 1 l\",Kitchen > Tea,\"$1,234.50\",4,red|blue\nb,Tea,Food,,out_of_stock,\n",
        "id,title,price,item_group_id,available_from,discontinued\ns,Shirt S,49,oxford,2024-01-02,false\nm,Shirt M,49,oxford,,true\n",
        "{\"id\":\"a\",\"category\":[\"K\",\"T\"],\"attributes\":{\"color\":[\"red\",\"blue\"]},\"stock\":3}\n",
    ]

    /// The bytes as a gzip member whose blocks are stored (RFC 1951, section 3.2.4).
    static func gzipped(_ bytes: [UInt8]) -> [UInt8] {
        var packed: [UInt8] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255, 1]
        let count = UInt16(bytes.count)
        packed += littleEndian(count) + littleEndian(~count) + bytes
        var crc = ~UInt32(0)
        for byte in bytes {
            crc ^= UInt32(byte)
            for _ in 0..<8 { crc = crc >> 1 ^ (crc & 1 == 1 ? 0xedb8_8320 : 0) }
        }
        return packed + littleEndian(~crc) + littleEndian(UInt32(bytes.count))
    }

    private static func littleEndian(_ number: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: number.littleEndian) { Array($0) }
    }
}
