/// What a call's answer says beside its message: gRPC's metadata before the answer (initial) and after
/// it (trailing).
package struct ResponseMetadata: Equatable, Sendable {
    package enum Place: Sendable {
        /// Before the answer.
        case initial
        /// After it, with the status.
        case trailing
    }

    package struct Entry: Equatable, Sendable {
        package let name: String
        package let value: [UInt8]

        /// Whether the value is any bytes and not printable ASCII, as the end of the name says.
        package var isBinary: Bool { name.hasSuffix("-bin") }
    }

    /// Why an entry was refused.
    package enum Problem: Error, Equatable, Sendable {
        /// A value of other bytes than printable ASCII, under a name that does not end in `-bin`.
        case notText(name: String)
        case tooLarge(max: Int)
    }

    /// Of names and values at one place: clients bound the headers of an answer, many by 8 KiB.
    package static let bytesMax = 4096

    package private(set) var initial: [Entry] = []
    package private(set) var trailing: [Entry] = []

    package init() {}

    /// Adds an entry behind those that are there; of one name there may be several.
    ///
    /// - Parameters:
    ///   - name: of `a` to `z`, digits, `_`, `-` and `.`, and none of gRPC's own (`grpc-`).
    ///   - value: of a name that ends in `-bin` any bytes, else printable ASCII.
    /// - Throws: ``Problem``, and nothing is added.
    package mutating func add(
        _ name: String, _ value: UnsafeRawBufferPointer, _ place: Place
    ) throws(Problem) {
        precondition(
            !name.isEmpty && name.utf8.allSatisfy(Self.isOfName) && !name.hasPrefix("grpc-"),
            "'\(name)' is no name of metadata")
        let entry = Entry(name: name, value: Array(value))
        guard entry.isBinary || entry.value.allSatisfy({ (0x20...0x7E).contains($0) }) else {
            throw .notText(name: name)
        }
        let entries = place == .initial ? initial : trailing
        let size = entries.reduce(name.utf8.count + value.count) {
            $0 + $1.name.utf8.count + $1.value.count
        }
        guard size <= Self.bytesMax else { throw .tooLarge(max: Self.bytesMax) }
        switch place {
        case .initial: initial.append(entry)
        case .trailing: trailing.append(entry)
        }
    }

    private static func isOfName(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."):
            true
        default: false
        }
    }
}
