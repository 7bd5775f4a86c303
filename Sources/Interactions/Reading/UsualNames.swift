/// Lower case letters and digits only, so that `CustomerID` is `customer_id`.
func plainName(_ name: String) -> String {
    name.lowercased().filter { $0.isLetter || $0.isNumber }
}

private let eventNames: [ColumnRole: [String]] = [
    .user: [
        "user", "userid", "customer", "customerid", "client", "clientid", "visitor", "visitorid",
        "shopper", "shopperid", "member", "memberid", "account", "accountid", "reviewerid", "uid",
        "household", "householdkey", "householdid", "buyerid", "cardid", "customerno",
        "customernumber", "custid", "userno", "loyaltyid", "loyaltynumber", "cardnumber", "email",
        "customeremail", "useremail", "emailaddress",
    ],
    .item: [
        "item", "itemid", "product", "productid", "sku", "stockcode", "article", "articleid",
        "asin", "parentasin", "movieid", "productcode", "itemcode", "iid", "pid", "sid",
        "articleno", "articlenumber", "itemno", "itemnumber", "productno", "productnumber",
        "variantsku", "lineitemsku", "ean", "gtin", "upc",
    ],
    .time: [
        "time", "timestamp", "eventtime", "datetime", "date", "invoicedate", "orderdate",
        "purchasedate", "createdat", "unixreviewtime", "ts", "tdat", "transactiondt",
        "transactiondate", "transactiontime", "transactiontimestamp", "saledate", "visitdate",
        "eventtimestamp", "orderedat", "purchasedat",
    ],
    .basket: [
        "basket", "basketid", "order", "orderid", "invoice", "invoiceno", "invoicenumber",
        "transaction", "transactionid", "receipt", "receiptid", "cartid", "session", "sessionid",
        "orderno", "ordernumber", "receiptno", "receiptnumber", "transactionno",
        "transactionnumber", "billno", "billnumber", "ticketid", "ticketno",
    ],
    .value: ["value", "quantity", "qty", "rating", "units", "weight"],
    .kind: [
        "kind", "eventtype", "event", "action", "behavior", "behaviortype", "behaviour",
        "behaviourtype",
    ],
    .eventID: ["eventid"],
    .title: ["title", "description", "productname", "itemname", "name"],
    .category: [
        "category", "categorypath", "categories", "categoryname", "producttype", "department",
    ],
    .price: ["price", "unitprice", "productprice"],
]

private let catalogNames: [ColumnRole: [String]] = [
    .item: ["id"] + eventNames[.item]!,
    .title: eventNames[.title]!,
    .category: eventNames[.category]!,
    .price: eventNames[.price]!,
    .stock: [
        "stock", "stockcount", "stockquantity", "stocklevel", "inventory", "inventoryquantity",
        "onhand", "availability", "stockstatus", "instock", "isinstock", "available", "isavailable",
        "quantity",
    ],
    .attributes: ["attributes"],
    .group: [
        "group", "groupid", "itemgroup", "itemgroupid", "parentsku", "parent", "parentid",
        "parentproduct", "parentproductid", "variantgroup", "variantof", "mastersku", "masterid",
        "styleid", "stylecode",
    ],
    .availableFrom: [
        "availablefrom", "availabilitydate", "releasedate", "launchdate", "onsalefrom",
    ],
    .discontinued: ["discontinued", "isdiscontinued", "endoflife", "delisted"],
    .margin: ["margin", "unitmargin", "contributionmargin", "grossmargin", "profit", "unitprofit"],
]

private let basketNames: [ColumnRole: [String]] = [
    .basket: eventNames[.basket]!, .user: eventNames[.user]!, .time: eventNames[.time]!,
    .sequence: ["ordernumber", "sequence", "visitnumber"],
    .gapDays: ["dayssincepriororder"],
]

/// What a column with a list of an order's items is usually called.
let usualListNames = [
    "items", "lineitems", "orderitems", "orderlines", "basketitems", "cartitems", "products",
    "articles", "skus", "itemids", "productids", "itemlist", "productlist",
]

/// What a column that says what became of an order is usually called.
let statusNames: Set = [
    "status", "orderstatus", "orderstate", "financialstatus", "paymentstatus", "cancelledat",
    "canceledat", "iscancelled", "iscanceled", "cancelled", "canceled", "refunded", "isreturn",
]

/// The names that columns usually have, in plain form, the most telling first.
func usualNames(_ content: FileReport.Content) -> [ColumnRole: [String]] {
    switch content {
    case .events: eventNames
    case .catalog: catalogNames
    case .baskets: basketNames
    }
}
