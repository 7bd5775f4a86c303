internal import EventLoop
internal import Wire

/// Finds the handler of a call. One router a lane, so handlers may keep scratch memory of their
/// own.
package final class Router {
    /// Runs on the lane's thread and answers before it returns, or puts the answer off; see ``Call``.
    package typealias Handler = (Call) throws(RPCError) -> Void

    /// What a method takes and gives. Of those that stream, the handler still answers one message
    /// with one; only gRPC has them.
    package enum Kind: Sendable {
        /// One message, one answer.
        case unary
        /// Several messages, each with its answer.
        case conversation
        /// One message, and another answer whenever that has changed. The handler is asked again,
        /// and must not put an answer off.
        case watch
    }

    /// One method and all there is to know about it.
    private struct Route {
        let hash: UInt64
        let service: [UInt8]
        let method: [UInt8]
        let role: Role
        let isUrgent: Bool
        let kind: Kind
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
    ///   - role: the least role that a caller must have.
    ///   - isUrgent: for methods that are quick and that somebody uses to see whether the server
    ///     lives: answered as soon as they are read, even when the turn's time is used up.
    ///   - kind: whether it streams.
    ///   - handler: must spell out its throws: `{ call throws(RPCError) in ... }`.
    package func add(
        _ service: String, _ method: String, role: Role, isUrgent: Bool = false,
        kind: Kind = .unary, _ handler: @escaping Handler
    ) {
        let unaryOnly: Handler = { call throws(RPCError) in
            guard call.framing == .grpc else {
                throw RPCError(
                    .unimplemented, "\(service)/\(method) streams; it is served over gRPC alone")
            }
            try handler(call)
        }
        let handler = kind == .unary ? handler : unaryOnly
        let (service, method) = (Array(service.utf8), Array(method.utf8))
        let route = Route(
            hash: service.withUnsafeBytes { s in method.withUnsafeBytes { Self.hash(s, $0) } },
            service: service, method: method, role: role, isUrgent: isUrgent, kind: kind,
            handler: handler)
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
    /// - Throws: UNIMPLEMENTED, naming the service or method that is unknown; PERMISSION_DENIED,
    ///   naming the method and its role, where the caller has a lesser one.
    /// - Complexity: O(length of the names), no allocation.
    package func handler(
        _ service: UnsafeRawBufferPointer, _ method: UnsafeRawBufferPointer, for caller: Caller
    ) throws(RPCError) -> Handler {
        guard let i = index(service, method) else { throw unimplemented(service, method) }
        return try handler(i, for: caller)
    }

    private func handler(_ i: Int, for caller: Caller) throws(RPCError) -> Handler {
        guard caller.role >= routes[i].role else { throw denied(routes[i], caller) }
        return routes[i].handler
    }

    private func denied(_ route: Route, _ caller: Caller) -> RPCError {
        func text(_ name: [UInt8]) -> String { String(decoding: name, as: UTF8.self) }
        let held = caller.role == .none ? "no role" : "the role \(caller.role.name)"
        return RPCError(
            .permissionDenied,
            "\(text(route.service))/\(text(route.method)) needs the role \(route.role.name); "
                + "uid \(caller.peer.userID) has \(held)")
    }

    /// Every method with its role, in the order added.
    package var methods: [(service: String, method: String, role: Role)] {
        routes.map {
            (
                String(decoding: $0.service, as: UTF8.self),
                String(decoding: $0.method, as: UTF8.self), $0.role
            )
        }
    }

    /// True for a method that was added as urgent.
    func isUrgent(_ service: UnsafeRawBufferPointer, _ method: UnsafeRawBufferPointer) -> Bool {
        index(service, method).map { routes[$0].isUrgent } ?? false
    }

    /// What the method at a place of the router takes and gives.
    func kind(at route: Int) -> Kind { route < routes.count ? routes[route].kind : .unary }

    /// True for a method that takes several messages.
    func takesSeveral(
        _ service: UnsafeRawBufferPointer, _ method: UnsafeRawBufferPointer
    ) -> Bool {
        index(service, method).map { routes[$0].kind == .conversation } ?? false
    }

    /// Has a call answered by its handler, or by the error that keeps it from that.
    ///
    /// - Parameters:
    ///   - now: the time as far as known.
    ///   - admit: throws where the handler is not to run.
    /// - Returns: when the handler was done, and with which code. A call that is answered later has
    ///   no answer, and the code OK.
    func answer(
        _ call: Call, now: Int64, unless admit: () throws(RPCError) -> Void
    ) -> (end: Int64, code: StatusCode) {
        let route = index(call.service, call.method)
        call.route = route ?? routes.count
        do throws(RPCError) {
            try admit()
            guard let route else { throw unimplemented(call.service, call.method) }
            try handler(route, for: call.caller)(call)
            if call.isDeferred { return (MonotonicClock.now(), .ok) }
            if !call.isAnswered { throw RPCError(.internal, "the handler gave no answer") }
            let end = MonotonicClock.now()
            guard call.deadline.hasPassed(at: end) else { return (end, .ok) }
            call.fail(.lateAnswer)
            return (end, .deadlineExceeded)
        } catch {
            call.fail(error)
            return (MonotonicClock.now(), error.code)
        }
    }

    private func index(
        _ service: UnsafeRawBufferPointer, _ method: UnsafeRawBufferPointer
    ) -> Int? {
        let hash = Self.hash(service, method)
        var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
        while slots[slot] >= 0 {
            let i = Int(slots[slot])
            if routes[i].hash == hash, Self.equal(routes[i].service, service),
                Self.equal(routes[i].method, method)
            {
                return i
            }
            slot = (slot + 1) & (slots.count - 1)
        }
        return nil
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
