internal import CLinux
internal import Glibc

/// A bundle's folder in the making, beside the place it will take.
struct NewFolder {
    /// Hidden, and on the same file system as the target.
    let path: String
    private let target: String
    private let parent: String
    private let replacing: Bool

    /// Creates an empty folder. Left-overs of interrupted writes are passed over.
    init(for target: String, replacing: Bool) throws(BundleError) {
        let target = target.count > 1 && target.hasSuffix("/") ? String(target.dropLast()) : target
        let slash = target.lastIndex(of: "/")
        let name = target[(slash.map { target.index(after: $0) } ?? target.startIndex)...]
        guard !name.isEmpty, name != ".", name != ".." else {
            throw BundleError(path: target, message: "names no folder that a bundle could become")
        }
        self.target = target
        self.replacing = replacing
        parent = slash.map { $0 == target.startIndex ? "/" : String(target[..<$0]) } ?? "."
        try Self.checkTarget(target, replacing: replacing)
        var attempt = 0
        while true {
            let path = "\(parent)/.\(name).\(getpid()).\(attempt).partial"
            if mkdir(path, 0o777) == 0 {
                self.path = path
                return
            }
            guard errno == EEXIST else { throw .system(target, "create a folder beside it") }
            attempt += 1
        }
    }

    /// Makes the folder durable and gives it its name; what had the name before is deleted after
    /// that.
    func publish() throws(BundleError) {
        try Self.synchronize(path)
        let old = try takeName()
        try Self.synchronize(parent)
        if let old { Self.remove(old) }
    }

    /// - Returns: where the folder is that had the name before.
    private func takeName() throws(BundleError) -> String? {
        if sc_rename(path, target, UInt32(sc_rename_noreplace)) == 0 { return nil }
        if errno == EEXIST, replacing {
            try Self.checkTarget(target, replacing: true)
            if sc_rename(path, target, UInt32(sc_rename_exchange)) == 0 { return path }
        }
        guard errno == EINVAL || errno == ENOSYS else {
            throw .system(target, "rename the new bundle to it")
        }
        return try takeNameWithoutFlags()
    }

    /// For file systems without `renameat2` flags: not in one step.
    private func takeNameWithoutFlags() throws(BundleError) -> String? {
        try Self.checkTarget(target, replacing: replacing)
        let aside = path + ".old"
        let moved = rename(target, aside) == 0
        guard moved || errno == ENOENT else { throw .system(target, "move it aside") }
        guard rename(path, target) == 0 else {
            let error = BundleError.system(target, "rename the new bundle to it")
            if moved { _ = rename(aside, target) }
            throw error
        }
        return moved ? aside : nil
    }

    /// Removes the files of a bundle, and the folder if nothing else is in it.
    func discard() { Self.remove(path) }

    /// Only a folder that holds a bundle and nothing else may be replaced.
    private static func checkTarget(_ target: String, replacing: Bool) throws(BundleError) {
        var status = stat()
        guard lstat(target, &status) == 0 else {
            guard errno == ENOENT else { throw .system(target, "inspect") }
            return
        }
        guard replacing else { throw BundleError(path: target, message: "exists already") }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            throw BundleError(path: target, message: "is not replaced, because it is no folder")
        }
        guard let directory = opendir(target) else { throw .system(target, "list") }
        defer { closedir(directory) }
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard [".", "..", BundleFormat.manifestName, BundleFormat.tensorsName].contains(name)
            else {
                throw BundleError(
                    path: target, message: "is not replaced, because it holds another file, \(name)"
                )
            }
        }
    }

    private static func remove(_ path: String) {
        unlink("\(path)/\(BundleFormat.manifestName)")
        unlink("\(path)/\(BundleFormat.tensorsName)")
        rmdir(path)
    }

    private static func synchronize(_ folder: String) throws(BundleError) {
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .system(folder, "open") }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw .system(folder, "write to disk") }
    }
}
