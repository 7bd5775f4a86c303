internal import CKernels
internal import Interactions
internal import Measures
internal import ModelParts

/// The epochs of ``WideDeep``'s ranker: shuffles the held-out items, draws others, takes the steps
/// of the wide and the deep part together, and says how well held-out users are ranked.
///
/// The loss is that of noise-contrastive estimation: with q the probability that an item is drawn
/// and k draws for each held-out item, `sigmoid(score - ln(k q))` is the probability that a sample
/// was held out and not drawn. So the score comes to the logarithm of how likely the user takes the
/// item, whatever the others are drawn by: hard ones may be drawn often, and popular ones are not
/// held down for it. Source: Gutmann and Hyvarinen 2010, "Noise-contrastive estimation: a new
/// estimation principle for unnormalized statistical models".
///
/// A batch is cut into chunks of a fixed size, each with its own sum of the gradient, which are
/// added in the order of the chunks; crosses take their steps in the order of the samples, each by
/// the thread that owns the item. So the bits do not depend on the number of threads.
///
/// `@unchecked Sendable`: the threads of a batch write disjoint places of its buffers, or crosses
/// that they own.
final class WideDeepDescent: @unchecked Sendable {
    private let samples: WideDeepSamples
    private let network: WideDeepNetwork
    private let negatives: Int
    private let threads: Int
    /// A user, and where some of her held-out items start.
    private var visits: [(user: Int32, start: Int32)] = []
    private let judges: [Int]
    private let memory: Memory

    /// Held-out items of a visit.
    private static let visitMax = 8
    /// Visits of a chunk, and chunks of a batch.
    private static let chunk = 4
    private static let chunksMax = 8
    private static let shards = 8

    /// - Parameter judges: users who are not trained on.
    init(
        _ samples: WideDeepSamples, network: WideDeepNetwork, users: [Int], judges: [Int],
        negatives: Int, threads: Int
    ) {
        self.samples = samples
        self.network = network
        self.judges = judges
        self.negatives = negatives
        self.threads = threads
        for user in users {
            for start in stride(from: 0, to: samples.held.row(user).count, by: Self.visitMax) {
                visits.append((Int32(user), Int32(start)))
            }
        }
        memory = Memory(
            samples, network, chunks: Self.chunksMax,
            rows: Self.chunk * Self.visitMax * (1 + negatives), threads: threads)
    }

    /// Visits every held-out item of the users who are trained on once.
    ///
    /// - Returns: the mean loss of a sample.
    func runEpoch(seed: UInt64, rate: Float, decay: Float) -> Double {
        var generator = SeededGenerator(seed: ~seed)
        visits.shuffle(using: &generator)
        // Of few users many steps are made all the same.
        let batch = min(
            Self.chunk * Self.chunksMax,
            max(Self.chunk, visits.count / 64 / Self.chunk * Self.chunk))
        var (loss, count) = (0.0, 0)
        for start in stride(from: 0, to: visits.count, by: batch) {
            let range = start..<min(visits.count, start + batch)
            let chunks = (range.count + Self.chunk - 1) / Self.chunk
            parallelFor(count: range.count, chunk: Self.chunk, threads: threads) {
                [self] worker, places in
                run(
                    range.lowerBound + places.lowerBound..<range.lowerBound + places.upperBound,
                    chunk: places.lowerBound / Self.chunk, seed: seed, worker: worker)
            }
            let gradient = memory.gradients
            for chunk in 1..<max(1, chunks) {
                sc_scale_add(
                    gradient, 1, gradient + chunk * network.parameterCount, network.parameterCount)
            }
            let total = (0..<chunks).reduce(0) { $0 + memory.counts[$1] }
            network.step(gradient, scale: 1 / Float(total), rate: rate, decay: decay)
            stepCrosses(chunks: chunks)
            loss += (0..<chunks).reduce(0) { $0 + memory.losses[$1] }
            count += total
        }
        return loss / Double(max(1, count))
    }

