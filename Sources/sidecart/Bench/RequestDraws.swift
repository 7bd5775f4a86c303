import Bundles
import Interactions

/// Draws requests as a shop would ask them: other shoppers, baskets and candidates in each.
///
/// Items come as often as they were sold, shoppers as often as their histories are long.
struct RequestDraws {
    let bundle: ModelBundle
    private let items: AliasTable
    private let users: AliasTable?
    private var random: SeededGenerator
    /// By item, the request that it was drawn for last.
    private var drawnFor: [UInt32]
    private var request: UInt32 = 0

    /// - Parameter evenly: draw all items and shoppers alike: the hardest case for a cache.
    init(_ bundle: ModelBundle, evenly: Bool = false, seed: UInt64 = 1) {
        self.bundle = bundle
        let itemCount = bundle.items.count
        items = AliasTable(
            weights: evenly ? Array(repeating: 1, count: itemCount) : bundle.parts.popularity)
        let userCount = bundle.users.count
        users =
            userCount == 0
            ? nil
            : AliasTable(
                weights: (0..<userCount).map {
                    evenly ? 1 : 1 + Float(bundle.histories?.row($0).count ?? 0)
                })
        random = SeededGenerator(seed: seed)
        drawnFor = Array(repeating: 0, count: itemCount)
    }

    /// Score of `count` items for a known shopper, or where the bundle knows none for a basket of
    /// one item.
    mutating func score(_ count: Int) -> ProtobufBytes {
        var message = ProtobufBytes()
        message.append(1, context(basket: users == nil ? 1 : 0, isKnown: true))
        for item in distinctItems(count) { append(2, item, to: &message) }
        return message
    }

    /// Recommend for a basket of `basket` items and a history of `history` items inline.
    mutating func recommend(
        basket: Int, history: Int = 0, k: Int, isKnown: Bool, reasons: Bool
    ) -> ProtobufBytes {
        var message = ProtobufBytes()
        message.append(1, context(basket: basket, history: history, isKnown: isKnown))
        message.append(2, integer: k)
        message.append(7, integer: reasons ? 0 : 1)
        return message
    }

    /// Recommend of `k` items with reasons for one of the shoppers with the longest histories.
    mutating func recommendToLoyal(k: Int, among longest: [Int]) -> ProtobufBytes {
        var context = ProtobufBytes()
        let user = longest[Int.random(in: longest.indices, using: &random)]
        bundle.users.withBytes(of: user) { context.append(1, $0) }
        var message = ProtobufBytes()
        message.append(1, context)
        message.append(2, integer: k)
        return message
    }

    /// Nearest items to a vector of normal numbers.
    mutating func nearest(k: Int) -> ProtobufBytes {
        let dimensions = bundle.parts.embeddings?.items.columns ?? 0
        var message = ProtobufBytes()
        message.append(1, integer: 1)
        message.append(2, floats: (0..<dimensions).map { _ in Float(random.nextNormal()) })
        message.append(3, integer: k)
        return message
    }

    /// Up to a hundred users, those with the longest histories.
    var loyalUsers: [Int] {
        guard let histories = bundle.histories else { return Array(0..<bundle.users.count) }
        let order = (0..<bundle.users.count).sorted {
            histories.row($0).count > histories.row($1).count
        }
        return Array(order.prefix(100))
    }

    private mutating func context(basket: Int, history: Int = 0, isKnown: Bool) -> ProtobufBytes {
        var context = ProtobufBytes()
        if isKnown, let users {
            bundle.users.withBytes(of: users.draw(&random)) { context.append(1, $0) }
        }
        for item in distinctItems(basket) { append(2, item, to: &context) }
        for item in distinctItems(history) { append(3, item, to: &context) }
        return context
    }

    private func append(_ field: UInt8, _ item: Int, to message: inout ProtobufBytes) {
        bundle.items.withBytes(of: item) { message.append(field, $0) }
    }

    /// - Precondition: there are so many items.
    private mutating func distinctItems(_ count: Int) -> [Int] {
        precondition(count <= drawnFor.count, "\(count) of \(drawnFor.count) items")
        request += 1
        return (0..<count).map { _ in
            var item = items.draw(&random)
            // Best sellers come again and again; after some attempts the next free item will do.
            for _ in 0..<16 where drawnFor[item] == request { item = items.draw(&random) }
            while drawnFor[item] == request { item = (item + 1) % drawnFor.count }
            drawnFor[item] = request
            return item
        }
    }
}
