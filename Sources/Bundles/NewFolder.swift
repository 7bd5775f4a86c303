internal import CLinux
internal import Glibc

/// A bundle's folder in the making, beside the place it will take.
///
/// It is hidden, on the same file system as the target, and locked (`flock`) by its maker for as
/// long as that lives. Hidden folders without a lock are left over from makers that were killed;
/// whoever makes a new folder for the same target removes them.
struct NewFolder: ~Copyable {
    private let target: String
    private let name: String
    private let hiddenName: String
    private let parent: OpenFolder
    private let folder: OpenFolder
    private let replacing: Bool

    /// Creates an empty folder.
    init(for target: String, replacing: Bool) throws(BundleError) {
        let (target, parentPath, name) = FolderPath.split(target)
        guard !name.isEmpty, name != ".", name != ".." else {
            throw BundleError(path: target, message: "names no folder that a bundle could become")
        }
        let parent = try Self.openParent(parentPath, of: target)
        LeftOvers(of: name, in: parent).remove()
        try Self.checkTarget(target, replacing: replacing)
        folder = try Self.makeHidden(for: name, in: parent, target)
        hiddenName = String(folder.path.dropFirst(parent.path.count + 1))
        (self.target, self.name, self.replacing) = (target, name, replacing)
        self.parent = parent
    }

    func create(_ name: String) throws(BundleError) -> OpenFile {
        try OpenFile(creating: name, in: folder)
    }

    /// Makes the folder durable and gives it its name; what had the name before is deleted after
    /// that.
    ///
    /// - Throws: ``BundleError``; what had the name before has it still.
    func publish() throws(BundleError) {
        try folder.synchronize()
        // While it was made it was nobody else's business.
        let mask = umask(0)
        umask(mask)
        fchmod(folder.descriptor, 0o777 & ~mask)
        if sc_rename(parent.descriptor, hiddenName, name, UInt32(sc_rename_noreplace)) == 0 {
            return try makeDurable { _ = sc_rename(parent.descriptor, name, hiddenName, 0) }
        }
        if errno == EEXIST, replacing { return try exchange() }
        guard errno == EINVAL || errno == ENOSYS else {
            throw .system(target, "rename the new bundle to it")
        }
        try takeNameWithoutFlags()
    }

    private func exchange() throws(BundleError) {
        try Self.checkTarget(target, replacing: true)
        // Locked, so that it is not taken for a left-over before it is certain that it is one.
        let old = try OpenFolder(target)
        flock(old.descriptor, LOCK_SH | LOCK_NB)
        func swap() -> Bool {
            sc_rename(parent.descriptor, hiddenName, name, UInt32(sc_rename_exchange)) == 0
        }
        guard swap() else {
            guard errno == EINVAL || errno == ENOSYS else {
                throw .system(target, "rename the new bundle to it")
            }
            return try takeNameWithoutFlags()
        }
        try makeDurable { _ = swap() }
        LeftOvers.removeBundle(hiddenName, in: parent)
    }

    /// For file systems without `renameat2` flags: not in one step.
    private func takeNameWithoutFlags() throws(BundleError) {
        try Self.checkTarget(target, replacing: replacing)
        let aside = hiddenName + LeftOvers.asideSuffix
        let moved = sc_rename(parent.descriptor, name, aside, 0) == 0
        guard moved || errno == ENOENT else { throw .system(target, "move it aside") }
        func goBack() {
            _ = sc_rename(parent.descriptor, name, hiddenName, 0)
            if moved { _ = sc_rename(parent.descriptor, aside, name, 0) }
        }
        guard sc_rename(parent.descriptor, hiddenName, name, 0) == 0 else {
            let error = BundleError.system(target, "rename the new bundle to it")
            goBack()
            throw error
        }
        try makeDurable { goBack() }
        if moved { LeftOvers.removeBundle(aside, in: parent) }
    }

    /// Waits until the names are on the disk; where they cannot be brought there, goes back to what
    /// was there before.
    private func makeDurable(orElse goBack: () -> Void) throws(BundleError) {
        do {
            try parent.synchronize()
        } catch {
            goBack()
            throw error
        }
    }

