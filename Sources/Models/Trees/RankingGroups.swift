/// What a ranker learns from: groups of candidates, one of them relevant in each.
package struct RankingGroups: Sendable {
    /// By feature, the values of all rows; shape `[F, rows]`.
    package var columns: [[Float]]
    /// Where each group's rows start, and where the last one's end; shape `[G + 1]`.
    package var offsets = [0]
    /// By group, the row that is relevant.
    package var relevant: [Int] = []

    package init(features: Int) { columns = Array(repeating: [], count: features) }

    package var count: Int { relevant.count }
    package var rows: Int { offsets.last! }

    package func range(of group: Int) -> Range<Int> { offsets[group]..<offsets[group + 1] }
}
