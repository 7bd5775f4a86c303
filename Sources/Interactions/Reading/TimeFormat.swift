/// How a file writes its times. A time without a zone is UTC.
package enum TimeFormat: String, CaseIterable, Sendable {
    /// Seconds since 1970, decimals allowed (they are cut off).
    case unixSeconds = "unix-seconds"
    case unixMilliseconds = "unix-milliseconds"
    case unixMicroseconds = "unix-microseconds"
    case unixNanoseconds = "unix-nanoseconds"
    /// `YYYYMMDD`.
    case compactDate = "compact-date"
    /// `YYYYMMDDHHMM` or `YYYYMMDDHHMMSS`.
    case compactTime = "compact-time"
    /// Days since 1899-12-30 with a part of a day, as spreadsheets keep times: 40513.35.
    case spreadsheetDays = "spreadsheet-days"
    /// Whole days from a day of one's own; day 0 is taken for 1970-01-01.
    case dayNumbers = "day-numbers"
    /// `YYYY-MM-DD` or `YYYY/MM/DD`, then perhaps a blank or `T` and `HH:MM[:SS[.fff]]`, then
    /// perhaps `Z` or `+HH:MM`.
    case iso8601 = "iso-8601"
    /// `DD/MM/YYYY` or `DD/MM/YY` (2000 to 2068 and 1969 to 1999), also with `.` or `-`, then
    /// perhaps `HH:MM[:SS]`, then perhaps `AM` or `PM`.
    case dayFirst = "day-first"
    /// As `dayFirst`, with the month first.
    case monthFirst = "month-first"

    /// Seconds since 1970-01-01 UTC, or nil where the text is no such time.
    package func seconds(_ text: UnsafeBufferPointer<UInt8>) -> Int64? {
        let text = trimmedBlanks(text)
        switch self {
        case .unixSeconds: return Self.unix(text, per: 1)
        case .unixMilliseconds: return Self.unix(text, per: 1e3)
        case .unixMicroseconds: return Self.unix(text, per: 1e6)
        case .unixNanoseconds: return Self.unix(text, per: 1e9)
        case .compactDate:
            let digits =
                isWholeFloat(text) ? UnsafeBufferPointer(rebasing: text.dropLast(2)) : text
            guard digits.count == 8 else { return nil }
            var scan = TimeScan(digits)
            guard let date = scan.digits(8...8) else { return nil }
            return daysSince1970(year: date / 10_000, month: date / 100 % 100, day: date % 100)
                .map { $0 * 86_400 }
        case .compactTime: return Self.compactTime(text)
        case .spreadsheetDays:
            // The years 1900 to 9999.
            guard let days = parseNumber(text), days >= 1, days < 2_958_466 else { return nil }
            return Int64(((days - 25_569) * 86_400).rounded())
        case .dayNumbers:
            guard let days = parseNumber(text), days == days.rounded(), abs(days) < 2_900_000
            else { return nil }
            return Int64(days) * 86_400
        case .iso8601: return Self.iso8601(text)
        case .dayFirst, .monthFirst:
            var scan = TimeScan(text)
            guard let date = scan.slashedDate(),
                let days = daysSince1970(
                    year: date.year, month: self == .dayFirst ? date.second : date.first,
                    day: self == .dayFirst ? date.first : date.second)
            else { return nil }
            if scan.isAtEnd { return days * 86_400 }
            guard scan.take(32), let time = scan.timeOfDay(allowsHalves: true), scan.isAtEnd else {
                return nil
            }
            return days * 86_400 + time
        }
    }

    private static func unix(_ text: UnsafeBufferPointer<UInt8>, per second: Double) -> Int64? {
        guard let number = parseNumber(text) else { return nil }
        let seconds = (number / second).rounded(.down)
        // The years 1 to 9999.
        guard seconds >= -62_135_596_800, seconds < 253_402_300_800 else { return nil }
        return Int64(seconds)
    }

    private static func compactTime(_ text: UnsafeBufferPointer<UInt8>) -> Int64? {
        guard text.count == 12 || text.count == 14 else { return nil }
        var scan = TimeScan(text)
        guard let date = scan.digits(8...8),
            let days = daysSince1970(year: date / 10_000, month: date / 100 % 100, day: date % 100),
            let hour = scan.digits(2...2), let minute = scan.digits(2...2), hour < 24, minute < 60
        else { return nil }
        var second: Int64 = 0
        if text.count == 14 {
            guard let seconds = scan.digits(2...2), seconds < 60 else { return nil }
            second = seconds
        }
        return days * 86_400 + hour * 3600 + minute * 60 + second
    }

    private static func iso8601(_ text: UnsafeBufferPointer<UInt8>) -> Int64? {
        var scan = TimeScan(text)
        guard let year = scan.digits(4...4), let separator = scan.take(0x2d, 0x2f),
            let month = scan.digits(1...2), scan.take(separator), let day = scan.digits(1...2),
            let days = daysSince1970(year: year, month: month, day: day)
        else { return nil }
        if scan.isAtEnd { return days * 86_400 }
        guard scan.take(32, UInt8(ascii: "T")) != nil,
            let time = scan.timeOfDay(allowsHalves: false)
        else { return nil }
        let seconds = days * 86_400 + time
        if scan.isAtEnd { return seconds }
        _ = scan.take(32)
        if scan.take(UInt8(ascii: "Z")) || scan.takeUTC() { return scan.isAtEnd ? seconds : nil }
        guard let sign = scan.take(0x2b, 0x2d), let hours = scan.digits(2...2), hours < 24 else {
            return nil
        }
        _ = scan.take(UInt8(ascii: ":"))
        let minutes = scan.isAtEnd ? 0 : scan.digits(2...2) ?? 60
        guard scan.isAtEnd, minutes < 60 else { return nil }
        let offset = (hours * 60 + minutes) * 60
        return sign == 0x2b ? seconds - offset : seconds + offset
    }
}

