/// The category paths of a generation's items, by number.
struct CategoryPaths: Sendable {
    /// Joined by ` > `.
    let texts: TextTable
    /// By level from 1 on and path, the number of what the path's first steps name; a path with
    /// fewer steps names itself.
    private let ancestors: [[Int32]]
    /// By path, how many steps it has.
    private let depths: [Int32]

    /// - Parameter paths: by number, each from the top; not empty.
    init(_ paths: [[String]]) {
        texts = TextTable(count: paths.count) { paths[$0].joined(separator: " > ") }
        depths = paths.map { Int32($0.count) }
        var numbers: [ArraySlice<String>: Int32] = [:]
        ancestors = (0..<(depths.max().map(Int.init) ?? 0)).map { level in
            paths.map { path in
                let steps = path.prefix(level + 1)
                let number = numbers[steps] ?? Int32(numbers.count)
                numbers[steps] = number
                return number
            }
        }
    }

    var count: Int { depths.count }

    /// One more than the largest number that ``ancestor(of:level:)`` gives.
    var ancestorCount: Int { 1 + (ancestors.joined().max().map(Int.init) ?? -1) }

    /// A number that paths share whose first `level` steps are the same.
    ///
    /// - Parameter level: 0 for all of a path's steps.
    func ancestor(of path: Int, level: Int) -> Int {
        let own = Int(depths[path])
        return Int(ancestors[(level == 0 ? own : min(level, own)) - 1][path])
    }

    /// How many of the first steps two paths share, as a share of the longer one's.
    func overlap(_ a: Int, _ b: Int) -> Float {
        let most = min(depths[a], depths[b])
        var shared: Int32 = 0
        while shared < most, ancestors[Int(shared)][a] == ancestors[Int(shared)][b] { shared += 1 }
        return Float(shared) / Float(max(depths[a], depths[b]))
    }

    /// Whether a path is one that is named, or below it.
    func isBelow(_ path: Int, _ name: IDView) -> Bool {
        Self.isBelow(texts[path], name)
    }

    /// The same of a path's text.
    static func isBelow(_ text: IDView, _ name: IDView) -> Bool {
        guard text.starts(with: name) else { return false }
        return text.count == name.count
            || text.dropFirst(name.count).starts(with: " > ".utf8)
    }
}
