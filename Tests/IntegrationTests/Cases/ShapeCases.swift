/// What a file's header, records and ids look like.
extension Case {
    private static let lines = "a,kettle,1\na,mug,1\n"
    private static let more = "b,kettle,2\nb,mug,2\n"

    @CaseTable static var headers: [Case] {
        Case(
            "again in mid-file", "customer,sku,order\n\(lines)customer,sku,order\n\(more)",
            read: ["eventsKept": 4, "users": 2, "items": 2],
            says: ["the header came again in 1 line, first in line 4"])
        Case(
            "again, in capitals", "customer,sku,order\n\(lines)CUSTOMER,Sku,ORDER\n\(more)",
            read: ["eventsKept": 4, "users": 2], users: ["a", "b"])
        Case(
            "again, behind a mark and in quotes",
            "customer,sku,order\n\(lines)\u{feff}\"customer\",\"sku\",\"order\"\n\(more)",
            read: ["eventsKept": 4, "users": 2], says: ["came again in 1 line"])
        Case(
            "again, with blanks, in TSV",
            "customer\tsku\torder\na\tkettle\t1\n customer \tsku\torder\nb\tmug\t2\n",
            file: "events.tsv", read: ["eventsKept": 2, "users": 2])
        Case(
            "again, with typed columns",
            "customer,sku,order,date,quantity\na,k,1,2024-01-05,1\ncustomer,sku,order,date,quantity\n"
                + "b,k,2,2024-01-05,2\n", read: ["eventsKept": 2, "badLines": 0])
        Case(
            "again in a catalog", catalog: "id,title,price\na,Tea,1\nID,Title,Price\nb,Mug,2\n",
            says: ["items.csv: the header came again in 1 line, first in line 3"],
            prices: ["a": 1, "b": 2])
        Case(
            "two columns of one name, for the item", "sku,customer,order,sku\n,a,1,kettle\n",
            code: 1, says: ["two columns are called \"sku\", 1 and 4", "the item"])
        Case(
            "two columns of one name, for the user", "sku,customer,order,customer\nk,a,1,b\n",
            code: 1, says: ["two columns are called \"customer\", 2 and 4", "the user"])
        Case(
            "two columns of one name that say nothing", "sku,customer,note,note\nk,a,x,y\n",
            read: ["eventsKept": 1])
        Case(
            "two columns of one name in a catalog", catalog: "id,price,id\na,1,b\n", code: 1,
            says: ["items.csv: two columns are called \"id\", 1 and 3"])
        Case(
            "two columns of one role: one is taken, and the other is told",
            "customer,sku,product_id,order\na,kettle,17,1\n", "--columns", "item=sku",
            read: ["eventsKept": 1], items: ["kettle"])
        Case(
            "a column that is not there", "customer,sku\na,kettle\n", "--columns", "item=skuu",
            code: 1, says: ["there is no column \"skuu\"", "did you mean sku?"])
        Case(
            "columns in part: others keep their usual names",
            "customer,code,order,quantity\na,kettle,1,3\n", "--columns", "item=code",
            read: ["users": 1, "baskets": 1], items: ["kettle"])
        Case(
            "names as people write them",
            " Customer No. , Article-No , Receipt No. \na,x,1\nb,y,2\n",
            read: ["users": 2, "items": 2, "baskets": 2])
        Case("a user known by her mail", "email,item,order\na@x,x,1\n", users: ["a@x"])
        Case("a header alone", "user,item,order\n", code: 1, says: ["no event to learn from"])
    }

    private static let orders = ["eventsKept": 3, "items": 2, "users": 2, "baskets": 2]

