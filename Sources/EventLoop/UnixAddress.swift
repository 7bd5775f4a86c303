internal import Glibc

/// The address of a Unix socket: a path in the file system or, behind `@`, a name in the abstract
/// namespace, which is no file.
struct UnixAddress {
    /// Longest path in bytes: `sun_path` less its NUL.
    static let pathBytesMax = MemoryLayout.size(ofValue: sockaddr_un().sun_path) - 1

    private var raw = sockaddr_un()
    private var bytes = MemoryLayout<sockaddr_un>.size

    /// True for a name in the abstract namespace.
    static func isAbstract(_ path: String) -> Bool { path.utf8.first == UInt8(ascii: "@") }

    /// - Precondition: the path fits.
    init(_ path: String) {
        raw.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &raw.sun_path) { $0.copyBytes(from: path.utf8) }
        guard Self.isAbstract(path) else { return }
        // A NUL stands for the @, and every byte counts.
        raw.sun_path.0 = 0
        bytes = MemoryLayout<sockaddr_un>.offset(of: \.sun_path)! + path.utf8.count
    }

    /// Calls `bind` or `connect`, which give 0 or -1.
    func pass(_ descriptor: Int32, to call: (Int32, UnsafePointer<sockaddr>, socklen_t) -> Int32)
        -> Int32
    {
        withUnsafePointer(to: raw) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                call(descriptor, $0, socklen_t(bytes))
            }
        }
    }

    /// Where a socket is bound: its path, or `@` and its name in the abstract namespace.
    static func name(of descriptor: Int32) -> String {
        var raw = sockaddr_un()
        var length = socklen_t(MemoryLayout<sockaddr_un>.size)
        let result = withUnsafeMutablePointer(to: &raw) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                getsockname(descriptor, $0, &length)
            }
        }
        let start = MemoryLayout<sockaddr_un>.offset(of: \.sun_path)!
        guard result == 0, Int(length) > start else { return "(without a name)" }
        return withUnsafeBytes(of: &raw.sun_path) { bytes in
            let name = bytes.prefix(Int(length) - start)
            return name.first == 0
                ? "@" + String(decoding: name.dropFirst(), as: UTF8.self)
                : String(decoding: name.prefix { $0 != 0 }, as: UTF8.self)
        }
    }
}
