/// Reads numbers as people and shops write them, and counts those that were more than digits.
///
/// A class, so that all columns of a reading count in one place.
final class WrittenNumbers {
    private let hasDecimalComma: Bool
    /// Numbers with a currency or with thousands apart, and the first of them.
    private var count = 0
    private var example = ""

    /// Tells of them; nil where there were none.
    var note: String? {
        guard count > 0 else { return nil }
        return
            "\(count) numbers were written with a currency or with thousands apart, such as \"\(example)\""
    }

    init(decimalComma: Bool) { hasDecimalComma = decimalComma }

    /// The finite number in a text: digits, or such as `$1,234.50`, `15.00 EUR` and `1 000`, with
    /// point and comma the other way round where numbers have a decimal comma.
    @inline(__always)
    func number(_ text: UnsafeBufferPointer<UInt8>) -> Double? {
        parseNumber(text, decimalComma: hasDecimalComma) ?? dressed(text)
    }

    private func dressed(_ text: UnsafeBufferPointer<UInt8>) -> Double? {
        guard text.count <= 64 else { return nil }
        var rest = String(decoding: text, as: UTF8.self)[...]
        rest = Self.withoutBlanks(rest)
        var isNegative = false
        // Accountants' way to write what is below zero.
        if rest.hasPrefix("("), rest.hasSuffix(")") {
            isNegative = true
            rest = Self.withoutBlanks(rest.dropFirst().dropLast())
        }
        if rest.hasPrefix("-") || rest.hasPrefix("−") {
            isNegative.toggle()
            rest = Self.withoutBlanks(rest.dropFirst())
        }
        rest = Self.withoutCurrency(rest)
        guard let digits = ungrouped(rest) else { return nil }
        let number = Array(digits.utf8).withUnsafeBufferPointer {
            parseNumber($0, decimalComma: hasDecimalComma)
        }
        guard let number else { return nil }
        if count == 0 { example = String(decoding: text, as: UTF8.self) }
        count += 1
        return isNegative ? -number : number
    }

    private static func withoutBlanks(_ text: Substring) -> Substring {
        var text = text.drop { $0.isWhitespace }
        while text.last?.isWhitespace == true { text.removeLast() }
        return text
    }

    /// Without one currency sign, or code of three capitals, at either end.
    private static func withoutCurrency(_ text: Substring) -> Substring {
        func isSign(_ character: Character?) -> Bool {
            character?.unicodeScalars.allSatisfy {
                $0.properties.generalCategory == .currencySymbol
            }
                ?? false
        }
        func isCode(_ code: Substring) -> Bool {
            code.count == 3 && code.allSatisfy { $0.isASCII && $0.isUppercase }
        }
        if isSign(text.first) { return withoutBlanks(text.dropFirst()) }
        if isSign(text.last) { return withoutBlanks(text.dropLast()) }
        if isCode(text.prefix(3)) { return withoutBlanks(text.dropFirst(3)) }
        if isCode(text.suffix(3)) { return withoutBlanks(text.dropLast(3)) }
        return text
    }

    /// Without the marks between thousands; nil where they are no groups of three digits.
    private func ungrouped(_ text: Substring) -> String? {
        let point: Character = hasDecimalComma ? "," : "."
        let whole = text.prefix { $0 != point }
        let mark = whole.first { !$0.isASCII || !$0.isNumber }
        guard let mark else { return text.isEmpty ? nil : String(text) }
        let allowed: Set<Character> = [
            hasDecimalComma ? "." : ",", " ", "'", "’", "\u{a0}", "\u{202f}", "\u{2009}",
        ]
        guard allowed.contains(mark) else { return nil }
        let groups = whole.split(separator: mark, omittingEmptySubsequences: false)
        guard (1...3).contains(groups[0].count),
            groups.dropFirst().allSatisfy({ $0.count == 3 }),
            groups.allSatisfy({ $0.allSatisfy { $0.isASCII && $0.isNumber } })
        else { return nil }
        return groups.joined() + text[whole.endIndex...]
    }

    /// What is wrong with a text that is no number, and what may help.
    func fault(_ text: UnsafeBufferPointer<UInt8>) -> String {
        let other = WrittenNumbers(decimalComma: !hasDecimalComma)
        guard other.number(text) != nil else { return "\(shown(text)) is not a number" }
        return hasDecimalComma
            ? "\(shown(text)) is not a number with a decimal comma; leave out --decimal-comma"
            : "\(shown(text)) is not a number; --decimal-comma reads it as one with a decimal comma"
    }
}
