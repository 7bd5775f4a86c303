internal import EventLoop
internal import Interactions

/// What was shown, and what came of it: ties clicks and purchases to the slates that lanes have logged,
/// and counts both by tier, main reason, rule set and exploration.
///
/// Memory is bounded: of each lane's slates the newest are kept. Counts are those of this life; who
/// keeps them longer scrapes them, as with all counters. With a file the slates themselves outlive it: events of
/// the next life are tied to them, and counted in that.
package final class Outcomes: Sendable {
    /// Names of rule sets that are told apart, one of them for those beyond.
    package static let ruleSetsMax = 64
    /// The last number's.
    private static let otherRuleSets = "(others)"

    /// An act on an item that was shown.
    package enum Act: Sendable {
        case click
        /// - Parameter revenue: in the shop's currency; finite.
        case purchase(revenue: Double)
    }

    /// What an event turned out to be.
    package enum Attribution: Sendable {
        /// The first such act on that item of that slate.
        case counted
        /// A further one: only its revenue counts.
        case repeated
        /// No slate with that id is there any more, or ever was.
        case unknownSlate
        /// The slate did not hold the item.
        case notOnSlate
    }

    struct State: Sendable {
        var lanes: [SlateLog] = []
        /// By lane: the number of the next slate to count.
        var next: [UInt64] = []
        /// By rule set, explored or not, reason and tier; nil where nothing was shown so.
        var cells: [OutcomeCell?] = []
        var ruleSets = [""]
        var items: [ShownItem] = []
        var (slates, slatesMissed, unknownSlates, itemsNotOnSlate) = (0, 0, 0, 0)
        var earlier = EarlierSlates()
        /// Once it is open; nil before, and where there is none.
        var file: SlateFile?
        /// What is to be written next, where something is.
        var unwritten: [UInt64] = []
        var isWritten = false
        /// Names of sets that the file has; 0 where it has not even the seed.
        var ruleSetsWritten = 0
    }

    private let since: Int
    let tiers: [String]
    private let laneBytesMax: Int
    let bytesMax: Int
    let path: String?
    let seed: UInt64
    /// The first lane's number, and that of the next life's: no two lives have the same, so that no id is
    /// given twice.
    private let firstLane: Int
    let nextLane: Int
    private let cipher: SlateCipher
    private let hash: IdentifierHash
    let state = Locked(State())

    /// - Parameters:
    ///   - tiers: names, by number from 1 on.
    ///   - lanes: how many there will be; fewer than 65,536.
    ///   - bytesMax: memory of all lanes' slates; ten bytes an item, and twenty more a slate.
    ///   - since: the time now, in seconds since 1970.
    ///   - path: of a file for the next life; nil for none. It is read and written once ``openFile()`` says so.
    ///   - seed: secret; makes the ids where no file tells that of the life before.
    package init(
        tiers: [String], lanes: Int, bytesMax: Int, since: Int, path: String? = nil,
        seed: UInt64 = .random(in: 0 ... .max)
    ) {
        (self.since, self.tiers, self.bytesMax, self.path) = (since, tiers, bytesMax, path)
        laneBytesMax = bytesMax / max(1, lanes)
        let before = path.flatMap { SlateFile($0, bytesMax: bytesMax).lastLife }
        let lane = before?.nextLane ?? 0
        firstLane = lane + lanes < SlatePlace.lanesMax ? lane : 0
        nextLane = firstLane + lanes
        self.seed = before?.seed ?? seed
        cipher = SlateCipher(seed: self.seed)
        hash = IdentifierHash(seed: self.seed ^ 0x5bd1_e995_9d2c_5680)
        state.withLock { $0.isWritten = path != nil }
    }

    /// The log of one more lane.
    package func makeLog() -> SlateLog {
        state.withLock { state in
            let log = SlateLog(
                lane: firstLane + state.lanes.count, bytesMax: laneBytesMax, cipher: cipher,
                hash: hash)
            state.lanes.append(log)
            state.next.append(0)
            return log
        }
    }

    /// The number of a rule set's name, the same for the same name: 1 and up.
    package func number(ofRuleSet name: String) -> Int {
        state.withLock { state in
            if let number = state.ruleSets.firstIndex(of: name), number > 0 { return number }
            if state.ruleSets.count < Self.ruleSetsMax - 1 {
                state.ruleSets.append(name)
            } else if state.ruleSets.count == Self.ruleSetsMax - 1 {
                state.ruleSets.append(Self.otherRuleSets)
            }
            return state.ruleSets.count - 1
        }
    }

    // MARK: What was shown

    /// Counts the slates that were logged since the last time. To be called often enough that no lane
    /// writes its whole log between; each second is.
    ///
    /// - Complexity: O(items shown since).
    package func count() { state.withLock { count(&$0) } }

    func count(_ state: inout State) {
        for lane in state.lanes.indices {
            let log = state.lanes[lane]
            let (end, oldest) = (log.count, log.oldest)
            if state.next[lane] < oldest {
                state.slatesMissed += Int(oldest - state.next[lane])
                state.next[lane] = oldest
            }
            while state.next[lane] < end {
                let head = log.read(state.next[lane], into: &state.items)
                state.next[lane] += 1
                guard let head else {
                    state.slatesMissed += 1
                    continue
                }
                state.slates += 1
                if state.isWritten {
                    let place = SlatePlace(lane: firstLane + lane, number: state.next[lane] - 1)
                    state.unwritten += SlateFile.slate(place, head, state.items)
                }
                for item in state.items {
                    withCell(of: item, head, &state) {
                        $0.impressions += 1
                        $0.shown.insert(item.hash)
                    }
                }
            }
        }
    }

    private func withCell(
        of item: ShownItem, _ head: SlateHead, _ state: inout State,
        _ body: (inout OutcomeCell) -> Void
    ) {
        let reasons = ShownReason.allCases.count
        let place =
            ((head.ruleSet * 2 + (item.isExplored ? 1 : 0)) * reasons + item.reason.rawValue)
            * tiers.count + head.tier - 1
        if place >= state.cells.count {
            state.cells += repeatElement(nil, count: place + 1 - state.cells.count)
        }
        if state.cells[place] == nil {
            state.cells[place] = OutcomeCell(
                tier: tiers[head.tier - 1], reason: item.reason,
                ruleSet: state.ruleSets[head.ruleSet], isExplored: item.isExplored)
        }
        body(&state.cells[place]!)
    }

    // MARK: What came of it

    /// Ties an act to the slate on which its item was shown.
    ///
    /// - Parameters:
    ///   - slate: the id that came with it.
    ///   - item: the item's id, as the slate had it.
    /// - Complexity: O(items of the slate, and those shown since the last count).
    @discardableResult
    package func note(
        _ act: Act, on item: UnsafeRawBufferPointer, slate id: UInt64
    ) -> Attribution {
        let hash = hashed(item)
        return state.withLock { state in
            // First, so that the impression is counted before what came of it.
            count(&state)
            let place = cipher.decrypt(id)
            guard let head = read(place, &state) else {
                state.unknownSlates += 1
                return .unknownSlate
            }
            guard let number = state.items.firstIndex(where: { $0.hash == hash }) else {
                state.itemsNotOnSlate += 1
                return .notOnSlate
            }
            let item = state.items[number]
            var isFirst = false
            switch act {
            case .click:
                isFirst = mark(place, number, item, with: ShownItem.clicked, &state)
                if isFirst { withCell(of: item, head, &state) { $0.clicks += 1 } }
            case .purchase(let revenue):
                isFirst = mark(place, number, item, with: ShownItem.bought, &state)
                withCell(of: item, head, &state) {
                    if isFirst { $0.purchases += 1 }
                    $0.revenue += revenue
                    $0.sold.insert(item.hash)
                }
            }
            return isFirst ? .counted : .repeated
        }
    }

    /// Reads a slate of this life or an earlier one into `state.items`.
    private func read(_ place: SlatePlace, _ state: inout State) -> SlateHead? {
        let lane = place.lane - firstLane
        guard state.lanes.indices.contains(lane) else {
            return state.earlier.read(place, into: &state.items)
        }
        return state.lanes[lane].read(place.number, into: &state.items)
    }

    /// - Returns: whether it was not marked before.
    private func mark(
        _ place: SlatePlace, _ number: Int, _ item: ShownItem, with mark: UInt64,
        _ state: inout State
    ) -> Bool {
        let lane = place.lane - firstLane
        let isFirst =
            state.lanes.indices.contains(lane)
            ? state.lanes[lane].mark(place.number, number, item, with: mark)
            : state.earlier.mark(place, number, with: mark)
        if isFirst, state.isWritten { state.unwritten += SlateFile.mark(place, number, mark) }
        return isFirst
    }

    private func hashed(_ id: UnsafeRawBufferPointer) -> UInt64 {
        guard let base = id.baseAddress, id.count > 0 else { return 0 }
        return hash(base, count: id.count) >> 6
    }

    // MARK: What is told

    /// All that is counted so far.
    package func report() -> OutcomeReport {
        state.withLock { state in
            count(&state)
            return OutcomeReport(
                since: since, slates: state.slates, slatesMissed: state.slatesMissed,
                oldestSlate: oldestSlate(&state), unknownSlates: state.unknownSlates,
                itemsNotOnSlate: state.itemsNotOnSlate, state.cells.compactMap(\.self))
        }
    }

    /// The counts by all circumstances at once, and of events that were tied to nothing.
    package func cells() -> (cells: [OutcomeCell], unknownSlates: Int, itemsNotOnSlate: Int) {
        state.withLock { state in
            count(&state)
            return (
                state.cells.compactMap(\.self), state.unknownSlates, state.itemsNotOnSlate
            )
        }
    }

    private func oldestSlate(_ state: inout State) -> Int? {
        var oldest = state.earlier.oldest
        for log in state.lanes {
            // Those that are there are the newest: the first one is found by halving.
            var (low, high) = (log.oldest, log.count)
            let end = high
            while low < high {
                let middle = low + (high - low) / 2
                if log.read(middle, into: &state.items) == nil {
                    low = middle + 1
                } else {
                    high = middle
                }
            }
            guard low < end, let head = log.read(low, into: &state.items) else { continue }
            oldest = min(oldest ?? head.seconds, head.seconds)
        }
        return oldest
    }
}
