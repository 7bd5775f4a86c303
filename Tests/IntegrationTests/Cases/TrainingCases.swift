import Interactions

/// What catalogs say, and what is made of events once they are read.
extension Case {
    private static func stock(_ name: String, _ text: String, _ pieces: Int32) -> [Case] {
        let says = text == "ask Tom" ? ["1 items are taken for sold out", "\"ask Tom\""] : []
        return [
            Case(
                "\(name) of \(text) in CSV", catalog: "id,\(name)\na,\(text)\n", says: says,
                stocks: ["a": pieces]),
            Case(
                "\(name) of \(text) in JSON Lines",
                catalog: "{\"id\":\"a\",\"\(name)\":\"\(text)\"}\n", file: "items.jsonl",
                says: says,
                stocks: ["a": pieces]),
        ]
    }

    @CaseTable static var catalogs: [Case] {
        stock("stock", "-3", 0)
        stock("stock_quantity", "2.5", 2)
        stock("availability", "out_of_stock", 0)
        stock("availability", "in stock", Catalog.untrackedStock)
        stock("availability", "preorder", Catalog.untrackedStock)
        stock("is_in_stock", "false", 0)
        stock("is_in_stock", "True", Catalog.untrackedStock)
        stock("stock_status", "ask Tom", 0)
        Case(
            "a feed in TSV",
            catalog:
                "id\ttitle\tprice\tavailability\tproduct_type\titem_group_id\tcolor\n"
                + "a\tTea\t15.00 EUR\tin_stock\tFood > Tea\tg1\tgreen\nb\tMug\t2 EUR\tout_of_stock\tFood\tg1\t\n",
            file: "feed.tsv", titles: ["a": "Tea"], prices: ["a": 15, "b": 2],
            stocks: ["a": Catalog.untrackedStock, "b": 0])
        Case(
            "discontinued, in a word nobody knows", catalog: "id,discontinued\na,perhaps\n",
            code: 1, says: ["items.csv:2: column 2 (discontinued)", "neither true nor false"])
        Case(
            "a price below zero", catalog: "id,price\na,-1\n", code: 1,
            says: ["items.csv:2: column 2 (price): -1.0 is not a price"])
        Case(
            "no id", catalog: "id,title\n,Tea\n", code: 1,
            says: ["items.csv:2: column 1 (id): the item has no id"])
        Case(
            "no column for the id", catalog: "name,price\nTea,1\n", code: 1,
            says: ["items.csv: no column says the item", "the columns are name, price"])
        Case(
            "an item twice", catalog: "id,title,price\na,Tea,1\na,Tee,2\nb,Mug,3\n",
            says: ["1 catalog lines are of an item that an earlier one named, such as \"a\""],
            titles: ["a": "Tee"], prices: ["a": 2])
        Case(
            "a list for a title", catalog: "{\"id\":\"a\",\"title\":[\"Tea\",\"Tee\"]}\n",
            file: "items.jsonl", code: 1,
            says: ["items.jsonl:1: field title: holds a JSON array or object", "a text is meant"])
        Case(
            "a stock of about ten", catalog: "id,stock\na,>10\nb,10+\n",
            says: ["2 items are taken for sold out", "such as \">10\""], stocks: ["a": 0, "b": 0])
        Case(
            "columns that become attributes",
            files: [
                "e.csv": "user,item\nu,a\n",
                "items.csv": "id,title,color,active\na,Tea,red,false\n",
            ],
            command: ["train", "e.csv", "--catalog", "items.csv", "--model", "popularity"],
            says: ["items.csv: columns taken as item=id,title=title; attributes: color, active"])
        Case(
            "of items that no event names", catalog: "id,title\nx,Tea\ny,Mug\n",
            read: ["catalogItems": 2, "catalogItemsWithEvents": 0],
            says: ["none of the catalog's 2 items has events"])
    }