    @CaseTable static var shapes: [Case] {
        Case(
            "one JSON array",
            "[{\"order\":1,\"user\":\"a\",\"item\":\"kettle\"},\n {\"order\":1,\"user\":\"a\",\"item\":\"mug\"},\n"
                + " {\"order\":2,\"user\":\"b\",\"item\":\"mug\"}]\n", file: "events.json",
            read: orders)
        Case(
            "objects over several lines",
            "{\n \"order\": 1,\n \"user\": \"a\",\n \"items\": [\"kettle\", \"mug\"]\n}\n"
                + "{\n \"order\": 2, \"user\": \"b\", \"items\": [\"mug\"]\n}\n",
            file: "events.json",
            read: orders)
        Case(
            "a list where one id is mapped",
            #"{"order":1,"customer":"a","things":["kettle","mug"]}"# + "\n"
                + #"{"order":2,"customer":"b","things":["mug"]}"# + "\n", file: "events.jsonl",
            "--columns", "item=things", read: orders, items: ["kettle", "mug"])
        Case(
            "line items with quantities",
            #"{"id":1,"customer":{"id":"a"},"line_items":[{"sku":"kettle","quantity":2},{"sku":"mug"}]}"#
                + "\n" + #"{"id":2,"customer":{"id":"b"},"line_items":[{"sku":"mug"}]}"# + "\n",
            file: "events.jsonl", read: orders)
        Case(
            "an object as the item", #"{"user":"a","item":{"id":"kettle","n":1}}"# + "\n",
            file: "events.jsonl", items: ["kettle"])
        Case(
            "JSON lists in cells",
            "order,customer,items\n1,a,\"[\"\"kettle\"\",\"\"mug\"\"]\"\n2,b,\"[\"\"mug\"\"]\"\n",
            read: orders)
        Case(
            "Python lists in cells",
            "order,customer,items\n1,a,\"['kettle', 'mug']\"\n2,b,['mug']\n",
            read: orders)
        Case(
            "ids between bars", "order,customer,items\n1,a,kettle|mug\n2,b,mug\n", read: orders)
        Case(
            "a basket a line", "kettle,mug\nmug\n", "--format", "baskets",
            read: ["eventsKept": 3, "baskets": 2])
        Case(
            "a basket a line, not said",
            "citrus fruit,bread,soup\nyogurt\nbread,coffee,fruit,milk\n",
            code: 1, says: ["--format baskets"])
        Case(
            "a user and her items a line", "0 1 2\n1 2\n", file: "train.txt", "--format",
            "user-items", read: ["users": 2, "items": 2, "eventsKept": 3])
        Case(
            "a column for each item", "order,kettle,mug\n1,1,1\n2,0,1\n", "--format", "one-hot",
            read: ["eventsKept": 3, "baskets": 2, "items": 2])
        Case(
            "a column for each item, not said", "order,kettle,mug,pot,tea\n1,1,1,0,0\n2,0,1,1,0\n",
            code: 1, says: ["--format one-hot"])
        Case(
            "numbers in a JSON array", "[1,2,3]\n", file: "events.json", code: 1,
            says: ["where objects are meant"])
        Case(
            "a JSON array that is cut off", "[{\"user\":\"a\",\"item\":\"b\"},\n",
            file: "events.json",
            code: 1, says: ["never closed"])
        Case(
            "a catalog as one JSON array",
            catalog: "[{\"id\":\"a\",\"title\":\"Tea\"},\n{\"id\":\"b\",\"title\":\"Mug\"}]\n",
            file: "items.json", titles: ["a": "Tea", "b": "Mug"])
        Case(
            "MovieLens", "1::1193::5::978300760\n1::661::3::978302109\n", file: "ratings.dat",
            read: ["users": 1, "items": 2])
        Case(
            "a table without a header, by numbers", "a,kettle\nb,mug\n", "--columns",
            "user=1,item=2",
            read: ["eventsKept": 2], items: ["kettle", "mug"])
    }

