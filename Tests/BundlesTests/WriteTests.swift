import Bundles
import CFailingCalls
import Foundation
import Interactions
import Synchronization
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

    /// Leaves a hidden folder behind as a killed write does.
    private func leave(_ name: String, in folder: TemporaryFolder) throws {
        let leftOver = folder[name]
        try FileManager.default.createDirectory(
            atPath: leftOver, withIntermediateDirectories: false)
        try put([1, 2, 3], "\(leftOver)/tensors.safetensors")
    }

    @Test func `What killed writes left behind is removed, and nothing else`() throws {
        let folder = TemporaryFolder()
        let others = [
            ".b.1.partial", ".b.1.0.partial.d", ".b.x.0.partial", ".bb.1.0.partial",
            ".c.1.0.partial",
            "b.1.0.partial",
        ]
        for name in others + [
            ".b.\(getpid()).0.partial", ".b.1.7.partial", ".b.99999999.0.partial",
        ] {
            try leave(name, in: folder)
        }
        // One that holds a file of somebody else's loses the bundle's alone.
        try leave(".b.2.0.partial", in: folder)
        try put([4], folder[".b.2.0.partial/letter"])
        #expect(throws: BundleError.self) { try ModelBundle.read(from: folder["b"]) }
        try fullBundle().write(to: folder["b"])
        _ = try ModelBundle.read(from: folder["b"])
        #expect(try folder.names == (others + ["b", ".b.2.0.partial"]).sorted())
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: folder[".b.2.0.partial"])
                == ["letter"])
    }

    @Test func `The folder of a write that goes on is left alone`() throws {
        let folder = TemporaryFolder()
        try leave(".b.1.0.partial", in: folder)
        let held = open(folder[".b.1.0.partial"], O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        flock(held, LOCK_EX)
        try fullBundle().write(to: folder["b"])
        #expect(try folder.names == [".b.1.0.partial", "b"])
        close(held)
        try fullBundle().write(to: folder["b"], replacing: true)
        #expect(try folder.names == ["b"])
    }

    @Test func `A bundle that was moved aside and never replaced gets its name back`() throws {
        let folder = TemporaryFolder()
        try fullBundle().write(to: folder["b"])
        try FileManager.default.moveItem(
            atPath: folder["b"], toPath: folder[".b.1.0.partial.old"])
        let error = #expect(throws: BundleError.self) { try fullBundle().write(to: folder["b"]) }
        #expect(error?.message == "exists already")
        #expect(try ModelBundle.read(from: folder["b"]).info.version == "2024-05-01a")
        #expect(try folder.names == ["b"])
    }

    @Test func `A bundle that is read while others replace it is always one whole bundle`()
        async throws
    {
        let folder = TemporaryFolder()
        let path = folder["b"]
        try fullBundle().write(to: path)
        let ended = Ended()
        let writers = (0..<2).map { writer in
            Task.detached {
                defer { ended.count.add(1, ordering: .relaxed) }
                for i in 0..<20 {
                    var bundle = fullBundle()
                    bundle.info.version = "\(writer)-\(i)"
                    bundle.parts.popularity[0] = Float(1_000 * writer + i)
                    try bundle.write(to: path, replacing: true)
                }
            }
        }
        var seen: Set<String> = []
        while ended.count.load(ordering: .relaxed) < 2 {
            let bundle = try ModelBundle.read(from: path)
            if bundle.info.version != "2024-05-01a" {
                let numbers = bundle.info.version.split(separator: "-").compactMap { Int($0) }
                #expect(Int(bundle.parts.popularity[0]) == 1_000 * numbers[0] + numbers[1])
            }
            seen.insert(bundle.info.version)
        }
        for writer in writers { try await writer.value }
        #expect(seen.count > 1)
        #expect(try folder.names == ["b"])
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

    @Test func `A bundle stays where its successor's name cannot be brought to the disk`()
        async throws
    {
        // In a process of its own, whose kernel fails the folder's fsync.
        await #expect(processExitsWith: .success) {
            let folder = TemporaryFolder()
            var bundle = fullBundle()
            try bundle.write(to: folder["b"])
            bundle.info.version = "second"
            // The parent folder is what a write opens first.
            let next = open("/dev/null", O_RDONLY | O_CLOEXEC)
            close(next)
            try #require(sc_fail_fsync(next) == 0)
            for path in ["b", "new"] {
                let error = #expect(throws: BundleError.self) {
                    try bundle.write(to: folder[path], replacing: true)
                }
                #expect(error?.path == folder.path)
                #expect(error?.message == "cannot write to disk: Input/output error")
                #expect(try folder.names == ["b"])
                #expect(try ModelBundle.read(from: folder["b"]).info.version == "2024-05-01a")
            }
        }
    }

    @Test func `A bundle stays where its folder cannot be opened`() async throws {
        // In a process of its own, which is nobody's: root opens everything.
        await #expect(processExitsWith: .success) {
            let folder = TemporaryFolder()
            var bundle = fullBundle()
            try bundle.write(to: folder["b"])
            bundle.info.version = "second"
            try #require(chmod(folder.path, 0o311) == 0)
            if geteuid() == 0 { try #require(seteuid(65_534) == 0) }
            let error = #expect(throws: BundleError.self) {
                try bundle.write(to: folder["b"], replacing: true)
            }
            #expect(error?.message == "its folder cannot open: Permission denied")
            #expect(try ModelBundle.read(from: folder["b"]).info.version == "2024-05-01a")
            if geteuid() != getuid() { try #require(seteuid(getuid()) == 0) }
            try #require(chmod(folder.path, 0o700) == 0)
            #expect(try folder.names == ["b"])
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

/// How many writers have ended.
private final class Ended: Sendable {
    let count = Atomic(0)
}
