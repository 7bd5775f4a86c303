/// Why an evaluation cannot be made.
package struct EvaluationError: Error, CustomStringConvertible, Sendable {
    /// One sentence that names the file, the line and what is wrong there.
    package let description: String

    package init(_ description: String) { self.description = description }
}