    @CaseTable static var identifiers: [Case] {
        Case(
            "20 digits in JSON Lines",
            "{\"user\":9912140633506421,\"item\":12345678901234567890}\n"
                + "{\"user\":9912140633506420,\"item\":12345678901234567891}\n",
            file: "events.jsonl", items: ["12345678901234567890", "12345678901234567891"],
            users: ["9912140633506421", "9912140633506420"])
        Case(
            "20 digits in CSV", "user,item\n9912140633506421,12345678901234567890\n",
            items: ["12345678901234567890"])
        Case(
            "rounded by a spreadsheet", "user,item\na,5.90123E+12\nb,5.90124E+12\n",
            says: ["2 item ids look rounded by a spreadsheet, such as 5.90123E+12"],
            items: ["5.90123E+12", "5.90124E+12"])
        Case(
            "rounded, with a comma or a small e", "user;item\na;5,90123E+12\nb;2.19e+26\n",
            says: ["2 item ids look rounded"])
        Case(
            "rounded users and orders", "user,item,order\n5.9E+12,a,4E+10\n",
            says: ["1 user ids look rounded", "1 basket ids look rounded"])
        Case(
            "taken for days", "user,item\na,1-Mar\nb,Mar-05\nc,2024-03-01 00:00:00\n",
            says: ["3 item ids look as if a spreadsheet had taken them for dates, such as 1-Mar"])
        Case(
            "rounded in a catalog", catalog: "id,title\n5.90123E+12,Tea\na,Tea\n",
            says: ["1 item ids look rounded"])
        Case(
            "kept from being numbers", "user,item\na,=\"00123\"\nb,\"=\"\"00123\"\"\"\n",
            items: ["00123"])
        Case(
            "with and without leading zeros", "user,item\na,00123\nb,123\nc,0\n",
            says: [
                "1 item ids are there without leading zeros or .0 too, such as 123 and 00123"
            ], items: ["00123", "123", "0"])
        Case(
            "leading zeros that a catalog lost",
            files: ["e.csv": "user,item\na,00123\nb,007\n", "c.csv": "id,title\n123,Tea\n7,Mug\n"],
            command: ["train", "e.csv", "--catalog", "c.csv", "--model", "popularity"],
            says: [
                "2 item ids are there without leading zeros or .0 too, such as 123 and 00123",
                "none of the catalog's 2 items has events: it says \"123\", and events say \"00123\"",
            ])
        Case(
            "zeros alone, and zeros before a letter", "user,item\na,000\nb,0\nc,0A\nd,A\n",
            saysNot: ["leading zeros"], items: ["000", "0", "0A", "A"])
        Case(
            "floats", "user,item\n17850.0,a\n13047.0,b\n", says: ["end in .0, which is cut off"],
            users: ["17850", "13047"])
        Case(
            "floats among others", "user,item\n1,a\n1.0,b\n2.0,c\n",
            says: ["1 user ids are there without leading zeros or .0 too, such as 1 and 1.0"],
            users: ["1", "1.0", "2.0"])
        Case(
            "blanks and marks that nobody sees",
            "user,item\na\u{a0},x\n\u{feff}a,x\u{200b}\n a ,\u{3000}x\n",
            says: ["5 ids lost blanks at their ends"], items: ["x"], users: ["a"])
        Case(
            "the same in a catalog", catalog: "id,title\n\u{feff}a,Tea\nb\u{a0},Mug\n",
            read: ["catalogItemsWithEvents": 2], titles: ["a": "Tea", "b": "Mug"])
        Case(
            "case, as it is", "user,item\na,85123a\na,85123A\n", read: ["items": 2])
        Case(
            "case, folded", "user,item\na,85123a\na,85123A\n", "--fold-item-case",
            read: ["items": 1])
        Case(
            "case beyond ASCII, folded", "user,item\na,GRÜN-Ä\na,grün-ä\n", "--fold-item-case",
            read: ["items": 1])
        Case(
            "accents, as they are", "user,item\na,cafe\u{301}\na,caf\u{e9}\n", read: ["items": 2])
        Case(
            "accents, composed", "user,item\na,cafe\u{301}\na,caf\u{e9}\n", "--compose-ids",
            read: ["items": 1], items: ["caf\u{e9}"])
        Case(
            "guests who share an id",
            "user,item,order\n"
                + (0..<200).map { "\($0 % 5 < 3 ? "0" : "u\($0)"),i\($0 % 3),\($0)\n" }
                .joined(),
            says: ["user \"0\" has 120 of 200 events (60 %)", "--missing 0"])
        Case(
            "receipts numbered anew each day",
            "date,receipt,sku\n2024-04-01,1,tea\n2024-04-02,1,pot\n2024-04-03,1,mug\n",
            read: ["baskets": 1], says: ["1 of 1 baskets span more than a day, up to 2"])
        Case(
            "the same, joined with the date",
            "date,receipt,sku\n2024-04-01,1,tea\n2024-04-02,1,pot\n2024-04-03,1,mug\n", "--columns",
            "basket=date+receipt,time=date", read: ["baskets": 3], saysNot: ["span"])
        Case(
            "a basket of several users", "user,item,order\na,x,1\nb,y,1\n",
            says: ["1 of 1 baskets are of more than one user, such as \"1\""])
        Case(
            "commas, quotes, slashes and pictures",
            "order,item\n1,\"M3x10, zinc\"\n1,-20C-glove\n1,FN73239/40/41\n1,🍵 tea\n1,\"a\"\"b\"\n",
            items: ["M3x10, zinc", "-20C-glove", "FN73239/40/41", "🍵 tea", "a\"b"])
        Case(
            "an id that is too long", "user,item\na,\(String(repeating: "x", count: 257))\n",
            code: 1,
            says: ["events.csv:2: column 2 (item)", "257 bytes, more than 256"])
        Case(
            "an id with a NUL", "user,item\na,b\0c\n", code: 1,
            says: ["events.csv:2: column 2 (item)"]
        )
    }

