internal import Wire

/// `Scoring.Score`
struct ScoreMethod: ReadMethod {
    static let service = "sidecart.v1.Scoring"
    static let name = "Score"
    var context: Context
    var items: [String]

    func encode(into writer: ProtobufWriter) {
        writer.context(1, context)
        writer.strings(2, items)
    }

    func decode(_ payload: UnsafeRawBufferPointer) throws(ProtobufReader.Malformed) -> Scores {
        let scores = try Scores(wire: payload)
        guard scores.values.count == items.count,
            scores.unknown.allSatisfy({ items.indices.contains($0) })
        else { throw ProtobufReader.Malformed() }
        return scores
    }
}

/// `Scoring.Recommend`
struct RecommendMethod: ReadMethod {
    typealias Reply = Slate
    static let service = "sidecart.v1.Scoring"
    static let name = "Recommend"
    var context: Context
    var options: SlateOptions

    func encode(into writer: ProtobufWriter) throws(SidecartError) {
        writer.context(1, context)
        writer.integer(2, try wireCount(options.count, "count"))
        writer.strings(3, options.excluding)
        writer.bool(4, options.includesPurchased)
        writer.bool(5, options.includesOutOfStock)
        writer.integer(6, try wireCount(options.perCategoryMax, "perCategoryMax"))
        writer.bool(7, options.idsOnly)
        writer.float(8, options.priceMin)
        writer.float(9, options.priceMax)
        writer.strings(10, options.categories)
        writer.strings(11, options.excludingCategories)
        writer.string(12, options.ruleSet)
        writer.strings(13, options.allowing)
        writer.bool(14, options.includesDue)
        writer.float(15, options.basketBudget)
        writer.integer(16, try wireCount(options.supportMin, "supportMin"))
        writer.bool(17, options.leavesOutSubstitutes)
        writer.integer(18, try wireCount(options.categoryLevel, "categoryLevel"))
        writer.integer(19, try wireCount(options.perBasketItemMax, "perBasketItemMax"))
        for boost in options.boosts {
            writer.message(20) { writer in
                switch boost.target {
                case .item(let id): writer.string(1, id)
                case .category(let path): writer.string(2, path)
                }
                writer.float(3, boost.factor)
            }
        }
        writer.float(21, options.diversity)
        writer.strings(22, options.whyNot)
        writer.bool(24, options.scoreParts)
        writer.float(25, options.marginWeight)
        writer.integer(26, try wireCount(options.newItemsMax, "newItemsMax"))
        writer.bool(27, options.leavesOutNewItems)
        guard let exploration = options.exploration else { return }
        let (places, pool) = (
            try wireCount(exploration.places, "places"), try wireCount(exploration.pool, "pool")
        )
        writer.message(23) { writer in
            writer.float(1, exploration.share)
            writer.integer(2, places)
            writer.integer(3, pool)
            writer.integer(4, exploration.seed)
        }
    }
}

/// `Scoring.Related`
struct RelatedMethod: ReadMethod {
    typealias Reply = RelatedItems
    static let service = "sidecart.v1.Scoring"
    static let name = "Related"
    var item: String
    var relations: [Relation]
    var count: Int

    func encode(into writer: ProtobufWriter) throws(SidecartError) {
        writer.string(1, item)
        for relation in relations { writer.integer(2, UInt64(relation.rawValue)) }
        writer.integer(3, try wireCount(count, "count"))
    }
}

extension ProtobufWriter {
    fileprivate func context(_ field: Int, _ context: Context) {
        guard context != Context() else { return }
        message(field) { writer in
            writer.string(1, context.userID)
            writer.strings(2, context.basket)
            writer.strings(3, context.history)
        }
    }
}

extension Scores: WireMessage {
    init() { self.init(values: [], tier: .unspecified, modelVersion: "") }

