"""Calls every method of a server with grpcio, and lets stock tools ask it: reflection and health checks.

Usage: grpc_server.py PROTO_FOLDER SOCKET ITEM. Compiles the contract into a temporary folder.
"""

import importlib
import pathlib
import sys
import tempfile

import grpc
from google.protobuf import descriptor_pool, message_factory
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
from grpc_tools import protoc

proto, socket, item = sys.argv[1:]


def check(condition, what):
    if not condition:
        raise AssertionError(what)


def code(call):
    try:
        call()
        return grpc.StatusCode.OK
    except grpc.RpcError as error:
        return error.code()


with tempfile.TemporaryDirectory() as folder, grpc.insecure_channel(f"unix:{socket}") as channel:
    files = sorted(str(p.relative_to(proto)) for p in pathlib.Path(proto).glob("sidecart/v1/*.proto"))
    check(protoc.main(["", f"-I{proto}", f"--python_out={folder}", f"--grpc_python_out={folder}", *files]) == 0, "protoc")
    sys.path.insert(0, folder)
    modules = {f: importlib.import_module(f.removesuffix(".proto").replace("/", ".") + "_pb2") for f in files}
    stubs = {f: importlib.import_module(f.removesuffix(".proto").replace("/", ".") + "_pb2_grpc") for f in files}

    # Every method but the one that ends the server, with an empty request: answered by its handler.
    called = 0
    for file, module in modules.items():
        for service in module.DESCRIPTOR.services_by_name.values():
            stub = getattr(stubs[file], f"{service.name}Stub")(channel)
            for method in service.methods:
                if method.name == "Drain":
                    continue
                request = getattr(module, method.input_type.name)()
                result = code(lambda: getattr(stub, method.name)(request, timeout=20))
                allowed = {"OK", "INVALID_ARGUMENT", "NOT_FOUND", "FAILED_PRECONDITION", "UNIMPLEMENTED"}
                check(result.name in allowed, f"{service.full_name}/{method.name}: {result}")
                called += 1

    # Real answers, and their codes.
    m = modules["sidecart/v1/scoring.proto"]
    scoring = stubs["sidecart/v1/scoring.proto"].ScoringStub(channel)
    scores = scoring.Score(m.ScoreRequest(items=[item, "nobody"]), timeout=10)
    check(len(scores.scores) == 2 and list(scores.unknown) == [1], f"{scores}")
    slate = scoring.Recommend(m.RecommendRequest(context=m.Context(basket=[item]), k=5), timeout=10)
    check(len(slate.items) == 5 and slate.items[0].title, f"{slate}")
    check(code(lambda: scoring.Score(m.ScoreRequest(items=[item] * 1001))) is grpc.StatusCode.INVALID_ARGUMENT, "limit")

    # Health.
    health = health_pb2_grpc.HealthStub(channel)
    for name in ["", "sidecart.v1.Scoring"]:
        answer = health.Check(health_pb2.HealthCheckRequest(service=name))
        check(answer.status == health_pb2.HealthCheckResponse.SERVING, name)
    check(code(lambda: health.Check(health_pb2.HealthCheckRequest(service="no"))) is grpc.StatusCode.NOT_FOUND, "no")
    watch = health.Watch(health_pb2.HealthCheckRequest())
    check(next(watch).status == health_pb2.HealthCheckResponse.SERVING, "watch")

    # Reflection: a call made of nothing but what the server tells.
    database = ProtoReflectionDescriptorDatabase(channel)
    services = set(database.get_services())
    expected = {s.full_name for module in modules.values() for s in module.DESCRIPTOR.services_by_name.values()}
    check(expected <= services, f"{expected - services}")
    pool = descriptor_pool.DescriptorPool(database)
    for service in services:
        check(pool.FindServiceByName(service).methods, service)
    method = pool.FindServiceByName("sidecart.v1.Admin").methods_by_name["Status"]
    request = message_factory.GetMessageClass(method.input_type)()
    answer = channel.unary_unary(
        f"/{method.containing_service.full_name}/{method.name}",
        request_serializer=lambda r: r.SerializeToString(),
        response_deserializer=message_factory.GetMessageClass(method.output_type).FromString,
    )(request)
    check(answer.version and answer.calls > called, f"{answer}")

    # The end, as whoever watches sees it.
    stubs["sidecart/v1/admin.proto"].AdminStub(channel).Drain(modules["sidecart/v1/admin.proto"].DrainRequest())
    check(next(watch).status == health_pb2.HealthCheckResponse.NOT_SERVING, "watch at the end")
    check(code(lambda: next(watch)) is grpc.StatusCode.UNAVAILABLE, "end of the watch")
print(f"ok: {called + 1} methods, {len(services)} services")
