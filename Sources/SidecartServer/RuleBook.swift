package import CrossSell
internal import Foundation
internal import Outcomes
internal import RPC
internal import Synchronization

/// The rule sets of a file, by name, for all loops; can be read again while the server runs.
///
/// The file is a JSON object of objects, such as
///
///     {"checkout": {"exclude_categories": ["Bags"], "per_category_max": 2}}
///
/// whose fields are those of the contract's RecommendRequest.
package final class RuleBook: Sendable {
    private let path: String
    private let limits: EngineLimits
    private let sets: Mutex<[String: RuleSet]>
    /// Goes up with each reading.
    private let version = Atomic<Int>(0)

    /// - Throws: ``RuleBookError`` where the file cannot be read or a rule is out of its range.
    package init(path: String, limits: EngineLimits = .init()) throws(RuleBookError) {
        self.path = path
        self.limits = limits
        sets = Mutex(try Self.read(path, limits))
    }

    /// Reads the file again; what was read before stays where that fails.
    ///
    /// - Throws: ``RuleBookError``, as the initializer.
    package func reload() throws(RuleBookError) {
        let read = try Self.read(path, limits)
        sets.withLock { $0 = read }
        version.add(1, ordering: .releasing)
    }

    /// The names of all sets, sorted.
    package var names: [String] { sets.withLock { $0.keys.sorted() } }

    /// What one loop has of the book: it asks for no lock but after a reading.
    final class Reader {
        /// A set, and the number under which outcomes are told of it.
        typealias Entry = (set: RuleSet, number: Int)

        private let book: RuleBook
        private let outcomes: Outcomes
        private var sets: [String: Entry] = [:]
        private var version = -1

        init(_ book: RuleBook, _ outcomes: Outcomes) {
            (self.book, self.outcomes) = (book, outcomes)
        }

        func set(named name: String) -> Entry? {
            let newest = book.version.load(ordering: .acquiring)
            if newest != version {
                let read = book.sets.withLock { $0 }
                sets = [:]
                // In the order of their names, so that it is the same ones that share a number.
                for (name, set) in read.sorted(by: { $0.key < $1.key }) {
                    sets[name] = (set, outcomes.number(ofRuleSet: name))
                }
                version = newest
            }
            return sets[name]
        }

        var names: [String] { book.names }
    }

    private static func read(
        _ path: String, _ limits: EngineLimits
    ) throws(RuleBookError) -> [String: RuleSet] {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw RuleBookError("\(path): the file of rule sets cannot be read")
        }
        let fields: [String: RuleSetFields]
        do {
            fields = try JSONDecoder().decode([String: RuleSetFields].self, from: data)
        } catch let error as DecodingError {
            throw RuleBookError("\(path): \(error.account)")
        } catch {
            throw RuleBookError("\(path): \(error.localizedDescription)")
        }
        var sets: [String: RuleSet] = [:]
        for (name, fields) in fields {
            do throws(RPCError) {
                sets[name] = try RuleSet(fields, limits: limits)
            } catch {
                throw RuleBookError("\(path): \(name): \(error.message)")
            }
        }
        return sets
    }
}

/// Why a file of rule sets was not taken.
package struct RuleBookError: Error, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }
}

extension DecodingError {
    /// Where the fault is, and what.
    fileprivate var account: String {
        func account(_ context: Context, _ fault: String? = nil) -> String {
            // The decoder's own account of a syntax error says where it is.
            let cause =
                (context.underlyingError as NSError?)?
                .userInfo[NSDebugDescriptionErrorKey] as? String
            let place = context.codingPath.map(\.stringValue).joined(separator: ".")
            return (place.isEmpty ? "" : "\(place): ")
                + (fault ?? cause ?? context.debugDescription)
        }
        return switch self {
        case .typeMismatch(let type, let context):
            account(context, "expected \(Self.name(of: type))")
        case .valueNotFound(_, let context): account(context)
        case .keyNotFound(let key, let context):
            account(context, "'\(key.stringValue)' is missing")
        case .dataCorrupted(let context): account(context)
        @unknown default: "\(self)"
        }
    }

    private static func name(of type: any Any.Type) -> String {
        switch type {
        case is String.Type: "a string"
        case is Bool.Type: "true or false"
        case is Float.Type, is UInt32.Type: "a number"
        case is [Any].Type: "a list"
        default: "an object"
        }
    }
}
