import CAllocationCounter
import Foundation
import Interactions
import Testing

@Suite struct IdentifierTests {
    @Test("The rule for ids names what is wrong")
    func rule() {
        func fault(_ bytes: [UInt8]) -> IdentifierRule.Fault? {
            bytes.withUnsafeBytes { IdentifierRule.fault(in: $0) }
        }
        let longest = Array(repeating: UInt8(ascii: "x"), count: 256)
        for id in ["a", "grüner-tee", "☕", "a b\t\u{1}"] { #expect(fault(Array(id.utf8)) == nil) }
        #expect(fault(longest) == nil)
        #expect(fault([]) == .empty)
        #expect(fault(longest + [1]) == .tooLong(bytes: 257))
        #expect(fault([0x61, 0xff, 0]) == .nul(offset: 2))
        // Cut short, too long a form, half of a surrogate pair, past the last code point.
        let bad: [[UInt8]] = [
            [0xc3], [0x61, 0xe2, 0x98], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80],
        ]
        for id in bad { #expect(fault(id) == .notUTF8) }
        #expect("\(IdentifierRule.Fault.tooLong(bytes: 257))" == "has 257 bytes, more than 256")
        for count in [-1, 0, 1, 256, 257] {
            #expect(
                IdentifierRule.permits(byteCount: count)
                    == (1...IdentifierRule.bytesMax).contains(count))
        }
    }

    @Test("One bad byte is found in an id of any length, at any place")
    func everyPlace() {
        func fault(_ bytes: [UInt8]) -> IdentifierRule.Fault? {
            bytes.withUnsafeBytes { IdentifierRule.fault(in: $0) }
        }
        for count in 1...40 {
            let plain = (0..<count).map { UInt8(1 + $0 * 37 % 127) }
            #expect(fault(plain) == nil)
            for place in 0..<count {
                var id = plain
                id[place] = 0
                #expect(fault(id) == .nul(offset: place))
                id[place] = 0x80
                #expect(fault(id) == .notUTF8)
            }
        }
    }

    @Test(
        "To check an id and to look it up allocates nothing, in any language",
        .enabled(if: sc_allocations_counted()))
    func allocations() {
        let ids = ["tea", "tea-that-is-longer-than-a-word", "grüner-tee-aus-dem-süden", "☕"]
        let table = IdentifierTable(ids)
        let bytes = Array((ids + ["unknown-ünknown-unknown"]).joined(separator: "\0").utf8)
        let allocations = bytes.withUnsafeBytes { all in
            let before = sc_allocations_of_thread()
            for _ in 0..<100 {
                var start = 0
                for end in 0...all.count where end == all.count || all[end] == 0 {
                    let id = UnsafeRawBufferPointer(rebasing: all[start..<end])
                    precondition(IdentifierRule.fault(in: id) == nil)
                    _ = table.index(of: id.assumingMemoryBound(to: UInt8.self))
                    start = end + 1
                }
            }
            return sc_allocations_of_thread() - before
        }
        #expect(allocations == 0)
    }

    /// SIDECART_BENCHMARK_IDS=10000,1000000 prints nanoseconds a look-up; it runs tiny as a test.
    @Test("A look-up of random ids finds each")
    func lookUps() {
        let sizes = ProcessInfo.processInfo.environment["SIDECART_BENCHMARK_IDS"] ?? "1000"
        for count in sizes.split(separator: ",").compactMap({ Int($0) }) {
            var table = IdentifierTable()
            for index in 0..<count { table.insert(name(index)) }
            var random = SeededGenerator(seed: 1)
            var samples: [Double] = []
            for _ in 0..<200 {
                let asked = (0..<100).map { _ in Int.random(in: 0..<count, using: &random) }
                let bytes = asked.flatMap { Array(name($0).utf8) }
                let found = bytes.withUnsafeBufferPointer { bytes in
                    let start = ContinuousClock.now
                    var sum = 0
                    for i in 0..<100 {
                        let id = UnsafeBufferPointer(rebasing: bytes[12 * i..<12 * i + 12])
                        sum += Int(table.index(of: id)!)
                    }
                    samples.append((ContinuousClock.now - start) / .nanoseconds(100))
                    return sum
                }
                #expect(found == asked.reduce(0, +))
            }
            if sizes != "1000" { print("\(count) ids: \(samples.sorted()[100]) ns a look-up") }
        }
    }

    private func name(_ index: Int) -> String {
        let digits = "\(index)"
        return "i" + String(repeating: "0", count: 11 - digits.utf8.count) + digits
    }
}
