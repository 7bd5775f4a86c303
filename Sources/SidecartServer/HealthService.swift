internal import CSidecartProto
internal import RPC

/// `grpc.health.v1.Health`: a server that answers and is not draining is SERVING.
enum HealthService {
    static func register(in router: Router, isDraining: @escaping () -> Bool) {
        router.add("grpc.health.v1.Health", "Check", role: .read, isUrgent: true) {
            call throws(RPCError) in
            let request = try call.decode(grpc__health__v1__health_check_request__init)
            let name = UnsafeRawBufferPointer(
                start: request.pointee.service.data, count: request.pointee.service.len)
            guard name.isEmpty || services.contains(where: { $0.utf8.elementsEqual(name) }) else {
                throw RPCError(
                    .notFound, "service \(String(decoding: name, as: UTF8.self)) is not known")
            }
            var response = Grpc__Health__V1__HealthCheckResponse()
            grpc__health__v1__health_check_response__init(&response)
            response.status =
                isDraining()
                ? GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__NOT_SERVING
                : GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVING
            try call.reply(&response)
        }
    }

    private static let services = [
        "sidecart.v1.Scoring", "sidecart.v1.Profiles", "sidecart.v1.Embeddings",
        "sidecart.v1.Models", "sidecart.v1.Admin", "grpc.health.v1.Health",
    ]
}