/// Finds out a column's format from its first times.
struct TimeFormatDetector {
    /// What is found out; the others are for those who ask for them.
    private var candidates = TimeFormat.allCases.filter { $0 != .dayNumbers }
    private var hasSeen = false
    private(set) var example = ""
    /// The times that are numbers, as long as there are not too many, and whether all are.
    private var numbers: [Double] = []
    private var areNumbers = true
    private static let numbersMax = 10_000

    /// Whether more times could still decide between two formats.
    var isOpen: Bool {
        !hasSeen || candidates.contains(.dayFirst) && candidates.contains(.monthFirst)
    }

    mutating func look(at text: UnsafeBufferPointer<UInt8>) {
        let text = trimmedBlanks(text)
        guard text.count > 0 else { return }
        let fitting = candidates.filter { $0.seconds(text) != nil }
        // A bad line among the first must not decide.
        guard !fitting.isEmpty else {
            if !hasSeen { example = String(decoding: text, as: UTF8.self) }
            return
        }
        if !hasSeen || candidates.count > fitting.count {
            example = String(decoding: text, as: UTF8.self)
        }
        hasSeen = true
        candidates = fitting
        guard let number = parseNumber(text) else {
            areNumbers = false
            return
        }
        if numbers.count < Self.numbersMax { numbers.append(number) }
    }

    enum Result: Equatable {
        case format(TimeFormat)
        case dayOrMonthFirst(example: String)
        case unknown(example: String)
        /// Numbers that lie in no year of a shop's, in whatever format; what they may be instead.
        case implausible(example: String, guess: String)
        /// No row has a time.
        case nothing
    }

    /// - Parameter now: seconds since 1970; times are not to lie much later.
    func result(now: Int64) -> Result {
        guard hasSeen else { return example.isEmpty ? .nothing : .unknown(example: example) }
        if candidates.contains(.dayFirst), candidates.contains(.monthFirst) {
            return .dayOrMonthFirst(example: example)
        }
        guard areNumbers else {
            return .format(candidates.first { !$0.isNumber } ?? candidates[0])
        }
        if candidates.contains(.compactDate) { return .format(.compactDate) }
        if candidates.contains(.compactTime) { return .format(.compactTime) }
        // A few times of 1970 or 2037 are in many a log, and do not make it implausible.
        let years = Double(plausibleYears.first)...Double(now + plausibleYears.ahead)
        func isPlausible(_ format: TimeFormat, _ seconds: (Double) -> Double) -> Bool {
            candidates.contains(format)
                && 2 * numbers.count { years.contains(seconds($0)) } > numbers.count
        }
        if isPlausible(.spreadsheetDays, { ($0 - 25_569) * 86_400 }) {
            return .format(.spreadsheetDays)
        }
        if isPlausible(.unixSeconds, { $0 }) { return .format(.unixSeconds) }
        if isPlausible(.unixMilliseconds, { $0 / 1e3 }) { return .format(.unixMilliseconds) }
        if isPlausible(.unixMicroseconds, { $0 / 1e6 }) { return .format(.unixMicroseconds) }
        if isPlausible(.unixNanoseconds, { $0 / 1e9 }) { return .format(.unixNanoseconds) }
        return .implausible(
            example: example, guess: Self.guess(numbers.min()!...numbers.max()!))
    }

