/// Why the store refused a call. Nothing was changed.
package struct StoreError: Error, Equatable, Sendable, CustomStringConvertible {
    package enum Code: Sendable {
        /// An id, vector or configuration that can never be accepted.
        case invalidArgument
        /// A limit is reached: bytes, rows or readers.
        case resourceExhausted
    }

    package let code: Code
    /// Which entry of a batch is at fault, from 0; nil where it is not one of a batch's.
    package let position: Int?
    /// One sentence that names the fault and the limit.
    package let description: String

    init(_ code: Code, at position: Int? = nil, _ description: String) {
        self.code = code
        self.position = position
        self.description = position.map { "entry \($0): \(description)" } ?? description
    }
}