    private static let log =
        "u,i1,cat,pv,1511544070\nu,i2,cat,fav,1511544071\nu,i2,cat,buy,1511544072\n"

    @CaseTable static var kinds: [Case] {
        Case(
            "a kind of one's own", log, "--columns", "user=1,item=2,category=3,kind=4,time=5",
            code: 1,
            says: ["events.csv:2: column 4", "\"fav\" is not a known kind", "--kinds fav=cart"])
        Case(
            "the same, named", log, "--columns", "user=1,item=2,category=3,kind=4,time=5",
            "--kinds",
            "fav=cart",
            read: [
                "eventsByKind.view": 1, "eventsByKind.cart": 1, "eventsByKind.purchase": 1,
            ])
        Case(
            "in JSON Lines", #"{"user":"u","item":"a","event":"wish"}"# + "\n",
            file: "events.jsonl",
            code: 1, says: ["events.jsonl:1: field event", "--kinds wish=cart"])
        Case(
            "in JSON Lines, named", #"{"user":"u","item":"a","event":"wish"}"# + "\n",
            file: "events.jsonl", "--kinds", "wish=purchase", read: ["eventsByKind.purchase": 1])
        Case(
            "RetailRocket's",
            "timestamp,visitorid,event,itemid,transactionid\n1439694000000,1,view,355908,\n"
                + "1439694001000,1,addtocart,355908,\n1439694002000,1,transaction,355908,4000\n",
            read: [
                "eventsByKind.view": 1, "eventsByKind.cart": 1, "eventsByKind.purchase": 1,
                "baskets": 1, "firstTime": 1_439_694_000,
            ])
        Case(
            "households of The Complete Journey",
            "household_key,BASKET_ID,DAY,PRODUCT_ID,QUANTITY,SALES_VALUE\n2375,269,1,1004906,1,1.39\n",
            read: ["users": 1, "baskets": 1], users: ["2375"])
        Case(
            "orders that were cancelled, in a column that nobody asked about",
            "order,customer,sku,status\n1,a,x,completed\n2,b,y,cancelled\n",
            says: ["column status is not used", "--columns kind=status --kinds cancelled=return"])
        Case(
            "the same, asked about",
            "order,customer,sku,status\n1,a,x,completed\n2,b,y,cancelled\n", "--columns",
            "kind=status", "--kinds", "completed=purchase,cancelled=return",
            read: ["eventsByKind.purchase": 1, "eventsByKind.return": 1],
            saysNot: ["is not used"])
        Case(
            "bad lines, skipped and told", log, "--columns",
            "user=1,item=2,category=3,kind=4,time=5",
            "--skip-bad-lines", "1", read: ["badLines": 1, "eventsKept": 2])
        Case(
            "returns by the order's number",
            "order,customer,sku,quantity,date\n1,a,pot,2,2024-01-01\nC2,a,pot,2,2024-01-02\n"
                + "3,b,tea,1,2024-01-03\n", "--return-basket-prefix", "C",
            read: ["eventsByKind.return": 1, "eventsByKind.purchase": 2])
        Case(
            "returns by their quantity",
            "order,customer,sku,quantity,date\n1,a,pot,2,2024-01-01\n2,a,pot,-2,2024-01-02\n"
                + "3,b,tea,1,2024-01-03\n", read: ["eventsByKind.return": 1])
        Case(
            "returns by their kind",
            #"{"user":"u","item":"a","event":"purchase"}"# + "\n"
                + #"{"user":"u","item":"a","event":"refund"}"# + "\n"
                + #"{"user":"u","item":"b","event":"purchase"}"# + "\n", file: "events.jsonl",
            read: ["eventsByKind.return": 1])
        Case(
            "a column of ratings taken for quantities", "user,item,rating\nu,a,4\nu,b,5\n",
            says: ["column rating is taken for a quantity; --kind rating takes it for ratings"])
    }
}
