extension ModelBundle {
    /// How often a folder is opened again that is replaced while its files are being opened.
    private static let openTries = 100

    /// Reads the folder at `path`, and everything in it is checked. All of it is from one bundle,
    /// even where the folder is replaced meanwhile.
    ///
    /// - Throws: ``BundleError`` where a file is missing, damaged, foreign or of another format
    ///   version.
    /// - Complexity: O(bytes). The tensors' memory is allocated once; nothing refers to the files
    ///   afterwards.
    package static func read(from path: String) throws(BundleError) -> ModelBundle {
        for _ in 1..<openTries {
            let folder = try OpenFolder(path)
            do throws(BundleError) {
                return try read(from: folder)
            } catch {
                // A bundle that was replaced is deleted: what it lacked, its successor may have.
                if folder.hasItsName { throw error }
            }
        }
        return try read(from: OpenFolder(path))
    }

    private static func read(
        from folder: borrowing OpenFolder
    ) throws(BundleError) -> ModelBundle {
        // Both are open before either is read: from here on they cannot go away.
        let manifestFile = try OpenFile(reading: BundleFormat.manifestName, in: folder)
        let tensorsFile = try OpenFile(reading: BundleFormat.tensorsName, in: folder)
        let (manifestPath, tensorsPath) = (manifestFile.path, tensorsFile.path)
        let manifestBytes = try manifestFile.readAll(bytesMax: BundleFormat.manifestBytesMax)
        let manifest = try Manifest(parsing: manifestBytes, path: manifestPath)
        let (tensors, digest) = try SafetensorsFile.read(tensorsFile)
        guard digest == manifest.tensorsDigest else {
            throw BundleError(
                path: tensorsPath,
                message:
                    "damaged: its SHA-256 is \(digest), the manifest says \(manifest.tensorsDigest)"
            )
        }
        var bundle = try ModelBundle(
            info: manifest.info, foldIn: manifest.foldIn, tensors: tensors, path: tensorsPath)
        bundle.digest = BundleDigest(ofManifest: manifestBytes)
        if let counts = manifest.counts, counts != bundle.counts {
            throw BundleError(
                path: manifestPath,
                message: "\"counts\" do not agree with the tensors: \(bundle.counts)")
        }
        return bundle
    }

    /// Writes the folder `path`: all of it, on the disk, or nothing.
    ///
    /// The files are written to a hidden folder beside it, which then takes the name in one step. A
    /// crash can leave that hidden folder behind, never a part of a bundle at `path`; the next write
    /// to `path` removes it. What would be refused when read is refused here.
    ///
    /// - Parameter replacing: swap with the bundle that is at `path` already, which is then
    ///   deleted. Without it an existing `path` is an error. On file systems that cannot swap in
    ///   one step (`RENAME_EXCHANGE`) the old one is moved aside first, and for that moment `path`
    ///   does not exist.
    /// - Returns: the SHA-256 of the tensors' file, in hexadecimal.
    /// - Throws: ``BundleError``; a bundle that was at `path` is still there.
    @discardableResult
    package func write(
        to path: String, replacing: Bool = false
    ) throws(BundleError) -> String {
        let tensors = tensors
        var manifest = Manifest(
            info: info, tensorsDigest: "", foldIn: parts.embeddings?.foldIn, counts: counts)
        try manifest.check(path: path)
        _ = try ModelBundle(
            info: info, foldIn: parts.embeddings?.foldIn, tensors: tensors, path: path)
        let folder = try NewFolder(for: path, replacing: replacing)
        do {
            manifest.tensorsDigest = try SafetensorsFile.write(
                tensors, to: folder.create(BundleFormat.tensorsName))
            let file = try folder.create(BundleFormat.manifestName)
            try file.write(manifest.encoded(path: path))
            try file.synchronize()
            try folder.publish()
            return manifest.tensorsDigest
        } catch {
            folder.discard()
            throw error
        }
    }

    /// Finds out whether a bundle could be written to a path, before the work to make one is done.
    ///
    /// - Throws: ``BundleError`` where `write(to:replacing:)` would refuse the path.
    package static func checkDestination(_ path: String, replacing: Bool) throws(BundleError) {
        try NewFolder(for: path, replacing: replacing).discard()
    }

    private var counts: Manifest.Counts {
        Manifest.Counts(
            items: items.count, users: users.count,
            dimensions: parts.embeddings?.items.columns ?? 0,
            interactions: histories?.nonZeroCount ?? 0)
    }
}
