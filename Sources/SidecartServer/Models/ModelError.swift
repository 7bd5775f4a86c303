/// Why a model was not loaded, or not changed to. What served before serves on.
package struct ModelError: Error, CustomStringConvertible, Sendable {
    package enum Code: Sendable {
        /// The path, or what it leads to, can be no model of this server.
        case invalid
        /// There is no such folder or model.
        case notFound
        /// Not in the state that the server's models are in now.
        case precondition
        /// Its memory does not fit beside that of the others.
        case exhausted
    }

    package let code: Code
    package let description: String

    package init(_ code: Code, _ description: String) {
        (self.code, self.description) = (code, description)
    }
}
