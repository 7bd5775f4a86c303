/// How a model did on a task: each query's figures, and which items it put forward.
///
/// Where queries are grouped, a group counts as one query, by the means of its figures.
package struct Judgement: Sendable {
    package let measures: [Measure]
    /// Q x measures, row-major. NaN where a query has no such figure, such as a repeat recall
    /// without repeats.
    package private(set) var values: [Float]
    /// Whether the training data knows who asks, query by query.
    package let userIsKnown: [Bool]
    /// How often each item was among the first ``listLength`` of a query, shape `[I]`.
    package private(set) var recommended: [Int]
    /// The length of the lists that ``recommended`` counts.
    package let listLength: Int
    /// What came of the probabilities that the lists were given with; nil where they had none.
    package private(set) var probabilities: ProbabilityBins?

    package var queryCount: Int { values.count / max(1, measures.count) }

    /// Ranks all queries of a task.
    ///
    /// - Parameter lengths: each k that counts, at least one, each 1 or more; the last one is
    ///   ``listLength``.
    package init(of ranker: some QueryRanker, at lengths: [Int]) {
        let task = ranker.task
        let measures = Measure.all(at: lengths, for: task, withArea: ranker.knowsAllScores)
        let (width, length, depth) = (measures.count, lengths.last!, lengths.max()!)
        listLength = length
        self.measures = measures
        var userIsKnown = task.users.map { $0 >= 0 }
        var lists: [Int32] = Array(repeating: -1, count: task.count * length)
        var given: [Float] = Array(repeating: .nan, count: task.count * length)
        values = Array(repeating: .nan, count: task.count * width)
        recommended = Array(repeating: 0, count: task.itemCount)
        values.withUnsafeMutableBufferPointer { values in
            lists.withUnsafeMutableBufferPointer { lists in
                given.withUnsafeMutableBufferPointer { given in
                    guard let firstValue = values.baseAddress, let firstItem = lists.baseAddress,
                        let firstGiven = given.baseAddress
                    else { return }
                    // Each query has places of its own.
                    nonisolated(unsafe) let (value, item) = (firstValue, firstItem)
                    nonisolated(unsafe) let probability = firstGiven
                    ranker.forEachAnswer(depth: depth) { query, answer in
                        let figures = QueryFigures(of: answer, to: query, of: task)
                        for (column, measure) in measures.enumerated() {
                            value[query * width + column] = Float(figures.value(measure))
                        }
                        for (place, one) in figures.list.prefix(length).enumerated() {
                            item[query * length + place] = one
                        }
                        guard case .list(_, _, let all?) = answer else { return }
                        for (place, one) in all.prefix(length).enumerated() {
                            probability[query * length + place] = one
                        }
                    }
                }
            }
        }
        for item in lists where item >= 0 { recommended[Int(item)] += 1 }
        var bins = ProbabilityBins()
        for query in 0..<task.count {
            let relevant = task.relevant.columns[task.relevant.row(query)]
            for place in query * length..<(query + 1) * length where !given[place].isNaN {
                bins.add(given[place], happened: relevant.contains(lists[place]))
            }
        }
        probabilities = bins.count > 0 ? bins : nil
        if let groups = task.groups {
            values = Self.means(of: values, width: width, groups, count: task.judgedCount)
            userIsKnown = groups.indices.filter { $0 == 0 || groups[$0] != groups[$0 - 1] }
                .map { [userIsKnown] in userIsKnown[$0] }
        }
        self.userIsKnown = userIsKnown
    }

    /// The mean of each figure over the queries of a group that have it.
    private static func means(of values: [Float], width: Int, _ groups: [Int32], count: Int)
        -> [Float]
    {
        var sums = Array(repeating: 0.0, count: count * width)
        var counts = Array(repeating: 0.0, count: count * width)
        for (query, group) in groups.enumerated() {
            for column in 0..<width where !values[query * width + column].isNaN {
                sums[Int(group) * width + column] += Double(values[query * width + column])
                counts[Int(group) * width + column] += 1
            }
        }
        return zip(sums, counts).map { Float($0 / $1) }
    }

    private init(
        measures: [Measure], values: [Float], userIsKnown: [Bool], recommended: [Int],
        listLength: Int, probabilities: ProbabilityBins?
    ) {
        self.measures = measures
        self.values = values
        self.userIsKnown = userIsKnown
        self.recommended = recommended
        self.listLength = listLength
        self.probabilities = probabilities
    }

    /// The queries of both, one after the other.
    ///
    /// - Precondition: both have the same measures, list length and items.
    package func appending(_ other: Judgement) -> Judgement {
        precondition(measures == other.measures && listLength == other.listLength)
        precondition(recommended.count == other.recommended.count)
        return Judgement(
            measures: measures, values: values + other.values,
            userIsKnown: userIsKnown + other.userIsKnown,
            recommended: zip(recommended, other.recommended).map(+), listLength: listLength,
            probabilities: ProbabilityBins.sum(probabilities, other.probabilities))
    }

    /// Each query's mean over judgements of the same queries, such as one for each seed.
    ///
    /// - Precondition: there is at least one, and all have the same measures and queries.
    package static func mean(of judgements: [Judgement]) -> Judgement {
        var result = judgements[0]
        for other in judgements.dropFirst() {
            precondition(result.measures == other.measures)
            precondition(result.values.count == other.values.count)
            for i in result.values.indices { result.values[i] += other.values[i] }
            result.recommended = zip(result.recommended, other.recommended).map(+)
            result.probabilities = ProbabilityBins.sum(result.probabilities, other.probabilities)
        }
        let share = 1 / Float(judgements.count)
        for i in result.values.indices { result.values[i] *= share }
        return result
    }

    /// The figures of one measure, query by query, without those that have none.
    ///
    /// - Parameter isKnown: only of queries whose user the training data knows, or does not know;
    ///   nil for all.
    package func figures(_ measure: Measure, userIsKnown isKnown: Bool? = nil) -> [Float] {
        guard let column = measures.firstIndex(of: measure) else { return [] }
        return userIsKnown.indices.lazy
            .filter { isKnown == nil || userIsKnown[$0] == isKnown }
            .map { values[$0 * measures.count + column] }.filter { !$0.isNaN }
    }

    /// The mean over the queries that have the figure; NaN where none has.
    package func mean(_ measure: Measure, userIsKnown isKnown: Bool? = nil) -> Double {
        let figures = figures(measure, userIsKnown: isKnown)
        return figures.reduce(0) { $0 + Double($1) } / Double(figures.count)
    }
}
