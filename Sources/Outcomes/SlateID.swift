/// Makes the ids of slates, and finds from one the slate that it stands for.
///
/// An id is a number of the lane and a number of the slate within it, encrypted as one 64-bit block
/// under a secret key: no two slates have the same, in this life and those before that have the key, and
/// who sees some of them cannot tell another one's. 0 is no id.
///
/// The cipher is a Feistel network of four rounds (Luby and Rackoff 1988: with round functions that
/// nobody can predict, four of them make a permutation that nobody can tell from a random one). Its
/// round function is a multiplicative hash and no cryptographic one: enough against guesses, and not
/// meant to withstand whoever can choose numbers and sees what becomes of them.
struct SlateCipher: Sendable {
    /// Slates of one lane.
    static let numbersMax: UInt64 = 1 << 48

    private let keys: (UInt64, UInt64, UInt64, UInt64)

    init(seed: UInt64) {
        // SplitMix64 (Steele, Lea and Flood 2014).
        var state = seed
        func next() -> UInt64 {
            state &+= 0x9e37_79b9_7f4a_7c15
            return Self.mix(state)
        }
        keys = (next(), next(), next(), next())
    }

    /// - Parameters:
    ///   - lane: below 65,536.
    ///   - number: below ``numbersMax``.
    func encrypt(lane: Int, number: UInt64) -> UInt64 {
        let block = SlatePlace(lane: lane, number: number).word
        var (left, right) = (
            UInt32(truncatingIfNeeded: block >> 32), UInt32(truncatingIfNeeded: block)
        )
        left ^= Self.round(right, keys.0)
        right ^= Self.round(left, keys.1)
        left ^= Self.round(right, keys.2)
        right ^= Self.round(left, keys.3)
        return UInt64(left) << 32 | UInt64(right)
    }

    func decrypt(_ id: UInt64) -> SlatePlace {
        var (left, right) = (UInt32(truncatingIfNeeded: id >> 32), UInt32(truncatingIfNeeded: id))
        right ^= Self.round(left, keys.3)
        left ^= Self.round(right, keys.2)
        right ^= Self.round(left, keys.1)
        left ^= Self.round(right, keys.0)
        return SlatePlace(word: UInt64(left) << 32 | UInt64(right))
    }

    private static func round(_ half: UInt32, _ key: UInt64) -> UInt32 {
        UInt32(truncatingIfNeeded: mix(UInt64(half) ^ key) >> 32)
    }

    private static func mix(_ number: UInt64) -> UInt64 {
        var z = number
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
