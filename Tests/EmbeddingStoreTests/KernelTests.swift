import CKernels
import CPlainScan
import Interactions
import Testing

@Suite struct KernelTests {
    static let sizes =
        [0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 129, 1000]

    /// Both sums are off from the exact one by at most gamma |a| |b|; 2 gamma apart at most.
    @Test(arguments: sizes)
    func `the f32 inner product is the plain loop's up to rounding`(size: Int) {
        var random = SeededGenerator(seed: UInt64(size))
        let query = random.vector(size)
        let rows = (0..<5).map { _ in random.vector(size) }
        let flat = rows.flatMap { $0 }
        var scores = Array(repeating: Float(0), count: 6)
        flat.withUnsafeBufferPointer { flat in
            var pointers: [UnsafePointer<Float>?] = (0..<5).map {
                size == 0 ? UnsafePointer(bitPattern: 64) : flat.baseAddress! + $0 * size
            }
            pointers.append(nil)
            sc_dot_rows(query, pointers, 6, size, &scores)
        }
        for (row, score) in zip(rows, scores) {
            let magnitude = zip(query, row).reduce(0) { $0 + abs($1.0 * $1.1) }
            let tolerance = 2 * Float(size) * 0x1p-24 * magnitude
            #expect(abs(score - sc_dot_plain(query, row, size)) <= tolerance)
        }
        #expect(scores[5].isNaN)
    }

