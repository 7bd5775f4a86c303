internal import Glibc

/// Why a bundle cannot be read or written. Nothing under the bundle's name has changed.
package struct BundleError: Error, Equatable, CustomStringConvertible, Sendable {
    /// The file or folder at fault.
    package let path: String
    /// The tensor at fault, where it is one.
    package let tensor: String?
    /// The cause, with the position or the limit that tells where to look.
    package let message: String

    package init(path: String, tensor: String? = nil, message: String) {
        self.path = path
        self.tensor = tensor
        self.message = message
    }

    package var description: String {
        tensor.map { "\(path): tensor \($0): \(message)" } ?? "\(path): \(message)"
    }

    /// A system call that failed just now, such as `cannot open: No such file or directory`.
    static func system(_ path: String, _ action: String) -> BundleError {
        BundleError(path: path, message: "cannot \(action): \(String(cString: strerror(errno)))")
    }
}
