internal import CSidecartProto
internal import CrossSell
internal import Interactions
internal import RPC

/// Checks of request fields: a violation names the field, what was found and the limit.
enum FieldCheck {
    static func id(_ data: ProtobufCBinaryData, _ field: @autoclosure () -> String)
        throws(RPCError) -> IDView
    {
        try id(IDView(start: data.data, count: data.len), field())
    }

    static func id(_ id: IDView, _ field: @autoclosure () -> String) throws(RPCError) -> IDView {
        if let fault = IdentifierRule.fault(in: id) {
            throw RPCError(.invalidArgument, "\(field()) \(fault)")
        }
        return id
    }

    /// Replaces `ids` by a repeated field's ids; where this throws, by nothing that can be used.
    static func fill(
        _ ids: inout [IDView], _ field: String, _ list: UnsafeMutablePointer<ProtobufCBinaryData>?,
        _ count: Int, max: Int
    ) throws(RPCError) {
        try limit(count, field, max: max)
        // Written in place, where most often as many lie as the call before had: appended one by one each
        // would ask whether there is room.
        if ids.count < count {
            ids.append(
                contentsOf: repeatElement(IDView(start: nil, count: 0), count: count - ids.count))
        } else {
            ids.removeLast(ids.count - count)
        }
        try ids.withUnsafeMutableBufferPointer { ids throws(RPCError) in
            for position in 0..<count {
                ids[position] = try id(list![position], "\(field)[\(position)]")
            }
        }
    }

    static func limit(_ count: Int, _ field: String, max: Int) throws(RPCError) {
        guard count <= max else {
            throw RPCError(
                .invalidArgument, "\(field) has \(count) entries, the limit is \(max)")
        }
    }

    /// How many results are wanted; 0 means 10.
    static func k(_ value: UInt32, max: Int) throws(RPCError) -> Int {
        guard value <= max else {
            throw RPCError(.invalidArgument, "k is \(value), the limit is \(max)")
        }
        return value == 0 ? 10 : Int(value)
    }

    /// Appends a repeated field's category paths to `paths`, which is emptied first.
    static func fillPaths(
        _ paths: inout [IDView], _ field: String,
        _ list: UnsafeMutablePointer<ProtobufCBinaryData>?, _ count: Int, max: Int
    ) throws(RPCError) {
        paths.removeAll(keepingCapacity: true)
        try limit(count, field, max: max)
        for position in 0..<count {
            paths.append(try path(list![position], "\(field)[\(position)]"))
        }
    }

    /// A category's path.
    static func path(_ data: ProtobufCBinaryData, _ field: @autoclosure () -> String)
        throws(RPCError) -> IDView
    {
        try path(IDView(start: data.data, count: data.len), field())
    }

    static func path(_ path: IDView, _ field: @autoclosure () -> String)
        throws(RPCError) -> IDView
    {
        guard 1...categoryBytesMax ~= path.count else {
            throw RPCError(
                .invalidArgument,
                "\(field()) has \(path.count) bytes, not 1 to \(categoryBytesMax)")
        }
        return path
    }

    static let categoryBytesMax = 1_024

    /// A vector of the model's length with finite elements.
    static func vector(
        _ values: UnsafeMutablePointer<Float>?, _ count: Int, _ field: @autoclosure () -> String,
        dimensions: Int
    ) throws(RPCError) -> UnsafeBufferPointer<Float> {
        guard count == dimensions else {
            throw RPCError(
                .invalidArgument, "\(field()) has \(count) elements, the model has \(dimensions)")
        }
        let vector = UnsafeBufferPointer(start: values, count: count)
        if let position = vector.firstIndex(where: { !$0.isFinite }) {
            throw RPCError(.invalidArgument, "\(field())[\(position)] is not finite")
        }
        return vector
    }
}

extension UnsafeRawBufferPointer {
    /// Lent to a message that is packed before the memory may change.
    var binaryData: ProtobufCBinaryData {
        ProtobufCBinaryData(
            len: count,
            data: UnsafeMutablePointer(mutating: baseAddress?.assumingMemoryBound(to: UInt8.self)))
    }
}