    /// Takes the gradient of a chunk's samples.
    private func run(_ places: Range<Int>, chunk: Int, seed: UInt64, worker: Int) {
        let first = chunk * memory.rows
        var count = 0
        for place in places {
            let (user, start) = (Int(visits[place].user), Int(visits[place].start))
            let held = samples.held.columns[samples.held.row(user)].dropFirst(start)
                .prefix(Self.visitMax)
            var generator = SeededGenerator(
                seed: seed ^ (UInt64(place) &* 0xd134_2543_de82_ef95))
            var items: [Int32] = []
            for item in held {
                for k in 0...negatives {
                    let sample = first + count + items.count
                    let shown = k == 0 ? item : samples.draw(user: user, &generator)
                    memory.labels[sample] = k == 0 ? 1 : 0
                    memory.items[sample] = shown
                    let noise = Double(negatives) * samples.probability(of: shown, user: user)
                    memory.offsets[sample] = Float(logarithm(noise))
                    items.append(shown)
                }
            }
            samples.fill(
                user: user, items: items, isPast: memory.past(worker),
                rows: memory.inputs(worker) + count * samples.columns,
                crossing: memory.crossing + (first + count) * samples.crosses.longest,
                crossingCounts: memory.crossingCounts + first + count)
            count += items.count
        }
        let logits = memory.logits + first
        addCrosses(first, count, to: logits)
        let (inputs, scratch) = (memory.inputs(worker), memory.scratch(worker))
        network.forward(inputs, count: count, scratch: scratch, logits: logits)
        var loss = 0.0
        for row in 0..<count {
            let logit = Double(logits[row] - memory.offsets[first + row])
            let label = memory.labels[first + row]
            let odds = exponential(-abs(logit))
            let chance = logit > 0 ? 1 / (1 + odds) : odds / (1 + odds)
            loss += max(0, logit) - logit * Double(label) + logarithm(1 + odds)
            memory.slopes[first + row] = Float(chance) - label
        }
        let gradient = memory.gradients + chunk * network.parameterCount
        gradient.update(repeating: 0, count: network.parameterCount)
        network.backward(
            inputs, slopes: memory.slopes + first, count: count, scratch: scratch,
            gradient: gradient)
        (memory.losses[chunk], memory.counts[chunk]) = (loss, count)
    }

    /// Starts the logits of samples with their crosses.
    private func addCrosses(_ first: Int, _ count: Int, to logits: UnsafeMutablePointer<Float>) {
        for row in 0..<count {
            let entries = memory.crossing + (first + row) * samples.crosses.longest
            var sum: Float = 0
            for k in 0..<Int(memory.crossingCounts[first + row]) {
                sum += samples.crosses.weights[Int(entries[k])]
            }
            logits[row] = sum
        }
    }

    private func stepCrosses(chunks: Int) {
        parallelFor(count: Self.shards, chunk: 1, threads: threads) { [self] _, shards in
            for chunk in 0..<chunks {
                let first = chunk * memory.rows
                for sample in first..<first + memory.counts[chunk]
                where shards.contains(Int(memory.items[sample]) % Self.shards) {
                    let entries = memory.crossing + sample * samples.crosses.longest
                    for k in 0..<Int(memory.crossingCounts[sample]) {
                        samples.crosses.step(Int(entries[k]), slope: memory.slopes[sample])
                    }
                }
            }
        }
    }

    /// How well the held-out items of the users who are not trained on are ranked among the first
    /// stage's best: the mean of NDCG at 10.
    func judge() -> Double {
        let figures = UnsafeMutableBufferPointer<Double>.allocate(capacity: max(1, judges.count))
        figures.initialize(repeating: 0)
        defer { figures.deallocate() }
        nonisolated(unsafe) let figure = figures
        parallelFor(count: judges.count, chunk: 8, threads: threads) { [self] worker, range in
            let crossing = UnsafeMutablePointer<Int32>.allocate(
                capacity: memory.rows * (samples.crosses.longest + 1))
            defer { crossing.deallocate() }
            for place in range {
                figure[place] = ndcg(user: judges[place], worker, crossing)
            }
        }
        return figures.prefix(judges.count).reduce(0, +) / Double(max(1, judges.count))
    }

