internal import Glibc

private let powersOfTen: [Double] = [
    1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17,
    1e18, 1e19, 1e20, 1e21, 1e22,
]

/// The finite decimal number that the text is, blanks around it allowed, or nil.
///
/// Digits that fit 2^53 with at most 22 decimals, so nearly all, are one exact division (Clinger
/// 1990, "How to read floating point numbers accurately"); `strtod` reads the others.
func parseNumber(_ text: UnsafeBufferPointer<UInt8>, decimalComma: Bool = false) -> Double? {
    let text = trimmedBlanks(text)
    let point: UInt8 = decimalComma ? 0x2c : 0x2e
    var at = 0
    let isNegative = text.count > 0 && text[0] == UInt8(ascii: "-")
    if isNegative || (text.count > 0 && text[0] == UInt8(ascii: "+")) { at = 1 }
    var mantissa: UInt64 = 0
    var digits = 0
    var decimals = 0
    var hasPoint = false
    while at < text.count {
        let digit = text[at] &- 0x30
        if digit < 10 {
            digits += 1
            guard digits <= 18 else { return parseSlowly(text, decimalComma: decimalComma) }
            mantissa = mantissa &* 10 &+ UInt64(digit)
            if hasPoint { decimals += 1 }
        } else if text[at] == point, !hasPoint {
            hasPoint = true
        } else {
            return parseSlowly(text, decimalComma: decimalComma)
        }
        at += 1
    }
    guard digits > 0 else { return nil }
    guard mantissa <= 1 << 53 else { return parseSlowly(text, decimalComma: decimalComma) }
    let number = Double(mantissa) / powersOfTen[decimals]
    return isNegative ? -number : number
}

private func parseSlowly(_ text: UnsafeBufferPointer<UInt8>, decimalComma: Bool) -> Double? {
    // Longer text is no number that somebody wrote, and hexadecimal, "inf" and "nan" are none
    // either.
    guard text.count < 400 else { return nil }
    var copy: [CChar] = []
    for byte in text {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"),
            UInt8(ascii: "e"), UInt8(ascii: "E"):
            copy.append(CChar(byte))
        case UInt8(ascii: ".") where !decimalComma, UInt8(ascii: ",") where decimalComma:
            copy.append(CChar(UInt8(ascii: ".")))
        default: return nil
        }
    }
    copy.append(0)
    return copy.withUnsafeBufferPointer { buffer in
        var end: UnsafeMutablePointer<CChar>?
        let number = strtod(buffer.baseAddress!, &end)
        let isWhole = end.map { $0 - UnsafeMutablePointer(mutating: buffer.baseAddress!) }
        return isWhole == text.count && number.isFinite && text.count > 0 ? number : nil
    }
}

/// Without spaces, tabs and returns at either end.
@inline(__always)
func trimmedBlanks(_ text: UnsafeBufferPointer<UInt8>) -> UnsafeBufferPointer<UInt8> {
    var start = 0
    var end = text.count
    while start < end, isBlank(text[start]) { start += 1 }
    while end > start, isBlank(text[end - 1]) { end -= 1 }
    return UnsafeBufferPointer(rebasing: text[start..<end])
}

@inline(__always)
private func isBlank(_ byte: UInt8) -> Bool { byte == 32 || (byte >= 9 && byte <= 13) }
