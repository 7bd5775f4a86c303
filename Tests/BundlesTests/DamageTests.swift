import Bundles
import Foundation
import Interactions
import Testing

@Suite struct DamageTests {
    @Test func `Every truncation of either file is refused`() throws {
        let folder = try TemporaryFolder()
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
        let folder = try TemporaryFolder()
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
        let folder = try TemporaryFolder()
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
        let folder = try TemporaryFolder()
        try makeFolder("\(folder.path)/b", tensors: header.file)
        let error = #expect(throws: BundleError.self) {
            try ModelBundle.read(from: "\(folder.path)/b")
        }
        #expect(error?.path == "\(folder.path)/b/tensors.safetensors")
        #expect(error?.description.contains(header.cause) == true, "\(String(describing: error))")
    }

    @Test(arguments: badTensors)
    func `Bad content is refused with tensor and cause`(_ bad: BadTensor) throws {
        let folder = try TemporaryFolder()
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
        let folder = try TemporaryFolder()
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

    @Test func `What is no file is refused, not waited for`() throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/b"
        try fullBundle().write(to: path)
        try FileManager.default.removeItem(atPath: "\(path)/tensors.safetensors")
        #expect(throws: BundleError.self) { try ModelBundle.read(from: path) }
        #expect(mkfifo("\(path)/tensors.safetensors", 0o600) == 0)
        let error = #expect(throws: BundleError.self) { try ModelBundle.read(from: path) }
        #expect(error?.message == "is not a regular file")
    }
}
