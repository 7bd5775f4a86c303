import Bundles
import Foundation
import Interactions
import ModelParts
import TestFolders
import Testing

@Suite struct DamageTests {
    @Test func `Every truncation of either file is refused`() throws {
        let folder = TemporaryFolder()
        let path = "\(folder.path)/b"
        try fullBundle().write(to: path)
        for file in ["tensors.safetensors", "manifest.json"] {
            let whole = try bytes("\(path)/\(file)")
            // Without its last newline the manifest is still whole.
            for length in 0..<whole.count - 1 {
                try put(Array(whole[..<length]), "\(path)/\(file)")
                #expect(throws: BundleError.self, "\(file) of \(length) bytes") {
                    try ModelBundle.read(from: path)
                }
            }
            try put(whole, "\(path)/\(file)")
        }
        _ = try ModelBundle.read(from: path)
    }

    @Test func `Every flipped byte of the tensors is refused`() throws {
        let folder = TemporaryFolder()
        let path = "\(folder.path)/b"
        try fullBundle().write(to: path)
        let whole = try bytes("\(path)/tensors.safetensors")
        for position in whole.indices {
            var damaged = whole
            damaged[position] ^= 0x41
            try put(damaged, "\(path)/tensors.safetensors")
            #expect(throws: BundleError.self, "byte \(position)") {
                try ModelBundle.read(from: path)
            }
        }
    }

    @Test func `Random damage under a right digest never ends the process`() throws {
        let folder = TemporaryFolder()
        let path = "\(folder.path)/b"
        try fullBundle().write(to: path)
        let whole = try bytes("\(path)/tensors.safetensors")
        var random = SeededGenerator(seed: 20_240_501)
        var accepted = 0
        for round in 0..<1500 {
            var damaged = whole
            for _ in 0...Int(random.next() % 3) {
                damaged[Int(random.next() % UInt64(damaged.count))] = UInt8(
                    truncatingIfNeeded: random.next())
            }
            let copy = "\(folder.path)/\(round)"
            try makeFolder(copy, tensors: damaged)
            if let bundle = try? ModelBundle.read(from: copy) {
                accepted += 1
                #expect(throws: Never.self, "round \(round) of seed 20240501") {
                    try bundle.write(to: "\(copy)-again")
                }
            }
        }
        // Changed floats and texts are valid content.
        #expect(accepted > 0)
    }

    @Test(arguments: badHeaders)
    func `A malicious header is refused with its cause`(_ header: BadHeader) throws {
        let folder = TemporaryFolder()
        try makeFolder("\(folder.path)/b", tensors: header.file)
        let error = #expect(throws: BundleError.self) {
            try ModelBundle.read(from: "\(folder.path)/b")
        }
        #expect(error?.path == "\(folder.path)/b/tensors.safetensors")
        #expect(error?.description.contains(header.cause) == true, "\(String(describing: error))")
    }

    @Test(arguments: badTensors)
    func `Bad content is refused with tensor and cause`(_ bad: BadTensor) throws {
        let folder = TemporaryFolder()
        var tensors = minimalTensors()
        tensors.removeAll { $0.name == bad.tensor.name }
        try makeFolder(
            "\(folder.path)/b", tensors: safetensors(tensors + [bad.tensor] + bad.others))
        let error = #expect(throws: BundleError.self) {
            try ModelBundle.read(from: "\(folder.path)/b")
        }
        #expect(error?.tensor == bad.blamed ?? bad.tensor.name)
        #expect(error?.message.contains(bad.cause) == true, "\(String(describing: error))")
    }

    @Test(arguments: badManifests)
    func `A bad manifest is refused with its cause`(_ manifest: BadManifest) throws {
        let folder = TemporaryFolder()
        let path = "\(folder.path)/b"
        let tensors = safetensors(minimalTensors())
        try makeFolder(path, tensors: tensors)
        let digest = sha256(tensors)
        let text = manifest.text.replacing("DIGEST", with: digest)
        try put(Array(text.utf8), "\(path)/manifest.json")
        let error = #expect(throws: BundleError.self) { try ModelBundle.read(from: path) }
        #expect(error?.path == "\(path)/manifest.json")
        #expect(error?.message.contains(manifest.cause) == true, "\(String(describing: error))")
    }

    @Test func `Damaged values under a right digest are refused, or all finite`() throws {
        let folder = TemporaryFolder()
        let path = "\(folder.path)/b"
        try fullBundle().write(to: path)
        let whole = try bytes("\(path)/tensors.safetensors")
        let data = 8 + Int(whole[0]) + Int(whole[1]) << 8
        let seed = UInt64.random(in: 0 ... .max)
        var random = SeededGenerator(seed: seed)
        var refused = 0
        let rounds = 800
        for _ in 0..<rounds {
            var damaged = whole
            // Mostly the upper bytes of a word, where floats have their sign and exponent.
            for _ in 0...Int.random(in: 0..<3, using: &random) {
                let word = Int.random(in: data / 4 + 1..<damaged.count / 4, using: &random)
                let byte = word * 4 + Int.random(in: 2...3, using: &random)
                damaged[byte] = UInt8.random(in: 0...255, using: &random)
            }
            let copy = "\(folder.path)/copy"
            try? FileManager.default.removeItem(atPath: copy)
            try makeFolder(
                copy, tensors: damaged,
                manifest: #", "fold_in": {"regularization": 0.003, "unobserved_weight": 0.1, "#
                    + #""regularization_exponent": 1}"#)
            guard let bundle = try? ModelBundle.read(from: copy) else {
                refused += 1
                continue
            }
            #expect(values(of: bundle).allSatisfy { abs($0) <= 1e12 }, "seed \(seed)")
            let vectors = [bundle.parts.embeddings?.items, bundle.parts.embeddings?.users]
            for vector in vectors.compactMap({ $0?.values }).joined() {
                #expect(abs(vector) <= 1e18, "seed \(seed)")
            }
        }
        #expect(refused > rounds / 20 && refused < rounds)
    }

    /// All that is a number of its own, and no part of a vector.
    private func values(of bundle: ModelBundle) -> [Float] {
        let parts = bundle.parts
        let lists =
            Array(parts.neighbors.values) + [parts.itemWeights, parts.userLists].compactMap { $0 }
        return parts.popularity + bundle.catalog.prices + (bundle.histories?.values ?? [])
            + lists.flatMap { $0.scores + $0.lifts + $0.confidences }
            + (parts.ranker?.wide ?? []) + (parts.ranker.map { [$0.bias] } ?? [])
            + (parts.ranker?.layers.flatMap { $0.weights.values + $0.biases } ?? [])
    }

    @Test func `A ranker whose layers multiply too far is refused`() throws {
        var bundle = fullBundle()
        bundle.parts.ranker?.layers[0].weights.values[3] = 1e11
        bundle.parts.ranker?.layers[1].weights.values = [1e11, 1e11]
        let folder = TemporaryFolder()
        #expect(throws: Never.self) { try bundle.write(to: "\(folder.path)/large") }
        bundle.parts.embeddings?.items.values[0] = 1e9
        let error = #expect(throws: BundleError.self) { try bundle.write(to: "\(folder.path)/b") }
        #expect(error?.tensor == "ranker.layers.1.weights", "\(String(describing: error))")
    }

    @Test func `Vectors that folding in could not bear are refused`() throws {
        let folder = TemporaryFolder()
        var bundle = fullBundle()
        bundle.parts.ranker = nil
        bundle.parts.embeddings?.items.values[0] = 1e17
        let large = #expect(throws: BundleError.self) { try bundle.write(to: "\(folder.path)/b") }
        #expect(large?.message.contains("fold_in") == true)
        bundle.parts.embeddings?.items = Matrix(
            rows: 4, columns: 1025, values: Array(repeating: 1, count: 4 * 1025))
        bundle.parts.embeddings?.users = nil
        let wide = #expect(throws: BundleError.self) { try bundle.write(to: "\(folder.path)/b") }
        #expect(wide?.message.contains("has 1025 columns") == true)
        #expect(wide?.message.contains("at most 1024") == true)
        bundle.parts.embeddings?.foldIn = nil
        #expect(throws: Never.self) { try bundle.write(to: "\(folder.path)/b") }
    }

    @Test func `The sums of a Gramian take bounded memory and keep small ones' blocks`() {
        #expect(gramianBlocks(count: 100_000, columns: 512) == (64, 1563))
        #expect(gramianBlocks(count: 100, columns: 64) == (1, 256))
        #expect(gramianBlocks(count: 100_000, columns: 1024) == (16, 6250))
        #expect(gramianBlocks(count: 100_000, columns: 4096) == (1, 100_000))
        for columns in [1, 16, 513, 700, 1024, 2000] {
            let (blocks, rows) = gramianBlocks(count: 1_000_000, columns: columns)
            #expect(blocks * FoldInSolver.bytes(dimensions: columns) <= 64 << 20)
            #expect(blocks * rows >= 1_000_000)
        }
    }

    @Test func `A refused file is closed again`() throws {
        let folder = TemporaryFolder()
        let path = "\(folder.path)/b"
        try fullBundle().write(to: path)
        try FileManager.default.removeItem(atPath: "\(path)/tensors.safetensors")
        #expect(mkfifo("\(path)/tensors.safetensors", 0o600) == 0)
        for _ in 0..<3 {
            #expect(throws: BundleError.self) { try ModelBundle.read(from: path) }
        }
        let open = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")
            .compactMap {
                try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)")
            }
        #expect(open.filter { $0.hasPrefix(folder.path) } == [])
    }

    @Test func `What is no file is refused, not waited for`() throws {
        let folder = TemporaryFolder()
        let path = "\(folder.path)/b"
        try fullBundle().write(to: path)
        try FileManager.default.removeItem(atPath: "\(path)/tensors.safetensors")
        #expect(throws: BundleError.self) { try ModelBundle.read(from: path) }
        #expect(mkfifo("\(path)/tensors.safetensors", 0o600) == 0)
        let error = #expect(throws: BundleError.self) { try ModelBundle.read(from: path) }
        #expect(error?.message == "is not a regular file")
    }
}
