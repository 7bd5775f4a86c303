/// Texts that mean "no value", and how often each was met.
///
/// A class, so that all columns of a reading count in one place.
final class MissingValues {
    /// What programs write for a missing value: pandas, R, Excel, SQL dumps, Python and JavaScript.
    /// None of them is an id that a shop would choose.
    static let usual = [
        "NA", "N/A", "n/a", "#N/A", "#NA", "<NA>", "NaN", "nan", "-nan", "-NaN", "NaT", "NULL",
        "Null", "null", "(null)", "<null>", "None", "none", "nil", "NIL", "undefined", "\\N", "-",
        "--", "#NULL!", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "0000-00-00",
        "0000-00-00 00:00:00",
    ]
    /// What shops write for a shopper that they do not know.
    static let usualUsers = [
        "guest", "Guest", "GUEST", "anonymous", "Anonymous", "unknown", "Unknown", "-1",
        "(not set)",
    ]

    private var texts: IdentifierTable
    private(set) var counts: [Int]
    /// A longer text is none of them, and need not be looked up.
    private let bytesMax: Int

    init(_ texts: [String]) {
        bytesMax = texts.map(\.utf8.count).max() ?? 0
        self.texts = IdentifierTable(texts.filter { !$0.isEmpty })
        counts = Array(repeating: 0, count: self.texts.count)
    }

    /// Whether the text, without blanks at its ends, means "no value", which is counted. An empty
    /// one does too, uncounted.
    func take(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        if text.isEmpty { return true }
        guard text.count <= bytesMax, let index = texts.index(of: text) else { return false }
        counts[Int(index)] += 1
        return true
    }

    /// The texts met, with how often each was.
    var met: [(text: String, count: Int)] {
        counts.indices.filter { counts[$0] > 0 }.map { (texts[$0], counts[$0]) }
    }
}
