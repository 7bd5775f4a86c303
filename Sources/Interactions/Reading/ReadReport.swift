/// Why a line gave no event, without being a bad line.
package enum LeftOutCause: String, CaseIterable, Encodable, CodingKeyRepresentable, Sendable {
    case noItem = "no item"
    case excludedItem = "item excluded"
    case noUserAndNoBasket = "neither user nor basket"
    case unknownKind = "kind not known"
    case negativeValue = "negative value"
    case zeroValue = "quantity zero"
    case priceBelowMinimum = "price below the minimum"
    case repeatedEvent = "event id seen before"
}

/// What reading found, kept and left out.
package struct ReadReport: Encodable, Sendable, CustomStringConvertible {
    /// Files read, in order, and what was understood of each.
    package internal(set) var files: [FileReport] = []
    /// Records of event files; headers and blank lines do not count.
    package internal(set) var linesRead = 0
    package internal(set) var eventsKept = 0
    /// Of these, the ones that were equal to another and added to its value.
    package internal(set) var eventsCounted = 0
    /// Events kept, by kind; only kinds that occur.
    package internal(set) var eventsByKind: [String: Int] = [:]
    /// Only causes that occur.
    package internal(set) var leftOut: [LeftOutCause: Int] = [:]
    package internal(set) var badLines = 0
    /// The first 10, with their places.
    package internal(set) var badLineExamples: [String] = []
    package internal(set) var eventsWithoutUser = 0
    package internal(set) var eventsWithoutTime = 0
    /// Texts that were taken for missing values, and how often.
    package internal(set) var missingValues: [String: Int] = [:]
    package internal(set) var identifiers = ChangedIdentifiers()
    package internal(set) var users = 0
    package internal(set) var items = 0
    package internal(set) var baskets = 0
    /// What makes a basket: `column order_id`, `columns date+receipt joined`, `a line of the file`,
    /// or `sessions` of users where no column does.
    package internal(set) var basketsMadeBy = ""
    /// What was returned, once that is taken off what was bought; nil before.
    package private(set) var returns: NettedReturns?
    /// Records of the file that says of which user and time baskets are.
    package internal(set) var basketLines = 0
    /// Items that the catalog names and no event does.
    package internal(set) var itemsOnlyInCatalog = 0
    /// Records of catalog files.
    package internal(set) var catalogLines = 0
    /// Items that the catalog names, and how many of them have events; 0 without a catalog.
    package internal(set) var catalogItems = 0
    package internal(set) var catalogItemsWithEvents = 0
    /// Seconds since 1970 UTC of the earliest and latest event; nil where no event has a time.
    package internal(set) var firstTime: Int64?
    package internal(set) var lastTime: Int64?
    /// Bytes of the files, as stored.
    package internal(set) var bytesRead = 0
    package internal(set) var seconds = 0.0
    /// What was decided or changed on the way, one sentence each.
    package internal(set) var notes: [String] = []

    /// Says what was taken off the events after they were read.
    package mutating func add(_ returns: NettedReturns) {
        self.returns = returns
        if let note = returns.note { notes.append(note) }
    }

    package var leftOutCount: Int { leftOut.values.reduce(0, +) }

    /// Several lines for people to read.
    package var description: String {
        var lines = [
            "\(linesRead) lines read, \(eventsKept) events kept: \(users) users, "
                + "\(items) items, \(baskets) baskets"
        ]
        let kinds = EventKind.allCases.compactMap { kind in
            eventsByKind[kind.name].map { "\($0) \(kind.name)" }
        }
        if !kinds.isEmpty { lines.append("kinds: " + kinds.joined(separator: ", ")) }
        for cause in LeftOutCause.allCases {
            if let count = leftOut[cause] { lines.append("left out, \(cause.rawValue): \(count)") }
        }
        if eventsWithoutUser > 0 { lines.append("events without a user: \(eventsWithoutUser)") }
        if eventsWithoutTime > 0 { lines.append("events without a time: \(eventsWithoutTime)") }
        if let firstTime, let lastTime {
            lines.append("from \(isoTime(firstTime)) to \(isoTime(lastTime))")
        }
        lines += files.map(\.description)
        if eventsKept > 0 { lines.append("baskets: \(basketsDescription)") }
        if catalogLines > 0 {
            let share = Double(catalogItemsWithEvents) / Double(max(1, catalogItems))
            lines.append(
                "catalog: \(catalogLines) lines, of whose \(catalogItems) items "
                    + "\(catalogItemsWithEvents) (\(Int((100 * share).rounded())) %) have events; "
                    + "\(items - catalogItems) items with events are not in it")
        }
        if badLines > 0 {
            lines.append("bad lines: \(badLines)")
            lines += badLineExamples.map { "  \($0)" }
        }
        // Notes have examples of what files hold.
        return (lines + notes.map(ReadError.withoutControls)).joined(separator: "\n")
    }
}

extension ReadReport {
    private var basketsDescription: String {
        basketsMadeBy == Self.sessions
            ? "no column names them; a user's events within half an hour of each other are one"
            : "\(baskets), by \(basketsMadeBy)"
    }

    static let sessions = "sessions"
}

/// How many distinct ids were changed, or look as if something had changed them before.
package struct ChangedIdentifiers: Encodable, Sendable, Equatable {
    /// Lost blanks at their ends.
    package internal(set) var trimmed = 0
    /// Lost `.0`.
    package internal(set) var cut = 0
    /// Differed from another one by case.
    package internal(set) var folded = 0
    /// Differed from another one by how accents are composed.
    package internal(set) var composed = 0
    /// Look rounded or taken for dates by a spreadsheet; kept as they are.
    package internal(set) var mangled = 0
}

/// How far reading has come.
package struct ReadProgress: Sendable {
    package let file: String
    /// Of the file as stored, so compressed bytes for gzip.
    package let bytesRead: Int
    /// nil where it is not known, as for a pipe.
    package let bytesTotal: Int?
    package let lines: Int
}

/// `YYYY-MM-DDTHH:MM:SSZ`. Source: Hinnant, "chrono-compatible low-level date algorithms",
/// civil_from_days.
package func isoTime(_ seconds: Int64) -> String {
    let days = seconds >= 0 ? seconds / 86_400 : (seconds - 86_399) / 86_400
    let rest = seconds - days * 86_400
    let shifted = days + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra =
        (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
    let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    func padded(_ number: Int64, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
    return "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))T\(padded(rest / 3600, 2)):"
        + "\(padded(rest / 60 % 60, 2)):\(padded(rest % 60, 2))Z"
}
