/// The parts of a folder's path.
package enum FolderPath {
    /// The path without a slash at its end, the folder that it lies in, and its name there; the name
    /// is empty for `/`.
    package static func split(_ path: String) -> (path: String, parent: String, name: String) {
        let path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
        guard let slash = path.lastIndex(of: "/") else { return (path, ".", path) }
        let parent = slash == path.startIndex ? "/" : String(path[..<slash])
        return (path, parent, String(path[path.index(after: slash)...]))
    }
}
