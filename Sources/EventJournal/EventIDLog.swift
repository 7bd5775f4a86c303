internal import Interactions

/// The hashes of all events' ids by sequence, in a file beside the journal (`PATH.ids`): a start reads them
/// from it, a word an event, in place of the events themselves.
///
/// It is no part of what is durable: what it lacks, or where it is damaged or another journal's, is read from
/// the events again. So it is written after each commit without a sync. A block of 4,096 hashes is believed
/// only with its checksum, and the file only as far as some of its hashes, drawn evenly, are those of the events.
///
/// Layout, in words of 64 bits, little-endian: ``magic``, the seed of the hashes, 6 words of 0; then blocks of 4,096
/// hashes, 0 for an event without an id of its own, and their checksum.
final class EventIDLog {
    static let blockEntries: Int64 = 4_096
    private static let blockWords = blockEntries + 1
    private static let headerWords: Int64 = 8
    /// "SCIDLOG1".
    private static let magic: UInt64 = 0x3147_4f4c_4449_4353
    private static let checksum = IdentifierHash(seed: magic)

    private let file: WordFile
    /// Of the hashes.
    private(set) var seed: UInt64
    /// The sequence of the last hash.
    private(set) var last: Int64 = 0
    /// The hashes of the block that is not whole yet.
    private var open: [UInt64] = []

    /// Opens the file, or makes one; what it holds counts once ``readBlocks(_:)`` has taken it in.
    init(_ path: String) {
        file = WordFile(path)
        seed = .random(in: 0 ... .max)
        var header = [UInt64](repeating: 0, count: Int(Self.headerWords))
        if file.read(&header, at: 0), header[0] == Self.magic {
            seed = header[1]
        } else {
            reset()
        }
    }

    /// Begins anew, with another seed.
    func reset() {
        (seed, last, open) = (.random(in: 0 ... .max), 0, [])
        file.truncate(to: 0)
        file.write([Self.magic, seed, 0, 0, 0, 0, 0, 0], at: 0)
    }

    // MARK: Reading

    /// How many whole blocks the file may have.
    var blocks: Int64 { max(0, file.count - Self.headerWords) / Self.blockWords }

    /// The hash of a sequence from 1 to the last of ``blocks``.
    func entry(_ sequence: Int64) -> UInt64? {
        var word: [UInt64] = [0]
        return file.read(&word, at: Self.place(of: sequence)) ? word[0] : nil
    }

    /// Calls `body` with the hashes of each block that is whole, and the sequence of its first; up to the first
    /// that is not. What comes after those is cut off.
    ///
    /// - Parameter wholeMax: more blocks are not read.
    func readBlocks(
        upTo wholeMax: Int64, _ body: (_ first: Int64, _ hashes: ArraySlice<UInt64>) -> Void
    ) {
        (last, open) = (0, [])
        var block = [UInt64](repeating: 0, count: Int(Self.blockWords))
        for number in 0..<min(wholeMax, blocks) {
            guard file.read(&block, at: Self.headerWords + number * Self.blockWords),
                block.last == Self.checksum(block.dropLast())
            else { break }
            body(number * Self.blockEntries + 1, block.dropLast())
            last = (number + 1) * Self.blockEntries
        }
        file.truncate(to: Self.place(of: last + 1))
    }

    // MARK: Writing

    /// Adds the hashes of events that are durable, in the order of their sequences; those between that are not
    /// given have none.
    func append(_ hashes: [(hash: UInt64, sequence: Int64)], upTo watermark: Int64) {
        guard file.isKept, watermark > last else { return }
        let place = Self.place(of: last + 1)
        var words: [UInt64] = []
        words.reserveCapacity(Int(watermark - last) + 2)
        var next = hashes.startIndex
        while last < watermark {
            last += 1
            while next < hashes.endIndex, hashes[next].sequence < last { next += 1 }
            let isGiven = next < hashes.endIndex && hashes[next].sequence == last
            let hash = isGiven ? hashes[next].hash : 0
            words.append(hash)
            open.append(hash)
            guard Int64(open.count) == Self.blockEntries else { continue }
            words.append(Self.checksum(open[...]))
            open.removeAll(keepingCapacity: true)
        }
        file.write(words, at: place)
    }

    /// Takes the hashes of erased events out.
    ///
    /// - Complexity: O(blocks that hold some of them).
    func erase(_ sequences: [Int64]) {
        var left = sequences.sorted()[...]
        while file.isKept, let first = left.first, first <= last {
            let number = (first - 1) / Self.blockEntries
            let end = (number + 1) * Self.blockEntries
            let ofBlock = left.prefix { $0 <= min(end, last) }
            left = left.dropFirst(ofBlock.count)
            let isOpen = end > last
            var block = open
            if !isOpen {
                block = [UInt64](repeating: 0, count: Int(Self.blockEntries))
                guard file.read(&block, at: Self.place(of: number * Self.blockEntries + 1)) else {
                    return file.giveUp()
                }
            }
            for sequence in ofBlock { block[Int((sequence - 1) % Self.blockEntries)] = 0 }
            if isOpen {
                open = block
            } else {
                block.append(Self.checksum(block[...]))
            }
            file.write(block, at: Self.place(of: number * Self.blockEntries + 1))
        }
    }

    /// Where the hash of a sequence is, in words.
    private static func place(of sequence: Int64) -> Int64 {
        let entry = sequence - 1
        return headerWords + entry / blockEntries * blockWords + entry % blockEntries
    }
}
