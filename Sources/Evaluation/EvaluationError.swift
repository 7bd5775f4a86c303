/// Why an evaluation cannot be made.
package struct EvaluationError: Error, CustomStringConvertible, Sendable {
    /// One sentence that names the file, the line and what is wrong there.
    package let description: String

    package init(_ description: String) { self.description = description }

    /// Of a model that a protocol asks with baskets.
    static let knowsOnlyItsUsers = EvaluationError(
        "it knows only users it was trained on, and this protocol asks with baskets; it takes item "
            + "weights, neighbors or vectors that can be folded in")
}