    /// 25 baskets, 7 of them with A, which always comes with B.
    private static let pairs =
        "basket,item\n" + (0..<25).map { $0 < 7 ? "\($0),A\n\($0),B\n" : "\($0),C\n" }.joined()

    private static func train(_ model: String, _ options: [String] = []) -> [String] {
        ["train", "events.csv", "--model", model] + options
    }

    @CaseTable static var bounds: [Case] {
        Case(
            "support of exactly 7 in 25", pairs,
            command: train("association", ["--set", "association.support_min=0.28"]),
            says: ["3 items, 0 users, 2 rules"])
        Case(
            "support above it", pairs,
            command: train("association", ["--set", "association.support_min=0.29"]),
            says: ["3 items, 0 users, 0 rules"])
        Case(
            "a setting that there is not", pairs,
            command: train("association", ["--set", "association.suport_min=0.29"]), code: 1,
            says: ["no model here has 'suport_min'"])
        Case(
            "a setting out of its range", pairs,
            command: train("association", ["--set", "association.support_min=-1"]), code: 1,
            says: ["support_min"])
        // 6 of 36 baskets have both, 12 have A and 18 have B: a lift of exactly 1.
        Case(
            "pairs as independent as can be",
            "basket,item\n"
                + (0..<36).map { basket in
                    (basket < 12 ? "\(basket),A\n" : "") + (basket % 2 == 0 ? "\(basket),B\n" : "")
                        + "\(basket),bag\n"
                }.joined(),
            command: train("copurchase"), says: ["0 pairs that go together"])
        Case(
            "the same by rules",
            "basket,item\n"
                + (0..<36).map { basket in
                    (basket < 12 ? "\(basket),A\n" : "") + (basket % 2 == 0 ? "\(basket),B\n" : "")
                        + "\(basket),bag\n"
                }.joined(),
            command: train("association"), says: ["0 rules"])
        Case(
            "a line said twice",
            "basket,item\n" + (0..<6).map { "\($0),A\n\($0),A\n\($0),B\n" }.joined()
                + (6..<12).map { "\($0),C\n" }.joined(),
            command: train("copurchase"), says: ["2 pairs that go together", "6 events were equal"])
    }

    /// Eight users who like either the even or the odd ones of six items.
    private static func tastes(_ low: String, _ high: String) -> String {
        "user,item,rating\n"
            + (0..<8).flatMap { user in
                (0..<6).map { "u\(user),i\($0),\((user + $0) % 2 == 0 ? low : high)\n" }
            }.joined()
    }

    private static let crossValidation = [
        "evaluate", "events.csv", "--kind", "rating", "--protocol", "k-fold", "--folds", "2",
        "--models", "svdpp", "-k", "3",
    ]

    @CaseTable static var ratings: [Case] {
        for (low, high) in [
            ("-5", "5"), ("-1", "1"), ("0", "1"), ("1", "5"), ("-9.5", "-0.25"), ("0.5", "1"),
        ] {
            Case(
                "from \(low) to \(high)", tastes(low, high), command: crossValidation,
                says: ["rmse", "48 lines read, 48 events kept", "48 rating"])
        }
        Case(
            "few, and most of them 0",
            "user,item,rating\nu1,a,0\nu1,b,0\nu2,a,1\nu2,b,0\nu3,a,1\nu3,b,0\n",
            command: crossValidation, says: ["6 events kept", "svdpp"])
        Case(
            "all 0 but one",
            "user,item,rating\n"
                + (0..<5).map { "u\($0),a,0\nu\($0),b,\($0 == 3 ? 1 : 0)\nu\($0),c,0\n" }
                .joined(),
            command: crossValidation,
            says: ["Fold", "is left out: all ratings outside it are alike"])
        Case(
            "all alike", "user,item,rating\nu1,a,4\nu1,b,4\nu2,a,4\nu2,b,4\n",
            command: crossValidation, code: 1, says: ["svdpp", "have the value 4"])
        Case(
            "an item that is in one part alone", tastes("1", "5") + "u0,only,3\nu1,other,2\n",
            command: crossValidation, says: ["rmse"], saysNot: ["nan", "inf"])
        Case(
            "signed ones in JSON", tastes("-5", "5"), command: crossValidation + ["--json"],
            says: ["\"rmse\"", "\"read\"", "\"eventsKept\" : 48"], saysNot: ["nan"])
    }

