internal import CSidecartProto
internal import RPC

/// `grpc.health.v1.Health`: a server that answers and is not draining is SERVING, and so are all its
/// services.
enum HealthService {
    private typealias Status = Grpc__Health__V1__HealthCheckResponse__ServingStatus

    /// Adds its methods, after those of all services that it is to know.
    static func register(in router: Router, isDraining: @escaping () -> Bool) {
        let service = "grpc.health.v1.Health"
        let known = Set(router.methods.map(\.service)).union(["", service])

        /// The status of the service that a call asks for; nil where there is none of that name.
        func status(_ call: Call) throws(RPCError) -> (Status?, name: String) {
            let request = try call.decode(grpc__health__v1__health_check_request__init)
            let name = String(
                decoding: UnsafeRawBufferPointer(
                    start: request.pointee.service.data, count: request.pointee.service.len),
                as: UTF8.self)
            guard known.contains(name) else { return (nil, name) }
            return (
                isDraining()
                    ? GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__NOT_SERVING
                    : GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVING, name
            )
        }
        func reply(_ call: Call, _ status: Status) throws(RPCError) {
            var response = Grpc__Health__V1__HealthCheckResponse()
            grpc__health__v1__health_check_response__init(&response)
            response.status = status
            try call.reply(&response)
        }

        router.add(service, "Check", role: .read, isUrgent: true) { call throws(RPCError) in
            let (status, name) = try status(call)
            guard let status else { throw RPCError(.notFound, "service \(name) is not known") }
            try reply(call, status)
        }
        router.add(service, "Watch", role: .read, isUrgent: true, kind: .watch) {
            call throws(RPCError) in
            try reply(
                call,
                try status(call).0
                    ?? GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVICE_UNKNOWN)
        }
    }
}
