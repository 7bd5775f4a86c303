/// Finds the kind that a text means.
struct KindNames {
    /// Texts as met, so that each is understood only once.
    private var known = IdentifierTable()
    private var kinds: [EventKind?] = []
    private let own: [String: EventKind]

    init(own: [String: EventKind]) {
        self.own = Dictionary(
            own.map { (Self.plain($0.key), $0.value) }, uniquingKeysWith: { first, _ in first })
    }

    mutating func kind(_ text: UnsafeBufferPointer<UInt8>) -> EventKind? {
        if let index = known.index(of: text) { return kinds[Int(index)] }
        let name = Self.plain(String(decoding: text, as: UTF8.self))
        let kind = own[name] ?? Self.synonyms[name]
        // A column of free text must not fill the memory.
        if kinds.count < 1000 {
            known.insert(text)
            kinds.append(kind)
        }
        return kind
    }

    private static func plain(_ name: String) -> String {
        name.lowercased().filter { $0.isLetter || $0.isNumber }
    }

    private static let synonyms: [String: EventKind] = {
        let names: [EventKind: [String]] = [
            .view: ["view", "pageview", "pv", "productview", "detailview", "impression", "seen"],
            .click: ["click", "clicked", "clk"],
            .cart: ["cart", "addtocart", "addcart", "tocart", "cartadd", "basket", "addtobasket"],
            .purchase: [
                "purchase", "purchased", "buy", "bought", "transaction", "order", "ordered", "sale",
                "checkout", "conversion",
            ],
            .rating: ["rating", "rate", "rated", "review", "stars"],
            .return: [
                "return", "returned", "refund", "refunded", "cancel", "cancelled", "canceled",
            ],
        ]
        var kinds: [String: EventKind] = [:]
        for (kind, names) in names { for name in names { kinds[name] = kind } }
        return kinds
    }()
}
