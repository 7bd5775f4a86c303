internal import Glibc

/// The folder that models may be loaded from. Whoever may load a model may not have the server read
/// whatever it can read: bundles lie in here, or below.
struct ModelsFolder: Sendable {
    /// Absolute, as it was named.
    let path: String
    /// Without links.
    let realPath: String

    /// - Throws: ``ModelError`` where there is no such folder.
    init(_ path: String) throws(ModelError) {
        guard let real = Self.realPath(of: path) else {
            throw ModelError(
                .notFound, "the folder of models, \(path): \(String(cString: strerror(errno)))")
        }
        realPath = real
        self.path = path.hasPrefix("/") ? Self.normalized(path) : real
    }

    /// The absolute path that a caller means, as far as can be told without looking at the disk.
    ///
    /// - Parameter asked: absolute, or below the folder.
    /// - Throws: ``ModelError`` where it leads outside.
    func path(of asked: String) throws(ModelError) -> String {
        guard !asked.isEmpty else { throw ModelError(.invalid, "path is empty") }
        guard asked.utf8.count < PATH_MAX, !asked.utf8.contains(0) else {
            throw ModelError(
                .invalid, "path has a NUL or \(asked.utf8.count) bytes; the limit is \(PATH_MAX)")
        }
        let full = Self.normalized(asked.hasPrefix("/") ? asked : "\(path)/\(asked)")
        for folder in [path, realPath] where full.hasPrefix(folder == "/" ? "/" : "\(folder)/") {
            return full
        }
        throw outside(asked)
    }

    /// The path without links, once it is to be read.
    ///
    /// - Throws: ``ModelError`` where there is nothing, or a link leads outside.
    func resolve(_ path: String) throws(ModelError) -> String {
        guard let real = Self.realPath(of: path) else {
            throw ModelError(
                errno == ENOENT ? .notFound : .invalid,
                "\(path): \(String(cString: strerror(errno)))")
        }
        guard real.hasPrefix(realPath == "/" ? "/" : "\(realPath)/") else { throw outside(path) }
        return real
    }

    private func outside(_ path: String) -> ModelError {
        ModelError(
            .invalid,
            "path \(path) is not below the folder of models, \(self.path) (--models-dir)")
    }

    private static func realPath(of path: String) -> String? {
        guard let real = realpath(path, nil) else { return nil }
        defer { free(real) }
        return String(cString: real)
    }

    /// An absolute path without empty steps, `.` and `..`.
    private static func normalized(_ path: String) -> String {
        var steps: [Substring] = []
        for step in path.split(separator: "/") where step != "." {
            if step == ".." { _ = steps.popLast() } else { steps.append(step) }
        }
        return "/" + steps.joined(separator: "/")
    }
}
