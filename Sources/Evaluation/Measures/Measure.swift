/// One figure about a ranked list, such as NDCG@10.
package struct Measure: Hashable, Sendable, CustomStringConvertible {
    package enum Kind: String, CaseIterable, Sendable {
        /// 1 where a relevant item is among the first k.
        case hitRate = "hr"
        /// The share of the relevant items among the first k.
        case recall
        /// The share of relevant items in the first k places.
        case precision
        /// Discounted gain over that of the best possible list.
        case ndcg
        /// The precision at each relevant item's place, summed, over min(k, relevant items).
        case averagePrecision = "map"
        /// 1 / the first relevant item's rank.
        case reciprocalRank = "mrr"
        /// How often a relevant item beats another one that may be ranked; ties count half.
        case auc
        /// Recall among relevant items that the context has.
        case repeatRecall = "repeat-recall"
        /// Recall among relevant items that the context has not.
        case exploreRecall = "explore-recall"

        /// Whether it counts the first k places only.
        package var hasLength: Bool { self != .auc }
    }

    package var kind: Kind
    /// 0 for ``Kind/auc``.
    package var k: Int

    package init(_ kind: Kind, at k: Int = 0) {
        self.kind = kind
        self.k = kind.hasLength ? k : 0
    }

    /// The measure with this name, such as `ndcg@10` or `auc`, or nil.
    package init?(name: String) {
        let parts = name.split(separator: "@", omittingEmptySubsequences: false)
        guard let kind = parts.first.flatMap({ Kind(rawValue: String($0)) }) else { return nil }
        if !kind.hasLength, parts.count == 1 {
            self.init(kind)
        } else if kind.hasLength, parts.count == 2, let k = Int(parts[1]), k > 0 {
            self.init(kind, at: k)
        } else {
            return nil
        }
    }

    package var description: String { kind.hasLength ? "\(kind.rawValue)@\(k)" : kind.rawValue }

    /// All measures that a task allows, at every length.
    ///
    /// - Parameter withArea: whether ``Kind/auc`` can be told, which takes the scores of all that
    ///   is ranked.
    package static func all(at lengths: [Int], for task: RankingTask, withArea: Bool) -> [Measure] {
        let repeats = !task.excludesContext && task.candidates == nil
        var measures: [Measure] = []
        for k in lengths {
            for kind in Kind.allCases where kind.hasLength {
                let isSplit = kind == .repeatRecall || kind == .exploreRecall
                if !isSplit || repeats { measures.append(Measure(kind, at: k)) }
            }
        }
        return withArea || task.candidates != nil ? measures + [Measure(.auc)] : measures
    }
}
