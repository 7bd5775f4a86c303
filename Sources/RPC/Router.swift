/// Finds the handler of a call. One router a loop, so handlers may keep scratch memory of their
/// own.
package final class Router {
    /// Runs on the loop's thread and answers before it returns; see ``Call``.
    package typealias Handler = (Call) throws(RPCError) -> Void

    /// One method and all there is to know about it.
    private struct Route {
        let hash: UInt64
        let service: [UInt8]
        let method: [UInt8]
        let handler: Handler
    }

    /// Longest part of an unknown name that an error repeats.
    private static let quotedBytesMax = 128

    private var routes: [Route] = []
    /// Open addressing, a power of two at least twice as long as `routes`; -1 is free.
    private var slots: [Int32] = [-1, -1]

    package init() {}

    /// Adds a method. Traps if it was added before.
    ///
    /// - Parameters:
    ///   - service: full name, such as `sidecart.v1.Scoring`.
    ///   - handler: must spell out its throws: `{ call throws(RPCError) in ... }`.
    package func add(_ service: String, _ method: String, _ handler: @escaping Handler) {
        let (service, method) = (Array(service.utf8), Array(method.utf8))
        let route = Route(
            hash: service.withUnsafeBytes { s in method.withUnsafeBytes { Self.hash(s, $0) } },
            service: service, method: method, handler: handler)
        precondition(
            !routes.contains { $0.service == service && $0.method == method },
            "a method was added twice")
        routes.append(route)
        slots = Array(repeating: -1, count: max(2, slots.count))
        while slots.count < 2 * routes.count { slots += slots }
        for (i, route) in routes.enumerated() {
            var slot = Int(truncatingIfNeeded: route.hash) & (slots.count - 1)
            while slots[slot] >= 0 { slot = (slot + 1) & (slots.count - 1) }
            slots[slot] = Int32(i)
        }
    }

    /// The handler of a method.
    ///
    /// - Throws: UNIMPLEMENTED, naming the service or method that is unknown.
    /// - Complexity: O(length of the names), no allocation.
    package func handler(
        _ service: UnsafeRawBufferPointer, _ method: UnsafeRawBufferPointer
    ) throws(RPCError) -> Handler {
        let hash = Self.hash(service, method)
        var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
        while slots[slot] >= 0 {
            let i = Int(slots[slot])
            if routes[i].hash == hash, Self.equal(routes[i].service, service),
                Self.equal(routes[i].method, method)
            {
                return routes[i].handler
            }
            slot = (slot + 1) & (slots.count - 1)
        }
        throw unimplemented(service, method)
    }

    private func unimplemented(
        _ service: UnsafeRawBufferPointer, _ method: UnsafeRawBufferPointer
    ) -> RPCError {
        func quote(_ name: UnsafeRawBufferPointer) -> String {
            String(decoding: name.prefix(Self.quotedBytesMax), as: UTF8.self)
        }
        if routes.contains(where: { Self.equal($0.service, service) }) {
            return RPCError(
                .unimplemented, "service '\(quote(service))' has no method '\(quote(method))'")
        }
        return RPCError(.unimplemented, "there is no service '\(quote(service))' here")
    }

    private static func equal(_ name: [UInt8], _ bytes: UnsafeRawBufferPointer) -> Bool {
        name.count == bytes.count && name.withUnsafeBytes { $0.elementsEqual(bytes) }
    }

    /// FNV-1a over both names and a separator.
    private static func hash(
        _ service: UnsafeRawBufferPointer, _ method: UnsafeRawBufferPointer
    ) -> UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        func add(_ byte: UInt8) { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
        for byte in service { add(byte) }
        add(UInt8(ascii: "/"))
        for byte in method { add(byte) }
        return hash
    }
}