    private func ndcg(
        user: Int, _ worker: Int, _ crossing: UnsafeMutablePointer<Int32>
    ) -> Double {
        let held = Set(samples.held.columns[samples.held.row(user)])
        let items = samples.pools[user].filter { !held.contains($0) } + held.sorted()
        var keys: [RankedKey] = []
        for start in stride(from: 0, to: items.count, by: memory.rows) {
            let block = items[start..<min(items.count, start + memory.rows)]
            let counts = crossing + memory.rows * samples.crosses.longest
            let rows = memory.inputs(worker)
            samples.fill(
                user: user, items: block, isPast: memory.past(worker), rows: rows,
                crossing: crossing, crossingCounts: counts)
            var logits = Array(repeating: Float(0), count: block.count)
            for row in 0..<block.count {
                for k in 0..<Int(counts[row]) {
                    let entry = crossing[row * samples.crosses.longest + k]
                    logits[row] += samples.crosses.weights[Int(entry)]
                }
            }
            network.forward(
                rows, count: block.count, scratch: memory.scratch(worker), logits: &logits)
            keys += zip(block, logits).map { RankedKey(item: $0, score: $1) }
        }
        keys.keepFirst(10)
        return RelevantRanks(in: keys.map(\.item), relevant: held).ndcg(at: 10)
    }

    /// The memory of a batch.
    private final class Memory {
        /// Samples of a chunk.
        let rows: Int
        let items: UnsafeMutablePointer<Int32>
        let crossing: UnsafeMutablePointer<Int32>
        let crossingCounts: UnsafeMutablePointer<Int32>
        let labels: UnsafeMutablePointer<Float>
        let offsets: UnsafeMutablePointer<Float>
        let logits: UnsafeMutablePointer<Float>
        let slopes: UnsafeMutablePointer<Float>
        /// Shape `[chunks, parameters]`.
        let gradients: UnsafeMutablePointer<Float>
        let losses: UnsafeMutablePointer<Double>
        let counts: UnsafeMutablePointer<Int>
        private let threadFloats: UnsafeMutablePointer<Float>
        private let pasts: UnsafeMutablePointer<Bool>
        private let inputCount: Int
        private let threadCount: Int
        private let itemCount: Int

        init(
            _ samples: WideDeepSamples, _ network: WideDeepNetwork, chunks: Int, rows: Int,
            threads: Int
        ) {
            self.rows = rows
            let all = chunks * rows
            items = .allocate(capacity: all * (2 + samples.crosses.longest))
            items.initialize(repeating: 0, count: all * (2 + samples.crosses.longest))
            crossingCounts = items + all
            crossing = crossingCounts + all
            let floats = 4 * all + chunks * network.parameterCount
            labels = .allocate(capacity: floats)
            labels.initialize(repeating: 0, count: floats)
            offsets = labels + all
            logits = offsets + all
            slopes = logits + all
            gradients = slopes + all
            losses = .allocate(capacity: chunks)
            losses.initialize(repeating: 0, count: chunks)
            counts = .allocate(capacity: chunks)
            counts.initialize(repeating: 0, count: chunks)
            inputCount = rows * samples.columns
            threadCount = inputCount + network.scratchCount(rows)
            threadFloats = .allocate(capacity: threads * threadCount)
            threadFloats.initialize(repeating: 0, count: threads * threadCount)
            itemCount = max(1, samples.items)
            pasts = .allocate(capacity: threads * itemCount)
            pasts.initialize(repeating: false, count: threads * itemCount)
        }

        deinit {
            items.deallocate()
            labels.deallocate()
            losses.deallocate()
            counts.deallocate()
            threadFloats.deallocate()
            pasts.deallocate()
        }

        /// Shape `[rows, columns]`.
        func inputs(_ worker: Int) -> UnsafeMutablePointer<Float> {
            threadFloats + worker * threadCount
        }

        func scratch(_ worker: Int) -> UnsafeMutablePointer<Float> { inputs(worker) + inputCount }

        func past(_ worker: Int) -> UnsafeMutablePointer<Bool> { pasts + worker * itemCount }
    }
}