    /// Removes the files of the new bundle, and its folder if nothing else is in it.
    func discard() { LeftOvers.removeBundle(hiddenName, in: parent) }

    private static func openParent(
        _ path: String, of target: String
    ) throws(BundleError) -> OpenFolder {
        do {
            return try OpenFolder(path)
        } catch {
            throw BundleError(path: target, message: "its folder \(error.message)")
        }
    }

    private static func makeHidden(
        for name: String, in parent: borrowing OpenFolder, _ target: String
    ) throws(BundleError) -> OpenFolder {
        for attempt in 0..<1_000 {
            let hidden = ".\(name).\(getpid()).\(attempt)\(LeftOvers.suffix)"
            guard mkdirat(parent.descriptor, hidden, 0o700) == 0 else {
                guard errno == EEXIST else { throw .system(target, "create a folder beside it") }
                continue
            }
            // Somebody may have found it before it was locked, and be removing it.
            guard let folder = try? OpenFolder("\(parent.path)/\(hidden)"),
                flock(folder.descriptor, LOCK_EX | LOCK_NB) == 0, folder.hasItsName
            else { continue }
            return folder
        }
        throw BundleError(path: target, message: "cannot create a folder beside it: all are taken")
    }

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
        for name in try OpenFolder(target).names()
        where ![BundleFormat.manifestName, BundleFormat.tensorsName].contains(name) {
            throw BundleError(
                path: target, message: "is not replaced, because it holds another file, \(name)")
        }
    }
}

/// The hidden folders that killed makers of one bundle left beside it.
private struct LeftOvers: ~Copyable {
    static let suffix = ".partial"
    /// Follows `suffix`: an old bundle that was moved aside; see `takeNameWithoutFlags`.
    static let asideSuffix = ".old"

    private let name: String
    private let parent: Int32
    private let names: [String]

    init(of name: String, in parent: borrowing OpenFolder) {
        self.name = name
        self.parent = parent.descriptor
        names = ((try? parent.names()) ?? []).filter { Self.isHidden($0, of: name) }
    }

    /// True of `.NAME.PID.N.partial` and `.NAME.PID.N.partial.old`.
    private static func isHidden(_ entry: String, of name: String) -> Bool {
        guard entry.hasPrefix(".\(name).") else { return false }
        var rest = entry.dropFirst(name.count + 2)
        if rest.hasSuffix(asideSuffix) { rest = rest.dropLast(asideSuffix.count) }
        guard rest.hasSuffix(suffix) else { return false }
        let numbers = rest.dropLast(suffix.count).split(
            separator: ".", omittingEmptySubsequences: false)
        return numbers.count == 2 && numbers.allSatisfy { UInt32($0) != nil }
    }

    /// Removes those whose makers are gone. One that holds the only bundle, as its maker was killed
    /// between two steps, gets its name back.
    func remove() {
        for entry in names {
            let folder = sc_open_at(
                parent, entry, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0)
            guard folder >= 0 else { continue }
            defer { close(folder) }
            guard flock(folder, LOCK_EX | LOCK_NB) == 0 else { continue }
            if entry.hasSuffix(Self.asideSuffix),
                sc_rename(parent, entry, name, UInt32(sc_rename_noreplace)) == 0
                    || (faccessat(parent, name, F_OK, 0) != 0
                        && sc_rename(parent, entry, name, 0) == 0)
            {
                continue
            }
            Self.removeBundle(entry, in: parent, folder)
        }
    }

    static func removeBundle(_ name: String, in parent: borrowing OpenFolder) {
        let folder = sc_open_at(
            parent.descriptor, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0)
        guard folder >= 0 else { return }
        removeBundle(name, in: parent.descriptor, folder)
        close(folder)
    }

    private static func removeBundle(_ name: String, in parent: Int32, _ folder: Int32) {
        unlinkat(folder, BundleFormat.manifestName, 0)
        unlinkat(folder, BundleFormat.tensorsName, 0)
        unlinkat(parent, name, AT_REMOVEDIR)
    }
}
