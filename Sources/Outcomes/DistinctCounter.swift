internal import Glibc

/// How many different hashes were added: exact up to ``exactMax``, and beyond that within about 1 %.
///
/// Source: Flajolet, Fusy, Gandouet and Meunier 2007, "HyperLogLog: the analysis of a near-optimal
/// cardinality estimation algorithm": with 2^14 registers the standard error is 0.81 %. Below two and a
/// half times as many hashes, free registers are counted instead (linear counting).
struct DistinctCounter: Sendable {
    /// Most hashes that are kept one by one.
    static let exactMax = 2_048
    private static let indexBits = 14
    private static let registerCount = 1 << indexBits

    private var exact: Set<UInt64> = []
    /// Empty while the count is exact.
    private var registers: [UInt8] = []

    /// Adds a hash of ``ShownItem/hash``'s 58 bits.
    mutating func insert(_ hash: UInt64) {
        guard registers.isEmpty else { return note(hash) }
        exact.insert(hash)
        if exact.count > Self.exactMax { spill() }
    }

    /// Adds all hashes that another counter was given.
    mutating func formUnion(_ other: DistinctCounter) {
        if registers.isEmpty, !other.registers.isEmpty { spill() }
        for hash in other.exact { insert(hash) }
        for i in other.registers.indices { registers[i] = max(registers[i], other.registers[i]) }
    }

    var count: Int {
        guard !registers.isEmpty else { return exact.count }
        let m = Double(Self.registerCount)
        var sum = 0.0
        var free = 0
        for register in registers {
            sum += 1 / Double(UInt64(1) << register)
            if register == 0 { free += 1 }
        }
        let estimate = 0.7213 / (1 + 1.079 / m) * m * m / sum
        if estimate <= 2.5 * m, free > 0 { return Int((m * log(m / Double(free))).rounded()) }
        return Int(estimate.rounded())
    }

    private mutating func spill() {
        registers = Array(repeating: 0, count: Self.registerCount)
        for hash in exact { note(hash) }
        exact = []
    }

    private mutating func note(_ hash: UInt64) {
        let index = Int(hash) & (Self.registerCount - 1)
        // The other 44 bits, from the top of the word on.
        let rest = hash << 6 & ~(1 << 20 - 1)
        let rank = UInt8(min(44, rest.leadingZeroBitCount) + 1)
        if registers[index] < rank { registers[index] = rank }
    }
}
