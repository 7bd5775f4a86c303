import ArgumentParser
import Interactions

/// How often each method is called, such as `score=9,recommend=1`.
struct RequestMix: ExpressibleByArgument, CustomStringConvertible {
    private let shares: [(call: BenchCall, share: Int)]

    init?(argument: String) {
        var shares: [(call: BenchCall, share: Int)] = []
        for part in argument.split(separator: ",", omittingEmptySubsequences: false) {
            let sides = part.split(separator: "=", omittingEmptySubsequences: false)
            guard sides.count == 2, let call = BenchCall(rawValue: String(sides[0])),
                call == .score || call == .recommend, !shares.contains(where: { $0.call == call }),
                let share = Int(sides[1]), 1...1_000 ~= share
            else { return nil }
            shares.append((call, share))
        }
        self.shares = shares
    }

    var description: String { shares.map { "\($0.call)=\($0.share)" }.joined(separator: ",") }

    var defaultValueDescription: String { description }

    var calls: [BenchCall] { shares.map(\.call) }

    func draw(_ random: inout SeededGenerator) -> BenchCall {
        var rest = Int.random(in: 0..<shares.reduce(0) { $0 + $1.share }, using: &random)
        for (call, share) in shares {
            if rest < share { return call }
            rest -= share
        }
        return shares[0].call
    }
}

/// What the calls of a mix ask for.
struct RequestShape {
    var mix = RequestMix(argument: "score=1")!
    /// Items scored by one Score.
    var candidates = 100
    /// Items in the basket of one Recommend.
    var baskets = 3
    var k = 10
    var reasons = false
    /// Whether every Recommend names a shopper that the model knows; else every second one does.
    var knownUsersOnly = false
}

extension FramePool {
    /// The most frames that a pool needs: 16,384 Score calls name 1.6 million items, which in a
    /// store of a million lie in some 100 MiB of rows, far more than a processor caches.
    static let framesMax = 16_384
    /// The most bytes, so that large frames make a smaller pool.
    private static let bytesMax = 64 << 20

    init(_ shape: RequestShape, _ draws: RequestDraws) {
        self.init()
        var draws = draws
        var random = SeededGenerator(seed: 2)
        while count < Self.framesMax, byteCount < Self.bytesMax {
            let call = shape.mix.draw(&random)
            if call == .score {
                append(call, draws.score(shape.candidates))
            } else {
                append(
                    call,
                    draws.recommend(
                        basket: shape.baskets, k: shape.k,
                        isKnown: shape.knownUsersOnly || random.next() & 1 == 0,
                        reasons: shape.reasons))
            }
        }
    }
}
