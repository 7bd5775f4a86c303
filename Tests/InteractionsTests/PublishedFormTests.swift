import Interactions
import TestFolders
import Testing

/// A few lines of our own in the form of each published data set, read with at most one option.
@Suite struct PublishedFormTests {
    struct Form: Sendable, CustomTestStringConvertible {
        var name: String
        var file: String
        var text: String
        var change: @Sendable (inout ReadOptions) throws -> Void = { _ in }
        var rows: [String]
        var testDescription: String { name }
    }

    static let forms = [
        Form(
            name: "MovieLens 1M", file: "ratings.dat",
            text: "1::1193::5::978300760\n2::661::3::978302109\n", change: { $0.kind = .rating },
            rows: ["1 1193 rating 5.0 978300760 -", "2 661 rating 3.0 978302109 -"]),
        Form(
            name: "MovieLens 100K", file: "u.data",
            text: "196\t242\t3\t881250949\n186\t302\t4\t891717742\n",
            rows: ["196 242 purchase 3.0 881250949 -", "186 302 purchase 4.0 891717742 -"]),
        Form(
            name: "MovieLens 25M", file: "ratings.csv",
            text: "userId,movieId,rating,timestamp\n1,296,4.5,1147880044\n",
            change: { $0.kind = .rating }, rows: ["1 296 rating 4.5 1147880044 -"]),
        Form(
            name: "RetailRocket", file: "events.csv",
            text: """
                timestamp,visitorid,event,itemid,transactionid
                1433221332117,257597,view,355908,
                1433223236124,257597,addtocart,356475,
                1433222276276,599528,transaction,356475,4000
                """,
            rows: [
                "257597 355908 view 1.0 1433221332 -", "257597 356475 cart 1.0 1433223236 -",
                "599528 356475 purchase 1.0 1433222276 4000",
            ]),
        Form(
            name: "YooChoose", file: "yoochoose-clicks.dat",
            text: """
                1,2014-04-07T10:51:09.277Z,214536502,0
                1,2014-04-07T10:54:09.868Z,214536500,0
                """,
            change: {
                $0.table.columns = try ColumnMapping(parsing: "basket=1,time=2,item=3")
            },
            rows: [
                "- 214536502 purchase 1.0 1396867869 1", "- 214536500 purchase 1.0 1396868049 1",
            ]),
        Form(
            name: "Ta-Feng", file: "ta_feng_all_months_merged.csv",
            text: """
                "TRANSACTION_DT","CUSTOMER_ID","AGE_GROUP","PIN_CODE","PRODUCT_SUBCLASS","PRODUCT_ID","AMOUNT","ASSET","SALES_PRICE"
                "11/1/2000","01104905","45-49","115","110411","4710199010372","2","24","30"
                "11/13/2000","00418683","45-49","115","120107","4710857472535","1","48","46"
                """,
            rows: [
                "01104905 4710199010372 purchase 1.0 973036800 -",
                "00418683 4710857472535 purchase 1.0 974073600 -",
            ]),
        Form(
            name: "H&M", file: "transactions_train.csv",
            text: """
                t_dat,customer_id,article_id,price,sales_channel_id
                2018-09-20,000058a1,0663713001,0.050830508474576264,2
                """, rows: ["000058a1 0663713001 purchase 1.0 1537401600 -"]),
        Form(
            name: "UCI Online Retail, its first sheet as CSV", file: "Online Retail.csv",
            text: """
                InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country
                536365,85123A,WHITE HANGING HEART T-LIGHT HOLDER,6,12/13/2010 8:26,2.55,17850,United Kingdom
                C536379,D,Discount,-1,12/14/2010 9:41,27.5,14527,United Kingdom
                """,
            rows: [
                "17850 85123A purchase 6.0 1292228760 536365",
                "14527 D return 1.0 1292319660 C536379",
            ]),
        Form(
            name: "UCI Online Retail II", file: "online_retail_II.csv",
            text: """
                Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country
                489434,85048,"15CM CHRISTMAS GLASS BALL 20 LIGHTS",12,2009-12-01 07:45:00,6.95,13085.0,United Kingdom
                """, rows: ["13085 85048 purchase 12.0 1259653500 489434"]),
        Form(
            name: "The Complete Journey", file: "transactions.csv",
            text: """
                household_id,store_id,basket_id,product_id,quantity,sales_value,transaction_timestamp
                900,330,31198570044,1095275,1,0.5,2017-01-01 11:53:26
                """, rows: ["900 1095275 purchase 1.0 1483271606 31198570044"]),
        Form(
            name: "Amazon reviews 2018", file: "Musical_Instruments.json",
            text: """
                {"overall": 5.0, "verified": true, "reviewTime": "10 13, 2015", "reviewerID": "A2", "asin": "0470536454", "style": {"Format:": " Hardcover"}, "unixReviewTime": 1444694400}
                """, rows: ["A2 0470536454 purchase 1.0 1444694400 -"]),
        Form(
            name: "LightGCN", file: "train.txt", text: "0 0 1\n1 1\n",
            change: { $0.table.format = .userItems },
            rows: ["0 0 purchase 1.0 - -", "0 1 purchase 1.0 - -", "1 1 purchase 1.0 - -"]),
        Form(
            name: "FIMI retail", file: "retail.dat", text: "0 1 2\n1 30\n",
            change: { $0.table.format = .baskets },
            rows: [
                "- 0 purchase 1.0 - retail.dat:1", "- 1 purchase 1.0 - retail.dat:1",
                "- 2 purchase 1.0 - retail.dat:1", "- 1 purchase 1.0 - retail.dat:2",
                "- 30 purchase 1.0 - retail.dat:2",
            ]),
    ]

