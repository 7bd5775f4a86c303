/// What a caller may do. Each role includes those before it.
package enum Role: UInt8, Comparable, Sendable, CaseIterable {
    /// Nothing.
    case none
    /// Ask for answers; nothing changes by it.
    case read
    /// Change what is served.
    case write
    /// Steer the server itself.
    case admin

    package static func < (a: Role, b: Role) -> Bool { a.rawValue < b.rawValue }

    /// Such as `write`.
    package var name: String { "\(self)" }
}