    mutating func read(_ field: Int, _ value: ProtobufReader.Value) throws(ProtobufReader.Malformed)
    {
        switch (field, value) {
        case (1, _): try ProtobufReader.floats(value, into: &values)
        case (2, _): try ProtobufReader.integers(value, into: &unknown)
        case (3, .varint(let number)):
            tier = Tier(rawValue: ProtobufReader.enumeration(number)) ?? .unspecified
        case (4, .bytes(let bytes)): modelVersion = try ProtobufReader.text(bytes)
        default: break
        }
    }
}

extension Slate: WireMessage {
    init() { self.init(items: [], tier: .unspecified, modelVersion: "") }

    mutating func read(_ field: Int, _ value: ProtobufReader.Value) throws(ProtobufReader.Malformed)
    {
        switch (field, value) {
        case (1, .bytes(let bytes)): items.append(try SlateItem(wire: bytes))
        case (2, .varint(let number)):
            tier = Tier(rawValue: ProtobufReader.enumeration(number)) ?? .unspecified
        case (3, .bytes(let bytes)): modelVersion = try ProtobufReader.text(bytes)
        case (4, .bytes(let bytes)): unknown.append(try ProtobufReader.text(bytes))
        case (5, .bytes(let bytes)): leftOut.append(try LeftOut(wire: bytes))
        case (6, .bytes(let bytes)): whyNot.append(try WhyNot(wire: bytes))
        case (7, .varint(let number)): id = number
        default: break
        }
    }
}

extension LeftOut: WireMessage {
    init() { self.init(rule: .unspecified, items: 0) }

    mutating func read(_ field: Int, _ value: ProtobufReader.Value) throws(ProtobufReader.Malformed)
    {
        switch (field, value) {
        case (1, .varint(let number)):
            rule = Rule(rawValue: ProtobufReader.enumeration(number)) ?? .unspecified
        case (2, .varint(let number)): items = Int(clamping: number)
        default: break
        }
    }
}

extension WhyNot: WireMessage {
    init() { self.init(itemID: "", outcome: .unspecified) }

    mutating func read(_ field: Int, _ value: ProtobufReader.Value) throws(ProtobufReader.Malformed)
    {
        switch (field, value) {
        case (1, .bytes(let bytes)): itemID = try ProtobufReader.text(bytes)
        case (2, .varint(let number)):
            outcome = Outcome(rawValue: ProtobufReader.enumeration(number)) ?? .unspecified
        case (3, .varint(let number)):
            rule = Rule(rawValue: ProtobufReader.enumeration(number)) ?? .unspecified
        case (4, .varint(let number)): rank = Int(clamping: number)
        case (5, .fixed32(let bits)): score = Float(bitPattern: bits)
        case (6, .fixed32(let bits)): missing = Float(bitPattern: bits)
        case (7, .bytes(let bytes)): reasons.append(try Reason(wire: bytes))
        case (8, .bytes(let bytes)): parts.append(try ScorePart(wire: bytes))
        default: break
        }
    }
}

extension SlateItem: WireMessage {
    init() { self.init(itemID: "", score: 0) }

    mutating func read(_ field: Int, _ value: ProtobufReader.Value) throws(ProtobufReader.Malformed)
    {
        switch (field, value) {
        case (1, .bytes(let bytes)): itemID = try ProtobufReader.text(bytes)
        case (2, .fixed32(let bits)): score = Float(bitPattern: bits)
        case (3, .bytes(let bytes)): title = try ProtobufReader.text(bytes)
        case (4, .bytes(let bytes)): category = try ProtobufReader.text(bytes)
        case (5, .fixed32(let bits)): price = Float(bitPattern: bits)
        case (6, .bytes(let bytes)): reasons.append(try Reason(wire: bytes))
        case (7, .fixed32(let bits)): propensity = Float(bitPattern: bits)
        case (8, .bytes(let bytes)): parts.append(try ScorePart(wire: bytes))
        default: break
        }
    }
}