    private static func guess(_ numbers: ClosedRange<Double>) -> String {
        switch numbers.upperBound {
        case ...0: "nothing known"
        case ..<1900: "day numbers (--time-format day-numbers)"
        case ..<2200 where numbers.lowerBound >= 1900: "years, of which no order follows"
        case 19_000_000..<22_000_000: "dates as YYYYMMDD, of which some are none"
        default: "seconds of a clock of its own (--time-format unix-seconds takes them as they are)"
        }
    }
}

extension TimeFormat {
    fileprivate var isNumber: Bool {
        switch self {
        case .unixSeconds, .unixMilliseconds, .unixMicroseconds, .unixNanoseconds,
            .spreadsheetDays, .dayNumbers:
            true
        default: false
        }
    }
}

/// Times before 1990, or more than a year ahead, are hardly those of a shop's events: the first
/// such second, and how many may lie ahead.
let plausibleYears: (first: Int64, ahead: Int64) = (631_152_000, 366 * 86_400)

/// Days from 1970-01-01 to a date of the Gregorian calendar, or nil where there is no such date.
/// Source: Hinnant, "chrono-compatible low-level date algorithms", days_from_civil.
func daysSince1970(year: Int64, month: Int64, day: Int64) -> Int64? {
    guard (1...9999).contains(year), (1...12).contains(month), day >= 1 else { return nil }
    let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    let last: Int64 = month == 2 ? (isLeap ? 29 : 28) : 30 + (month + month / 8) % 2
    guard day <= last else { return nil }
    // A year from March on ends with the leap day.
    let shifted = month <= 2 ? year - 1 : year
    let era = shifted / 400
    let yearOfEra = shifted - era * 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    return era * 146_097 + dayOfEra - 719_468
}

/// Reads the parts of a time from left to right.
private struct TimeScan {
    private let text: UnsafeBufferPointer<UInt8>
    private var at = 0

    init(_ text: UnsafeBufferPointer<UInt8>) { self.text = text }

    var isAtEnd: Bool { at == text.count }

    @inline(__always)
    mutating func digits(_ lengths: ClosedRange<Int>) -> Int64? {
        var number: Int64 = 0
        let start = at
        while at < text.count, at - start < lengths.upperBound, text[at] &- 0x30 < 10 {
            number = number * 10 + Int64(text[at] &- 0x30)
            at += 1
        }
        return at - start >= lengths.lowerBound ? number : nil
    }

    @inline(__always)
    mutating func take(_ byte: UInt8) -> Bool {
        guard at < text.count, text[at] == byte else { return false }
        at += 1
        return true
    }

    @inline(__always)
    mutating func take(_ one: UInt8, _ other: UInt8) -> UInt8? {
        guard at < text.count, text[at] == one || text[at] == other else { return nil }
        at += 1
        return text[at - 1]
    }

    mutating func takeUTC() -> Bool {
        guard text.count - at == 3,
            equals(UnsafeBufferPointer(rebasing: text[at...]), "UTC")
        else { return false }
        at += 3
        return true
    }

    mutating func slashedDate() -> (first: Int64, second: Int64, year: Int64)? {
        guard let first = digits(1...2), at < text.count else { return nil }
        let separator = text[at]
        guard separator == 0x2f || separator == 0x2e || separator == 0x2d, take(separator),
            let second = digits(1...2), take(separator)
        else { return nil }
        let start = at
        guard let year = digits(2...4) else { return nil }
        switch at - start {
        case 4: return (first, second, year)
        // As POSIX strptime has it.
        case 2: return (first, second, year < 69 ? 2000 + year : 1900 + year)
        default: return nil
        }
    }

    /// Seconds since midnight of `H:MM[:SS[.f]]`, a leap second counting as the one before it.
    @inline(__always)
    mutating func timeOfDay(allowsHalves: Bool) -> Int64? {
        guard var hour = digits(1...2), take(0x3a), let minute = digits(2...2) else { return nil }
        var second: Int64 = 0
        if take(0x3a) {
            guard let digits = digits(2...2), digits <= 60 else { return nil }
            second = min(digits, 59)
            if take(0x2e, 0x2c) != nil {
                guard self.digits(1...9) != nil else { return nil }
            }
        }
        if allowsHalves, at < text.count {
            _ = take(32)
            guard at + 2 == text.count, text[at + 1] | 0x20 == UInt8(ascii: "m"),
                (1...12).contains(hour)
            else { return nil }
            switch text[at] | 0x20 {
            case UInt8(ascii: "a"): hour %= 12
            case UInt8(ascii: "p"): hour = hour % 12 + 12
            default: return nil
            }
            at += 2
        }
        guard hour < 24, minute < 60 else { return nil }
        return hour * 3600 + minute * 60 + second
    }
}
