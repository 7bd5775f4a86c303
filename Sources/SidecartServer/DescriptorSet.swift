internal import CSidecartProto
internal import Wire

/// The contract as protobuf describes it: the files of a `google.protobuf.FileDescriptorSet`, and
/// which of them defines what.
final class DescriptorSet: Sendable {
    /// One FileDescriptorProto.
    struct File: Sendable {
        let name: String
        let imports: [String]
        let bytes: [UInt8]
    }

    /// Of the services that this program was built with.
    static let ofContract: DescriptorSet = {
        var count = 0
        let start = sc_descriptor_set(&count)
        guard let set = try? DescriptorSet(UnsafeRawBufferPointer(start: start, count: count))
        else { preconditionFailure("the descriptors that were built in are no descriptors") }
        return set
    }()

    private let files: [String: File]
    /// The file of each service, method, message, field, enum and value, by full name.
    private let definitions: [String: String]
    private let messages: Set<String>

    init(_ set: UnsafeRawBufferPointer) throws(ProtobufReader.Malformed) {
        var index = Index()
        var reader = ProtobufReader(set)
        while let (number, value) = try reader.next() {
            if case (1, .bytes(let file)) = (number, value) { try index.add(file: file) }
        }
        (files, definitions, messages) = (index.files, index.definitions, index.messages)
    }

    /// A file and those that it imports, each once, itself first.
    func closure(ofFile name: String) -> [File]? {
        guard let file = files[name] else { return nil }
        var found = [file]
        var next = 0
        while next < found.count {
            for name in found[next].imports where !found.contains(where: { $0.name == name }) {
                if let file = files[name] { found.append(file) }
            }
            next += 1
        }
        return found
    }

    /// The same for the file that defines a symbol, by its full name.
    func closure(ofSymbol name: String) -> [File]? {
        definitions[name].flatMap { closure(ofFile: $0) }
    }

    func hasMessage(_ name: String) -> Bool { messages.contains(name) }
}

/// A descriptor set while it is read. Field numbers are those of google/protobuf/descriptor.proto.
private struct Index {
    var files: [String: DescriptorSet.File] = [:]
    var definitions: [String: String] = [:]
    var messages: Set<String> = []
    private var file = ""

    mutating func add(file bytes: UnsafeRawBufferPointer) throws(ProtobufReader.Malformed) {
        file = try Self.texts(1, of: bytes).first ?? ""
        let package = try Self.texts(2, of: bytes).first ?? ""
        files[file] = DescriptorSet.File(
            name: file, imports: try Self.texts(3, of: bytes), bytes: Array(bytes))
        var reader = ProtobufReader(bytes)
        while let (number, value) = try reader.next() {
            guard case .bytes(let inner) = value else { continue }
            switch number {
            case 4: try add(message: inner, in: package)
            case 5: try add(enumeration: inner, in: package)
            case 6:
                // Methods are field 2 of a service.
                try addMembers(2, of: inner, as: try define(inner, in: package))
            default: continue
            }
        }
    }

    private mutating func add(
        message bytes: UnsafeRawBufferPointer, in scope: String
    ) throws(ProtobufReader.Malformed) {
        let name = try define(bytes, in: scope)
        messages.insert(name)
        try addMembers(2, of: bytes, as: name)
        var reader = ProtobufReader(bytes)
        while let (number, value) = try reader.next() {
            guard case .bytes(let inner) = value else { continue }
            if number == 3 { try add(message: inner, in: name) }
            if number == 4 { try add(enumeration: inner, in: name) }
        }
    }

    /// The values of an enum are named beside it, not within it.
    private mutating func add(
        enumeration bytes: UnsafeRawBufferPointer, in scope: String
    ) throws(ProtobufReader.Malformed) {
        _ = try define(bytes, in: scope)
        try addMembers(2, of: bytes, as: scope)
    }

    private mutating func addMembers(
        _ field: Int, of bytes: UnsafeRawBufferPointer, as scope: String
    ) throws(ProtobufReader.Malformed) {
        var reader = ProtobufReader(bytes)
        while let (number, value) = try reader.next() {
            if number == field, case .bytes(let member) = value {
                _ = try define(member, in: scope)
            }
        }
    }

    /// Notes where something is defined, whose name is its field 1; returns its full name.
    private mutating func define(
        _ bytes: UnsafeRawBufferPointer, in scope: String
    ) throws(ProtobufReader.Malformed) -> String {
        let name = try Self.texts(1, of: bytes).first ?? ""
        let full = scope.isEmpty ? name : "\(scope).\(name)"
        definitions[full] = file
        return full
    }

    private static func texts(
        _ field: Int, of bytes: UnsafeRawBufferPointer
    ) throws(ProtobufReader.Malformed) -> [String] {
        var texts: [String] = []
        var reader = ProtobufReader(bytes)
        while let (number, value) = try reader.next() {
            if number == field, case .bytes(let text) = value {
                texts.append(String(decoding: text, as: UTF8.self))
            }
        }
        return texts
    }
}
