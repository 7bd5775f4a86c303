package import Interactions
package import Models

/// What is judged by a log of impressions: what models learn from, and what they are then asked.
///
/// A model is asked each request of the log again, with its shopper and basket, and the item that it
/// puts at a logged place is compared with the one that was shown there.
package struct ReplayPlan: Sendable {
    /// The impressions that judge.
    package let log: ImpressionLog
    /// What models are trained on and asked; nil where none is.
    package let split: EvaluationSplit?
    /// Where the training data comes from and what judges, in a sentence or two.
    package let summary: String
    /// What the reader should know of how the two fit.
    package let notes: [String]
    /// By request, its query: requests of one shopper with one basket share theirs.
    let queries: [Int32]
    /// By item of the log, its number in the training data, or -1 for one that is not there.
    let itemNumbers: [Int32]

    /// Judges by the whole log, for policies that learn nothing.
    package init(judging log: ImpressionLog) {
        self.log = log
        split = nil
        summary = "\(Self.size(of: log)) judge."
        notes = []
        (queries, itemNumbers) = ([], [])
    }

    /// Trains on a shop's events and judges by the whole log.
    ///
    /// Events from the log's first request on are left out: a model must not know what it is judged
    /// by.
    ///
    /// - Parameter includesPurchased: whether slates may hold what the shopper took before.
    /// - Throws: ``EvaluationError`` where no event is left to learn from, or the log shows no item
    ///   of the events.
    package init(
        judging log: ImpressionLog, trainedOn events: Dataset,
        options: TrainingDataOptions = .init(), includesPurchased: Bool = false
    ) throws(EvaluationError) {
        let start = log.requestTimes.lazy.filter { $0 != EventTable.noTime }.min()
        let past = start.map { start in
            events.keepingEvents {
                events.events.times[$0] == EventTable.noTime || events.events.times[$0] < start
            }
        }
        let dropped = past.map { events.events.count - $0.events.count } ?? 0
        var notes: [String] = []
        if start == nil || !events.events.times.contains(where: { $0 != EventTable.noTime }) {
            notes.append(
                "the log or the events have no times, so events from the time of the log may have been "
                    + "learned from")
        }
        try self.init(
            judging: log, past ?? events, options, includesPurchased,
            learnedFrom: "Models learn from \(past?.events.count ?? events.events.count) events"
                + (dropped > 0
                    ? " before the log's first request; \(dropped) later ones are left out." : "."),
            notes: notes)
    }

    /// Trains on what was rewarded in the older half of the log's requests, and judges by the newer
    /// half.
    ///
    /// Requests without times are taken in their order. A rewarded impression counts as a purchase.
    ///
    /// - Throws: ``EvaluationError`` where nothing was rewarded in the older half, or there are
    ///   fewer than two requests.
    package init(
        halving log: ImpressionLog, options: TrainingDataOptions = .init(),
        includesPurchased: Bool = false
    ) throws(EvaluationError) {
        guard log.requestCount >= 2 else {
            throw EvaluationError(
                "the log has one request; it takes two or more to learn from and judge by")
        }
        let order = (0..<log.requestCount).sorted {
            (log.requestTimes[$0], $0) < (log.requestTimes[$1], $1)
        }
        var isOlder = Array(repeating: false, count: log.requestCount)
        for request in order[..<(order.count / 2)] { isOlder[request] = true }
        var past = Dataset()
        (past.items, past.users) = (log.items, log.users)
        past.baskets = IdentifierTable((0..<log.requestCount).map { "\($0)" })
        past.catalog.grow(to: log.items.count)
        for i in 0..<log.count where log.rewards[i] > 0 && isOlder[Int(log.requests[i])] {
            let request = Int(log.requests[i])
            past.events.append(
                user: log.requestUsers[request], item: log.shown[i],
                time: log.requestTimes[request], basket: log.requests[i])
        }
        guard past.events.count > 0 else {
            throw EvaluationError(
                "nothing was rewarded in the older half of the log, so nothing can be learned from it; "
                    + "--events names what to learn from")
        }
        try self.init(
            judging: log.keepingRequests { !isOlder[$0] }, past, options, includesPurchased,
            learnedFrom:
                "Models learn from the \(past.events.count) rewarded impressions of the older "
                + "half of the log's requests.",
            notes: [])
    }

    private init(
        judging log: ImpressionLog, _ past: Dataset, _ options: TrainingDataOptions,
        _ includesPurchased: Bool, learnedFrom: String, notes: [String]
    ) throws(EvaluationError) {
        let training = try EventSplits(dataset: past, options: options).trainingData(past)
        let counts = training.itemCounts
        itemNumbers = (0..<log.items.count).map { item in
            log.items.withBytes(of: item) { past.items.index(of: $0) } ?? -1
        }
        let users = (0..<log.users.count).map { user -> Int32 in
            let number = log.users.withBytes(of: user) { past.users.index(of: $0) }
            guard let number, !training.interactions.row(Int(number)).isEmpty else { return -1 }
            return number
        }
        var asked: [ReplayQuery: Int32] = [:]
        var task = ReplayTaskBuilder(itemCount: past.items.count)
        queries = (0..<log.requestCount).map { [itemNumbers] request in
            let user = log.requestUsers[request]
            let basket = Set(log.basket(ofRequest: request).map { itemNumbers[Int($0)] })
                .filter { $0 >= 0 && counts[Int($0)] > 0 }
            let query = ReplayQuery(
                user: user == EventTable.none ? -1 : users[Int(user)], basket: basket.sorted())
            if let number = asked[query] { return number }
            asked[query] = Int32(asked.count)
            task.append(query)
            return Int32(asked.count - 1)
        }
        let shownAtAll = Set(log.shown).filter { [itemNumbers] in itemNumbers[Int($0)] >= 0 }
        guard !shownAtAll.isEmpty else {
            throw EvaluationError(
                "none of the items in the log is in the events, such as \"\(log.items[Int(log.shown[0])])\"; "
                    + "are these ids of one shop?")
        }
        let foreign = log.shown.count { [itemNumbers] in itemNumbers[Int($0)] < 0 }
        var notes = notes
        if foreign > 0 {
            notes.append(
                "\(percent(Double(foreign) / Double(log.count))) of the impressions are of items that "
                    + "models do not know and so never show")
        }
        let named = log.requestUsers.filter { $0 != EventTable.none }
        if !named.isEmpty {
            let known = named.count { users[Int($0)] >= 0 }
            notes.append(
                "\(percent(Double(known) / Double(log.requestCount))) of the requests are of shoppers "
                    + "whom models know")
        }
        split = EvaluationSplit(
            training: training, tasks: [task.make(includesPurchased: includesPurchased)]
        ) { () throws(EvaluationError) in
            throw EvaluationError("a log of impressions judges models as they are set")
        }
        self.log = log
        self.notes = notes
        summary = "\(learnedFrom) \(Self.size(of: log)) judge."
    }

    private static func size(of log: ImpressionLog) -> String {
        "\(log.count) impressions of \(log.requestCount) requests"
    }
}

/// What a model is asked for a request.
private struct ReplayQuery: Hashable {
    /// A row of the training data, or -1.
    let user: Int32
    /// Numbers of the training data, ascending.
    let basket: [Int32]
}

/// Gathers queries that have no item to find.
private struct ReplayTaskBuilder {
    private let itemCount: Int
    private var users: [Int32] = []
    private var baskets: RowBuilder

    init(itemCount: Int) {
        self.itemCount = itemCount
        baskets = RowBuilder(columnCount: itemCount)
    }

    mutating func append(_ query: ReplayQuery) {
        users.append(query.user)
        baskets.append(query.basket)
    }

    func make(includesPurchased: Bool) -> RankingTask {
        var task = RankingTask(
            users: users, contexts: baskets.matrix,
            relevant: SparseMatrix(rows: users.count, columnCount: itemCount, entries: []),
            context: .basket, excludesContext: true)
        task.includesPurchased = includesPurchased
        return task
    }
}
