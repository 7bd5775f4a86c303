/// The slates that earlier lives of a server showed, as far as they are kept.
struct EarlierSlates: Sendable {
    /// By place, where in `words` a slate's head is; its items follow.
    private var starts: [UInt64: Int] = [:]
    private var words: [UInt64] = []

    /// The time of the oldest one, in seconds since 1970; nil where there is none.
    private(set) var oldest: Int?

    mutating func add(_ place: UInt64, _ head: SlateHead, _ items: ArraySlice<UInt64>) {
        starts[place] = words.count
        words.append(head.word)
        words += items
        oldest = min(oldest ?? .max, head.seconds)
    }

    func read(_ place: SlatePlace, into items: inout [ShownItem]) -> SlateHead? {
        guard let start = starts[place.word] else { return nil }
        let head = SlateHead(word: words[start])
        items.removeAll(keepingCapacity: true)
        for word in words[(start + 1)...].prefix(head.items) { items.append(ShownItem(word: word)) }
        return head
    }

    /// - Returns: false where it was marked before.
    mutating func mark(_ place: SlatePlace, _ item: Int, with mark: UInt64) -> Bool {
        guard let start = starts[place.word], item < SlateHead(word: words[start]).items,
            words[start + 1 + item] & mark == 0
        else { return false }
        words[start + 1 + item] |= mark
        return true
    }
}
