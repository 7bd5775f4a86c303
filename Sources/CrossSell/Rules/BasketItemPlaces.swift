internal import CKernels

/// At most so many places of a slate for what one basket item speaks loudest for, so that none of
/// them is ignored.
///
/// An item is spoken for by the basket item whose list gives it the largest weight; what no list of
/// theirs leads to is not limited.
final class BasketItemPlaces {
    private var most = 0
    /// By ordinal, the largest weight of any basket item's list and whose it is; made when the rule
    /// is first asked for. All 0 between requests.
    private var loudest: [Float] = []
    private var speakers: [UInt8] = []
    /// Places taken so far, by basket item.
    private var counts: [Int32] = []
    private var lists: EdgeLists?
    private var basket: [UInt32] = []

    var isActive: Bool { most > 0 }

    /// Takes over what a query asks for.
    ///
    /// - Parameter lists: those that speak for basket items; nil where a model has none.
    /// - Complexity: O(edges of the basket's lists) where the rule is set.
    func read(_ rules: borrowing QueryRules, basket: [UInt32], lists: EdgeLists?, itemCount: Int) {
        forget()
        most = rules.perBasketItemMax
        guard isActive, let lists else { return }
        if loudest.count < itemCount {
            loudest = Array(repeating: 0, count: itemCount)
            speakers = Array(repeating: 0, count: itemCount)
        }
        self.lists = lists
        for (place, item) in basket.prefix(Int(UInt8.max)).enumerated() {
            self.basket.append(item)
            counts.append(0)
            for edge in lists[clamped: item] where edge.weight > loudest[Int(edge.item)] {
                loudest[Int(edge.item)] = edge.weight
                speakers[Int(edge.item)] = UInt8(place)
            }
        }
    }

    func hasRoom(for ordinal: UInt32) -> Bool {
        speaker(for: ordinal).map { counts[$0] < most } ?? true
    }

    func take(_ ordinal: UInt32) {
        if let speaker = speaker(for: ordinal) { counts[speaker] += 1 }
    }

    func free() { for place in counts.indices { counts[place] = 0 } }

    private func speaker(for ordinal: UInt32) -> Int? {
        guard isActive, Int(ordinal) < loudest.count, loudest[Int(ordinal)] > 0 else { return nil }
        return Int(speakers[Int(ordinal)])
    }

    private func forget() {
        if let lists {
            for item in basket { for edge in lists[clamped: item] { loudest[Int(edge.item)] = 0 } }
        }
        lists = nil
        basket.removeAll(keepingCapacity: true)
        counts.removeAll(keepingCapacity: true)
    }
}
