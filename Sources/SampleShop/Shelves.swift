internal import Interactions

/// The shop's items by family, and which of them belong together.
struct Shelves {
    struct Shelf {
        let department: Int
        let family: Family
        /// Item numbers, most popular first.
        let items: [Int]
        let titles: [String]
        let attributes: [[String]]
        let prices: [Float]
        /// Zipf's law: the r-th most popular variant sells in proportion to 1 / r.
        let popularity: WeightedChoice
    }

    /// So many groups a set of companions, of their most popular items.
    private static let groupsPerCompanions = 3

    private(set) var shelves: [Shelf] = []
    private(set) var groups: [ComplementGroup] = []
    /// By department, the numbers of its shelves.
    private(set) var shelvesOfDepartment: [[Int]] = []
    /// By item: its shelf.
    private(set) var shelfOf: [Int] = []
    /// By item: its group, or nil.
    private(set) var groupOf: [Int?] = []

    init(itemCount: Int, _ random: inout SeededGenerator) {
        let familyCount = Assortment.departments.reduce(0) { $0 + $1.families.count }
        var numbering = 0
        for (department, content) in Assortment.departments.enumerated() {
            shelvesOfDepartment.append([])
            for family in content.families {
                let number = shelves.count
                // The first families take one more, so that the sum is as asked for.
                let share = itemCount / familyCount + (number < itemCount % familyCount ? 1 : 0)
                let count = max(1, share)
                shelvesOfDepartment[department].append(number)
                shelves.append(
                    Self.makeShelf(department, family, numbering..<numbering + count, &random))
                shelfOf += Array(repeating: number, count: count)
                numbering += count
            }
        }
        groupOf = Array(repeating: nil, count: numbering)
        plantGroups()
    }

    var itemCount: Int { shelfOf.count }

    private mutating func plantGroups() {
        for companions in Assortment.companions {
            let members = companions.families.map { code in
                shelves.first { $0.family.code == code }!.items
            }
            let count = min(Self.groupsPerCompanions, members.map(\.count).min()!)
            for rank in 0..<count {
                let items = members.map { $0[rank] }
                for item in items { groupOf[item] = groups.count }
                groups.append(
                    ComplementGroup(name: companions.name, items: items.map { Int32($0) }))
            }
        }
    }

    private static func makeShelf(
        _ department: Int, _ family: Family, _ items: Range<Int>, _ random: inout SeededGenerator
    ) -> Shelf {
        let variants = family.variants(count: items.count, &random)
        return Shelf(
            department: department, family: family, items: Array(items),
            titles: variants.map(\.title), attributes: variants.map(\.attributes),
            prices: variants.map(\.price),
            popularity: WeightedChoice(items.indices.map { 1 / Double($0 - items.lowerBound + 1) }))
    }

    /// Puts all items into the dataset's tables.
    func fill(_ dataset: inout Dataset, _ random: inout SeededGenerator) {
        let width = max(4, String(itemCount).count)
        for shelf in shelves {
            let category = [Assortment.departments[shelf.department].name, shelf.family.category]
            for (i, item) in shelf.items.enumerated() {
                let number = dataset.items.insert("\(shelf.family.code)-\(padded(item + 1, width))")
                precondition(Int(number) == item, "item \(item) became \(number)")
                let pieces = random.chance(0.03) ? 0 : 3 + random.index(below: 200)
                dataset.catalog.update(
                    item: item, title: shelf.titles[i],
                    category: category + [capitalized(shelf.family.noun)], price: shelf.prices[i],
                    stock: Int32(pieces), attributes: shelf.attributes[i])
            }
        }
    }
}

private struct Variant {
    let title: String
    let attributes: [String]
    let price: Float
}

extension Family {
    private static let brands = [
        "Norrvik", "Alder & Rowe", "Casa Verdi", "Hollin", "Tamsin", "Brightwater", "Kestrel",
        "Ostara", "Fernhill", "Maison Clair",
    ]

    /// Different titles, in a random order.
    fileprivate func variants(count: Int, _ random: inout SeededGenerator) -> [Variant] {
        var variants: [Variant] = []
        var edition = 1
        while variants.count < count {
            var all = combinations
            while !all.isEmpty, variants.count < count {
                let (style, size, finish) = all.remove(at: random.index(below: all.count))
                variants.append(makeVariant(style, size, finish, edition, &random))
            }
            edition += 1
        }
        return variants
    }

    private var combinations: [(style: Int, size: Int, finish: Int)] {
        styles.indices.flatMap { style in
            (0..<max(1, sizes.count)).flatMap { size in
                (0..<max(1, finishes.count)).map { (style, size, $0) }
            }
        }
    }

    private func makeVariant(
        _ style: Int, _ size: Int, _ finish: Int, _ edition: Int, _ random: inout SeededGenerator
    ) -> Variant {
        var title = "\(styles[style]) \(noun)"
        let brand = Self.brands[random.index(below: Self.brands.count)]
        var attributes = ["brand=\(brand)", "style=\(styles[style].lowercased())"]
        if !sizes.isEmpty {
            title += " \(sizes[size])"
            attributes.append("size=\(sizes[size])")
        }
        if !finishes.isEmpty {
            title += ", \(finishes[finish])"
            attributes.append("finish=\(finishes[finish])")
        }
        if edition > 1 { title += ", edition \(edition)" }
        // Larger ones cost more; prices end in 9 pence.
        let place = (Double(size) + random.unit()) / Double(max(1, sizes.count))
        let price = prices.lowerBound + (prices.upperBound - prices.lowerBound) * place
        return Variant(
            title: title, attributes: attributes,
            price: Float(((price * 10).rounded(.up) * 10 - 1) / 100))
    }
}

private func capitalized(_ text: String) -> String {
    text.prefix(1).uppercased() + text.dropFirst()
}
