internal import Foundation

/// How ids that differ in spelling alone are taken for one.
package struct IdentifierFolding: Equatable, Sendable {
    /// `85123a` and `85123A` are one item, and so are `grün` and `GRÜN`: letters of any script are
    /// compared in lower case as Unicode has it.
    package var foldsCase = false
    /// Accents are composed, as in Unicode's form NFC.
    package var composes = false

    package init() {}

    package init(foldsCase: Bool, composes: Bool) {
        (self.foldsCase, self.composes) = (foldsCase, composes)
    }

    package var isNone: Bool { !foldsCase && !composes }

    /// The form in which ids are compared. Complexity: O(bytes).
    package func folded(_ id: String) -> String {
        let id = composes ? Self.composed(id) : id
        return foldsCase ? Self.lowercased(id) : id
    }

    static func composed(_ id: String) -> String {
        id.utf8.allSatisfy { $0 < 0x80 } ? id : id.precomposedStringWithCanonicalMapping
    }

    static func lowercased(_ id: String) -> String { id.lowercased() }
}