    /// The compiler's own conversions are the reference.
    @Test func `every half survives its way through a float, and rounding is to nearest`() {
        for bits in UInt16.min ... .max {
            let half = Float16(bitPattern: bits)
            guard half.isFinite else { continue }
            var value: Float = 1
            sc_half_widen([bits], 1, &value)
            #expect(value.bitPattern == Float(half).bitPattern)
            var back = UInt16(0)
            sc_half_narrow([value], 1, &back)
            #expect(back == bits && sc_half_holds([value], 1))
        }
        var random = SeededGenerator(seed: 5)
        for _ in 0..<100_000 {
            let value = Float(bitPattern: UInt32.random(in: 0 ... .max, using: &random))
            guard abs(value) <= SC_HALF_MAX else { continue }
            var half = UInt16(0)
            sc_half_narrow([value], 1, &half)
            #expect(half == Float16(value).bitPattern)
            #expect(
                sc_half_holds([value], 1) == (Float(Float16(value)).bitPattern == value.bitPattern))
        }
    }

    @Test(arguments: [0, 32, 64, 96, 1024])
    func `the inner product with halves is the plain loop's up to rounding`(size: Int) {
        var random = SeededGenerator(seed: UInt64(size))
        let query = random.vector(size)
        let row = random.vector(size).map { Float16($0) }
        let halves = row.map(\.bitPattern)
        var scores: [Float] = [0, 0]
        halves.withUnsafeBufferPointer {
            sc_dot_half_rows(
                query, [$0.baseAddress ?? UnsafePointer(bitPattern: 64), nil], 2, size, &scores)
        }
        let widened = row.map { Float($0) }
        let magnitude = zip(query, widened).reduce(0) { $0 + abs($1.0 * $1.1) }
        let tolerance = 2 * Float(size) * 0x1p-24 * magnitude
        #expect(abs(scores[0] - sc_dot_plain(query, widened, size)) <= tolerance)
        #expect(scores[1].isNaN)
    }

    @Test(arguments: sizes)
    func `quantizing loses no more than it says`(size: Int) {
        var random = SeededGenerator(seed: UInt64(size) + 1)
        for scale: Float in [0, 0x1p-140, 1e-20, 1, 1e17] {
            let vector = random.vector(size, scale: scale)
            var codes = Array(repeating: Int8(0), count: size)
            let quantized = sc_quantize(vector, size, &codes)
            var errors = 0.0
            var squares = 0.0
            var stepped = 0.0
            for i in 0..<size {
                let value = Double(quantized.scale) * Double(codes[i])
                errors += (Double(vector[i]) - value) * (Double(vector[i]) - value)
                squares += Double(vector[i]) * Double(vector[i])
                stepped += value * value
            }
            #expect(errors.squareRoot() <= Double(quantized.error))
            #expect(max(squares, stepped).squareRoot() <= Double(quantized.norm_bound))
            #expect(
                abs(Double(quantized.norm) - squares.squareRoot()) <= squares.squareRoot() * 1e-7
                    + 1e-45)
            // No code is off by more than half a step, where a step is a normal number.
            if scale > 1e-30 {
                #expect(Double(quantized.error) <= Double(quantized.scale) * Double(size) + 1e-40)
            }
        }
    }

    @Test(arguments: [1, 4, 5, 8, 12, 16, 17, 64, 67, 128])
    func `the scan finds what its portable twin and plain integers find`(size: Int) {
        var random = SeededGenerator(seed: UInt64(size) + 2)
        for blocks in [0, 1, 2, 3, 7] {
            let quads = (size + 3) / 4
            let codes = (0..<max(1, blocks * quads * 64)).map { _ in
                UInt8.random(in: 0 ... .max, using: &random)
            }
            let scales = (0..<max(1, blocks * 16)).map { _ in
                Float.random(in: 0...1, using: &random)
            }
            let bounds = (0..<max(1, blocks * 2)).map { _ in
                Float.random(in: 0...3, using: &random)
            }
            let queryCodes = (0..<quads * 4).map { _ in
                Int8.random(in: -127...127, using: &random)
            }
            let sum = queryCodes.reduce(Int32(0)) { $0 + Int32($1) }
            queryCodes.withUnsafeBufferPointer { queryCodes in
                var query = sc_scan_query(
                    codes: queryCodes.baseAddress, quads: quads, bias: -128 * sum, scale: 0.01,
                    by_error: 0.5, by_norm: 0.25, norm_by_norm: 100, constant: 1e-6)
                var uppers: [Float] = []
                for row in 0..<blocks * 16 {
                    var product: Int32 = 0
                    for i in 0..<quads * 4 {
                        let code = codes[(row / 16 * quads + i / 4) * 64 + row % 16 * 4 + i % 4]
                        product += (Int32(code) - 128) * Int32(queryCodes[i])
                    }
                    let slack =
                        0.5 * bounds[row / 16 * 2] + 0.25 * bounds[row / 16 * 2 + 1] + 1e-6
                    uppers.append(Float(product) * scales[row] * 0.01 + slack)
                }
                let middle = uppers.sorted().dropFirst(uppers.count / 2).first ?? 0
                for threshold in [-Float.infinity, middle, .infinity] {
                    for scan in [sc_scan_blocks, sc_scan_blocks_portable] {
                        var survivors = Array(repeating: UInt32(0), count: blocks * 16 + 1)
                        var found = Array(repeating: Float(0), count: blocks * 16 + 1)
                        let count = scan(
                            &query, codes, scales, bounds, blocks, threshold, &survivors, &found)
                        let tolerance: Float = 1e-5 * Float(quads) * 127 * 127 * 0.01
                        // A bound within the tolerance of the threshold may fall on either side.
                        let pairs = zip(survivors, found).prefix(count)
                        for (row, upper) in pairs {
                            #expect(abs(upper - uppers[Int(row)]) <= tolerance)
                        }
                        let rows = Set(survivors.prefix(count).map(Int.init))
                        #expect(rows.count == count)
                        for row in uppers.indices {
                            let reachable =
                                100 * bounds[row / 16 * 2 + 1] + 1e-6 >= threshold
                            if uppers[row] > threshold + tolerance {
                                #expect(rows.contains(row) == reachable)
                            } else if uppers[row] < threshold - tolerance {
                                #expect(!rows.contains(row))
                            }
                        }
                    }
                }
                let plain = [sc_plain_scan, sc_plain_scan_portable].map {
                    $0(query.codes, quads, query.bias, codes, scales, blocks)
                }
                #expect(plain[0] == plain[1] && (blocks > 0 || plain[0] == -.infinity))
            }
        }
    }
}