extension ScorePart: WireMessage {
    init() { self.init(feature: "", contribution: 0) }

    mutating func read(_ field: Int, _ value: ProtobufReader.Value) throws(ProtobufReader.Malformed)
    {
        switch (field, value) {
        case (1, .bytes(let bytes)): feature = try ProtobufReader.text(bytes)
        case (2, .fixed32(let bits)): self.value = Float(bitPattern: bits)
        case (3, .fixed32(let bits)): contribution = Float(bitPattern: bits)
        case (4, .bytes(let bytes)): items.append(try ItemShare(wire: bytes))
        default: break
        }
    }
}

extension ItemShare: WireMessage {
    init() { self.init(itemID: "", contribution: 0) }

    mutating func read(_ field: Int, _ value: ProtobufReader.Value) throws(ProtobufReader.Malformed)
    {
        switch (field, value) {
        case (1, .bytes(let bytes)): itemID = try ProtobufReader.text(bytes)
        case (2, .bytes(let bytes)): title = try ProtobufReader.text(bytes)
        case (3, .fixed32(let bits)): contribution = Float(bitPattern: bits)
        default: break
        }
    }
}

extension Reason: WireMessage {
    init() { self.init(kind: .unspecified) }

    mutating func read(_ field: Int, _ value: ProtobufReader.Value) throws(ProtobufReader.Malformed)
    {
        switch (field, value) {
        case (1, .varint(let number)):
            kind = Kind(rawValue: ProtobufReader.enumeration(number)) ?? .unspecified
        case (2, .bytes(let bytes)): itemID = try ProtobufReader.text(bytes)
        case (3, .bytes(let bytes)): title = try ProtobufReader.text(bytes)
        case (4, .fixed32(let bits)): contribution = Float(bitPattern: bits)
        case (5, .fixed32(let bits)): lift = Float(bitPattern: bits)
        case (6, .fixed32(let bits)): confidence = Float(bitPattern: bits)
        case (7, .fixed32(let bits)): times = Float(bitPattern: bits)
        case (8, .fixed32(let bits)): intervalDays = Float(bitPattern: bits)
        case (9, .fixed32(let bits)): ageDays = Float(bitPattern: bits)
        default: break
        }
    }
}

extension RelatedItems: WireMessage {
    init() { self.init(items: [], modelVersion: "") }

    mutating func read(_ field: Int, _ value: ProtobufReader.Value) throws(ProtobufReader.Malformed)
    {
        switch (field, value) {
        case (1, .bytes(let bytes)): items.append(try RelatedItem(wire: bytes))
        case (2, .bytes(let bytes)): modelVersion = try ProtobufReader.text(bytes)
        default: break
        }
    }
}

extension RelatedItem: WireMessage {
    init() { self.init(itemID: "", relation: .unspecified, score: 0) }

    mutating func read(_ field: Int, _ value: ProtobufReader.Value) throws(ProtobufReader.Malformed)
    {
        switch (field, value) {
        case (1, .bytes(let bytes)): itemID = try ProtobufReader.text(bytes)
        case (2, .fixed32(let bits)): score = Float(bitPattern: bits)
        case (3, .bytes(let bytes)): title = try ProtobufReader.text(bytes)
        case (4, .bytes(let bytes)): category = try ProtobufReader.text(bytes)
        case (5, .fixed32(let bits)): price = Float(bitPattern: bits)
        case (6, .fixed32(let bits)): lift = Float(bitPattern: bits)
        case (7, .fixed32(let bits)): confidence = Float(bitPattern: bits)
        case (8, .varint(let number)):
            relation = Relation(rawValue: ProtobufReader.enumeration(number)) ?? .unspecified
        case (9, .fixed32(let bits)): intervalDays = Float(bitPattern: bits)
        case (10, .fixed32(let bits)): spreadDays = Float(bitPattern: bits)
        default: break
        }
    }
}