    @Test("A published form is read with at most one option", arguments: forms)
    func read(form: Form) throws {
        var options = ReadOptions()
        try form.change(&options)
        let (dataset, report) = try readEvents(form.text, options, file: form.file)
        #expect(rows(dataset) == form.rows, "\(report)")
    }

    private static let orders = """
        order_id,user_id,eval_set,order_number,order_dow,order_hour_of_day,days_since_prior_order
        2,1,prior,1,2,08,
        3,1,prior,2,3,07,15.0
        9,2,prior,1,3,07,
        """
    private static let lines = """
        order_id,product_id,add_to_cart_order,reordered
        2,33120,1,1
        2,28985,2,1
        3,33754,1,0
        9,33120,1,0
        77,1,1,0
        """

    @Test("Instacart's lines get users and times from its orders")
    func instacart() throws {
        let folder = TemporaryFolder()
        let (dataset, report) = try Dataset.read(
            events: [folder.write("order_products__prior.csv", Self.lines)],
            baskets: folder.write("orders.csv", Self.orders))
        let end = 1_577_836_800
        #expect(
            rows(dataset) == [
                "1 33120 purchase 1.0 \(end - 15 * 86_400) 2",
                "1 28985 purchase 1.0 \(end - 15 * 86_400) 2", "1 33754 purchase 1.0 \(end) 3",
                "2 33120 purchase 1.0 \(end) 9", "- 1 purchase 1.0 - 77",
            ])
        #expect(
            report.notes.contains("baskets: 3 of 4 are among the 3 of the file given by --baskets"))
        #expect(report.notes.contains { $0.contains("each user's order of baskets makes some") })
    }

    @Test("What the lines say themselves counts more than the baskets' file")
    func both() throws {
        let folder = TemporaryFolder()
        let (dataset, _) = try Dataset.read(
            events: [folder.write("lines.csv", "order,user,item,date\n1,a,x,2024-01-02\n1,,y,\n")],
            baskets: folder.write("orders.csv", "order,user,date\n1,b,2024-03-04\n"))
        #expect(
            rows(dataset) == [
                "a x purchase 1.0 1704153600 1", "b y purchase 1.0 1709510400 1",
            ])
    }

    @Test(
        "A file of baskets that says nothing of them is refused",
        arguments: [
            ("order,total\n1,2\n", "no column says the user or the time"),
            ("user,date\n1,2024-01-01\n", "no column says the basket"),
            ("order,user\n,b\n", "the basket has no id"),
            ("order,user,date\n1,b,2024-01-01\n2,b,soon\n", "is not a time"),
        ])
    func refused(text: String, message: String) throws {
        let folder = TemporaryFolder()
        let lines = try folder.write("lines.csv", "order,item\n1,x\n")
        let orders = try folder.write("orders.csv", text)
        let error = #expect(throws: ReadError.self) {
            try Dataset.read(events: [lines], baskets: orders)
        }
        #expect(error?.message.contains(message) == true, "\(String(describing: error))")
    }
}
