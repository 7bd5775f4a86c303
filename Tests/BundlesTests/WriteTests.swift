import Bundles
import Foundation
import Interactions
import TestFolders
import Testing

@Suite struct WriteTests {
    @Test func `An existing bundle is replaced only when asked, and nothing is left beside it`()
        throws
    {
        let folder = TemporaryFolder()
        let path = "\(folder.path)/b"
        var bundle = fullBundle()
        try bundle.write(to: path)
        bundle.info.version = "second"
        let error = #expect(throws: BundleError.self) { try bundle.write(to: path) }
        #expect(error == BundleError(path: path, message: "exists already"))
        #expect(try ModelBundle.read(from: path).info.version == "2024-05-01a")
        try bundle.write(to: path + "/", replacing: true)
        #expect(try ModelBundle.read(from: path).info.version == "second")
        #expect(try folder.names == ["b"])
        try bundle.write(to: "\(folder.path)/c", replacing: true)
        #expect(try folder.names == ["b", "c"])
    }

    @Test func `What an interrupted write left behind is in nobody's way`() throws {
        let folder = TemporaryFolder()
        let path = "\(folder.path)/b"
        let leftover = "\(folder.path)/.b.\(getpid()).0.partial"
        try FileManager.default.createDirectory(
            atPath: leftover, withIntermediateDirectories: false)
        try put([1, 2, 3], "\(leftover)/tensors.safetensors")
        #expect(throws: BundleError.self) { try ModelBundle.read(from: path) }
        try fullBundle().write(to: path)
        _ = try ModelBundle.read(from: path)
        #expect(try bytes("\(leftover)/tensors.safetensors") == [1, 2, 3])
    }

    @Test func `A folder with other files, a link and a file are never replaced`() throws {
        let folder = TemporaryFolder()
        let home = "\(folder.path)/home"
        try FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: false)
        try put([1], "\(home)/letter.txt")
        try put([2], "\(folder.path)/file")
        try FileManager.default.createSymbolicLink(
            atPath: "\(folder.path)/link", withDestinationPath: home)
        for (name, cause) in [
            ("home", "letter.txt"), ("file", "no folder"), ("link", "no folder"),
        ] {
            let error = #expect(throws: BundleError.self) {
                try fullBundle().write(to: "\(folder.path)/\(name)", replacing: true)
            }
            #expect(error?.message.contains(cause) == true)
        }
        #expect(try bytes("\(home)/letter.txt") == [1])
        #expect(try folder.names == ["file", "home", "link"])
    }

    @Test func `A place that cannot be written is an error that names it`() throws {
        let folder = TemporaryFolder()
        try put([], "\(folder.path)/file")
        for place in ["missing/b", "file/b", "", ".", ".."] {
            let path = place.isEmpty ? "" : "\(folder.path)/\(place)"
            let error = #expect(throws: BundleError.self) { try fullBundle().write(to: path) }
            #expect(error?.path == path)
        }
        #expect(try folder.names == ["file"])
    }

    @Test func `A full disk leaves nothing behind and keeps the old bundle`() async throws {
        // In a process of its own: the file size limit stands for the full disk.
        await #expect(processExitsWith: .success) {
            let folder = TemporaryFolder()
            let path = "\(folder.path)/b"
            var bundle = fullBundle()
            try bundle.write(to: path)
            bundle.info.version = "second"
            signal(SIGXFSZ, SIG_IGN)
            var limit = rlimit(rlim_cur: 1024, rlim_max: rlim_t.max)
            setrlimit(__rlimit_resource_t(1), &limit)
            let error = #expect(throws: BundleError.self) {
                try bundle.write(to: path, replacing: true)
            }
            #expect(error?.message == "cannot write: File too large")
            #expect(try folder.names == ["b"])
            #expect(try ModelBundle.read(from: path).info.version == "2024-05-01a")
        }
    }

    @Test(arguments: [
        ("NaN embedding", "item_embeddings"), ("unknown neighbor", "neighbors.complement.items"),
        ("long id", "item_ids.bytes"), ("short popularity", "popularity"),
    ])
    func `What could not be read is not written`(_ fault: String, _ tensor: String) throws {
        let folder = TemporaryFolder()
        var bundle = fullBundle()
        switch fault {
        case "NaN embedding": bundle.parts.embeddings?.items.values[3] = .nan
        case "unknown neighbor": bundle.parts.neighbors[.complement]?.items[0] = 4
        case "long id":
            bundle.items = IdentifierTable(["a", "b", String(repeating: "c", count: 257), "d"])
        default: bundle.parts.popularity.removeLast()
        }
        let error = #expect(throws: BundleError.self) { try bundle.write(to: "\(folder.path)/b") }
        #expect(error?.tensor == tensor)
        #expect(try folder.names == [])
    }

    @Test func `Info that is not finite or not printable is not written`() throws {
        let folder = TemporaryFolder()
        var bundle = fullBundle()
        bundle.info.metrics["loss"] = .infinity
        #expect(throws: BundleError.self) { try bundle.write(to: "\(folder.path)/b") }
        bundle = fullBundle()
        bundle.info.version = "two\nlines"
        #expect(throws: BundleError.self) { try bundle.write(to: "\(folder.path)/b") }
        #expect(try folder.names == [])
    }
}
