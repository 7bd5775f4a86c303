package import Interactions

extension Dataset {
    /// The same without some items, as though nobody had heard of them: neither events nor catalog rows; the
    /// others are numbered anew in the order that they had.
    package func without(items dropped: Set<Int32>) -> Dataset {
        var result = self
        (result.items, result.catalog, result.events) = (IdentifierTable(), Catalog(), EventTable())
        var numbers: [Int32] = []
        for item in 0..<items.count {
            guard !dropped.contains(Int32(item)) else {
                numbers.append(EventTable.none)
                continue
            }
            let number = result.items.insert(items[item])
            numbers.append(number)
            result.catalog.update(
                item: Int(number), title: catalog.titles[item], category: catalog.categories[item],
                price: catalog.prices[item], stock: catalog.stocks[item],
                group: catalog.groups[item], availableFrom: catalog.availableFrom[item],
                isDiscontinued: catalog.isDiscontinued[item], margin: catalog.margins[item],
                attributes: catalog.attributes[item])
        }
        for event in 0..<events.count where numbers[Int(events.items[event])] >= 0 {
            result.events.append(
                user: events.users[event], item: numbers[Int(events.items[event])],
                kind: events.kinds[event], value: events.values[event], time: events.times[event],
                basket: events.baskets[event])
        }
        return result
    }
}
