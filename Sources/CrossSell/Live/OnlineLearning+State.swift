internal import Interactions

/// The events in memory as words of 64 bits, which a start takes in faster than the journal they came from.
/// All else that is learned online is a function of them.
///
/// A portion is ``StatePortion/terms``, or some items' ids, or some events; its first word says which.
extension OnlineLearning {
    private enum StatePortion: UInt64 {
        /// Capacity, events that went to make room, those passed over, then ``fingerprint`` of each generation.
        case terms
        /// Each id's length in bytes, and the id in whole words.
        case items
        /// ``LiveEvents/Event/appendWords(to:)`` of each.
        case events
    }

    /// More events, or words of ids, go into several portions.
    private static let portionEvents = 4_096
    private static let portionIDWords = 1 << 16

    /// Calls `body` with each portion of the state.
    ///
    /// - Complexity: O(events in memory + items).
    package func forEachStatePortion(_ body: ([UInt64]) -> Void) {
        body(
            [
                StatePortion.terms.rawValue, UInt64(events.capacity), UInt64(expired),
                UInt64(passedOver),
            ]
                + generations.map(\.fingerprint))
        var words = [StatePortion.items.rawValue]
        for number in 0..<items.count {
            items.withBytes(of: number) { Self.append($0, to: &words) }
            guard words.count > Self.portionIDWords || number == items.count - 1 else { continue }
            body(words)
            words.removeLast(words.count - 1)
        }
        words = [StatePortion.events.rawValue]
        words.reserveCapacity(1 + Self.portionEvents * LiveEvents.Event.wordCount)
        for position in events.oldest..<events.next {
            let event = events.event(at: position)
            if !event.isErased { event.appendWords(to: &words) }
            guard
                words.count > Self.portionEvents * LiveEvents.Event.wordCount
                    || position == events.next - 1 && words.count > 1
            else { continue }
            body(words)
            words.removeLast(words.count - 1)
        }
    }

    /// Takes in a portion of a state, between ``beginReplay()`` and ``publish()``.
    ///
    /// - Parameter isOver: whether an event is too old to be taken in.
    /// - Returns: false where the state is of no use here: it may lack events that the generations which are
    ///   there now would have kept, or this one has events already. That shows at the first portion.
    /// - Complexity: O(what is in it).
    package func takeIn(
        _ portion: ArraySlice<UInt64>, except isOver: (LiveEvents.Event) -> Bool
    ) -> Bool {
        let words = portion.dropFirst()
        switch portion.first.flatMap(StatePortion.init) {
        case nil: return false
        case .terms: return takeInTerms(Array(words))
        case .items: return takeInItems(words)
        case .events:
            for start in stride(
                from: words.startIndex, to: words.endIndex, by: LiveEvents.Event.wordCount)
            {
                guard let event = LiveEvents.Event(words: words[start...]), event.item < itemCount,
                    !isOver(event)
                else { continue }
                takeIn(event)
            }
            return true
        }
    }

    private func takeInTerms(_ terms: [UInt64]) -> Bool {
        guard terms.count >= 3, events.next == 1, itemCount == 0 else { return false }
        // Events that went there might have stayed here.
        guard terms[1] == 0 || terms[0] >= events.capacity else { return false }
        let known = Set(terms[3...])
        guard generations.allSatisfy({ known.contains($0.fingerprint) }) else { return false }
        addExpired(Int(clamping: terms[1]), passedOver: Int(clamping: terms[2]))
        return true
    }

    private func takeInItems(_ words: ArraySlice<UInt64>) -> Bool {
        var rest = words
        while let length = rest.popFirst() {
            let count = Int(clamping: length)
            guard count > 0, count <= rest.count * 8 else { return false }
            let isNew = rest.withUnsafeBytes { takeInItem(IDView(rebasing: $0[..<count])) }
            guard isNew else { return false }
            rest = rest.dropFirst((count + 7) / 8)
        }
        return true
    }

    private static func append(_ id: UnsafeBufferPointer<UInt8>, to words: inout [UInt64]) {
        words.append(UInt64(id.count))
        for start in stride(from: 0, to: id.count, by: 8) {
            var word: UInt64 = 0
            for place in start..<min(start + 8, id.count) {
                word |= UInt64(id[place]) << UInt64(8 * (place - start))
            }
            words.append(word)
        }
    }
}

extension LiveCounts {
    /// What tells a generation from others as to the events that it wants kept.
    fileprivate var fingerprint: UInt64 {
        var version = version
        let hash = version.withUTF8 {
            $0.count == 0 ? 0 : IdentifierHash(seed: 0)($0.baseAddress!, count: $0.count)
        }
        let kinds = EventKind.allCases.filter { counts($0) }.reduce(UInt64(0)) {
            $0 | 1 << UInt64($1.rawValue)
        }
        return hash ^ UInt64(bitPattern: since) << 8 ^ kinds
    }
}

extension LiveEvents.Event {
    fileprivate static let wordCount = 5

    fileprivate func appendWords(to words: inout [UInt64]) {
        words.append(user)
        words.append(UInt64(bitPattern: time))
        words.append(basket)
        words.append(UInt64(value.bitPattern) << 32 | UInt64(item))
        words.append((isLoose ? 256 : 0) | UInt64(kind.rawValue))
    }

    /// nil where these are not an event's.
    fileprivate init?(words: ArraySlice<UInt64>) {
        guard words.count >= Self.wordCount,
            let kind = EventKind(rawValue: UInt8(truncatingIfNeeded: words[words.startIndex + 4]))
        else { return nil }
        let first = words.startIndex
        self.init()
        (user, basket, self.kind) = (words[first], words[first + 2], kind)
        time = Int64(bitPattern: words[first + 1])
        value = Float(bitPattern: UInt32(words[first + 3] >> 32))
        item = UInt32(truncatingIfNeeded: words[first + 3])
        isLoose = words[first + 4] & 256 != 0
    }
}
