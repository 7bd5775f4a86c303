import Foundation

/// An empty folder that goes away, with all that is in it, with its owner.
package final class TemporaryFolder: Sendable {
    package let path: String

    package init() {
        var template = Array("\(NSTemporaryDirectory())/sidecart-XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else {
            preconditionFailure("no temporary folder: \(String(cString: strerror(errno)))")
        }
        path = String(cString: made)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// The path of a file in the folder.
    package subscript(name: String) -> String { "\(path)/\(name)" }

    /// The names in the folder, hidden ones too, sorted.
    package var names: [String] {
        get throws { try FileManager.default.contentsOfDirectory(atPath: path).sorted() }
    }

    /// A new file to write to.
    package func open(_ name: String) throws -> FileHandle {
        try Data().write(to: URL(fileURLWithPath: self[name]))
        return try FileHandle(forWritingTo: URL(fileURLWithPath: self[name]))
    }

    package func read(_ name: String) throws -> String {
        try String(contentsOfFile: self[name], encoding: .utf8)
    }

    /// Writes a file and gives its path.
    @discardableResult
    package func write(_ name: String, _ text: String) throws -> String {
        try text.write(toFile: self[name], atomically: false, encoding: .utf8)
        return self[name]
    }
}