    /// 100 orders of one item each; all but ten of them of the day of an import.
    private static let imported =
        "user,item,time,basket\n"
        + (0..<100).map {
            "u\($0 % 10),i\($0 % 12),\($0 < 10 ? "2023-06-0\($0 % 9 + 1)" : "2024-01-02"),\($0)\n"
        }.joined()

    private static func evaluate(_ protocolName: String, _ more: String...) -> [String] {
        ["evaluate", "events.csv", "--protocol", protocolName, "--models", "popularity"] + more
    }

    @CaseTable static var splits: [Case] {
        Case(
            "imported in one day", imported, command: evaluate("temporal"), code: 1,
            says: ["90 of 100 (90 %)", "--protocol k-fold"])
        Case(
            "all at one time",
            "user,item,time\n" + (0..<20).map { "u\($0 % 4),i\($0 % 7),2024-01-02\n" }.joined(),
            command: evaluate("temporal"), code: 1, says: ["at different times"])
        Case(
            "no times", "user,item\n" + (0..<20).map { "u\($0 % 4),i\($0 % 7)\n" }.joined(),
            command: evaluate("temporal"), code: 1, says: ["at different times"])
        Case(
            "baskets of one item", imported, command: evaluate("basket-completion"), code: 1,
            says: ["none has two items"])
        Case(
            "a usual one, and what it holds out",
            "user,item,time\n"
                + (0..<100).map { "u\($0 % 5),i\($0 * 7 % 29),\(1_600_000_000 + $0 * 86_400)\n" }
                .joined(),
            command: evaluate("temporal"),
            says: ["The newest 20 of 100 (20 %) of events are held out"])
        Case(
            "train and test files that overlap",
            files: ["train.txt": "0 1 2 3\n1 2 4\n", "test.txt": "0 3 4\n1 1 2\n"],
            command: [
                "evaluate", "train.txt", "test.txt", "--protocol", "given", "--models",
                "popularity",
            ],
            says: ["Train and test overlap: 2 of 4 test pairs (50 %)", "are left out"])
        Case(
            "train and test files that do not",
            files: ["train.txt": "0 1 2 3\n1 2 4\n", "test.txt": "0 4\n1 1 3\n"],
            command: [
                "evaluate", "train.txt", "test.txt", "--protocol", "given", "--models",
                "popularity",
            ],
            saysNot: ["overlap"])
        Case(
            "a held-out item that is in the training file too",
            files: [
                "m.train.rating": "0\t1\t5\t1\n0\t2\t5\t2\n1\t2\t4\t1\n",
                "m.test.rating": "0\t2\t5\t3\n1\t3\t4\t2\n",
                "m.test.negative": "(0,2)\t4\t5\n(1,3)\t4\t5\n",
            ],
            command: ["evaluate", "@m", "--models", "popularity"],
            says: ["Train and test overlap: 1 of 2 held-out items"])
        Case(
            "test pairs that are all in the training file",
            files: ["train.txt": "0 1 2\n1 2\n", "test.txt": "0 1\n1 2\n"],
            command: [
                "evaluate", "train.txt", "test.txt", "--protocol", "given", "--models",
                "popularity",
            ],
            code: 1, says: ["nothing that was held out can be asked about"])
        Case(
            "nobody with two items", "user,item\na,x\nb,y\nc,z\n", command: evaluate("k-fold"),
            code: 1,
            says: ["nobody with a history"])
    }
}
