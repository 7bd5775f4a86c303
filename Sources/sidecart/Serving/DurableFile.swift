import Foundation

/// Files that are replaced in one step, and are on the disk before that.
enum DurableFile {
    static func replace(_ path: String, with data: Data) throws {
        let new = "\(path).new"
        try data.write(to: URL(fileURLWithPath: new))
        let file = try FileHandle(forUpdating: URL(fileURLWithPath: new))
        try file.synchronize()
        try file.close()
        guard rename(new, path) == 0 else { throw Failure.system(path) }
    }
}

extension Failure {
    /// What `errno` says of a file.
    static func system(_ path: String) -> Failure {
        Failure("\(path): \(String(cString: strerror(errno)))")
    }
}
