"""One of gRPC's interoperability cases, asked by grpcio. Usage: grpc_interop.py PROTO_FOLDER SOCKET CASE.

The cases are those of grpc's doc/interop-test-descriptions.md that a server with unary methods and conversations
can be asked. Compiles the messages into a temporary folder.
"""

import concurrent.futures
import queue
import sys
import tempfile

import grpc
from grpc_tools import protoc

proto, socket, case = sys.argv[1:]
SPECIAL = "\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n"
INITIAL, TRAILING = "x-grpc-test-echo-initial", "x-grpc-test-echo-trailing-bin"
METADATA = [(INITIAL, "test_initial_metadata_value"), (TRAILING, b"\xab\xab\xab")]


def check(condition, what):
    if not condition:
        raise AssertionError(what)


def failure(call):
    try:
        call()
    except grpc.RpcError as error:
        return error.code(), error.details()
    return grpc.StatusCode.OK, None


def large(size_in=271_828, size_out=314_159):
    return m.SimpleRequest(response_size=size_out, payload=m.Payload(body=bytes(size_in)))


def duplex_request(size=314_159):
    return m.StreamingOutputCallRequest(
        response_parameters=[m.ResponseParameters(size=size)], payload=m.Payload(body=bytes(271_828))
    )


def empty_unary():
    check(stub.EmptyCall(m.Empty()) == m.Empty(), "the answer is not empty")


def large_unary():
    check(stub.UnaryCall(large()).payload.body == bytes(314_159), "the answer")


def check_metadata(call):
    initial, trailing = dict(call.initial_metadata()), dict(call.trailing_metadata())
    check(initial.get(INITIAL) == METADATA[0][1] and INITIAL not in trailing, f"initial {initial} {trailing}")
    check(trailing.get(TRAILING) == METADATA[1][1] and TRAILING not in initial, f"trailing {initial} {trailing}")


def custom_metadata():
    answer, call = stub.UnaryCall.with_call(large(), metadata=METADATA)
    check(len(answer.payload.body) == 314_159, "the answer")
    check_metadata(call)
    call = stub.FullDuplexCall(iter([duplex_request()]), metadata=METADATA)
    check([len(answer.payload.body) for answer in call] == [314_159], "the answers")
    check_metadata(call)


def fails_with(code, message):
    status = m.EchoStatus(code=code.value[0], message=message)
    got = failure(lambda: stub.UnaryCall(m.SimpleRequest(response_status=status)))
    check(got == (code, message), f"unary {got}")
    requests = iter([m.StreamingOutputCallRequest(response_status=status)])
    got = failure(lambda: list(stub.FullDuplexCall(requests)))
    check(got == (code, message), f"duplex {got}")


def status_code_and_message():
    fails_with(grpc.StatusCode.UNKNOWN, "test status message")


def special_status_message():
    fails_with(grpc.StatusCode.UNKNOWN, SPECIAL)


def unimplemented_method():
    code, _ = failure(lambda: stub.UnimplementedCall(m.Empty()))
    check(code is grpc.StatusCode.UNIMPLEMENTED, f"{code}")


def unimplemented_service():
    code, _ = failure(lambda: s.UnimplementedServiceStub(channel).UnimplementedCall(m.Empty()))
    check(code is grpc.StatusCode.UNIMPLEMENTED, f"{code}")


def cancel_after_begin():
    waiting = queue.Queue()

    def nothing():
        yield from iter(waiting.get, None)

    call = stub.StreamingInputCall.future(nothing())
    call.cancel()
    check(call.cancelled() and call.code() is grpc.StatusCode.CANCELLED, f"{call.code()}")
    waiting.put(None)
    # The connection goes on.
    empty_unary()


def timeout_on_sleeping_server():
    def requests():
        yield m.StreamingOutputCallRequest(payload=m.Payload(body=bytes(27_182)))

    code, _ = failure(lambda: list(stub.FullDuplexCall(requests(), timeout=0.001)))
    check(code is grpc.StatusCode.DEADLINE_EXCEEDED, f"{code}")
    # The same where the request has surely come.
    code, _ = failure(lambda: list(stub.FullDuplexCall(requests(), timeout=0.2)))
    check(code is grpc.StatusCode.DEADLINE_EXCEEDED, f"{code}")
    empty_unary()


def concurrent_calls():
    def one(number):
        answer = stub.UnaryCall(large(number, 3 * number))
        return len(answer.payload.body) == 3 * number

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        check(all(pool.map(one, range(1, 1_001))), "an answer is another call's")


CASES = [
    empty_unary, large_unary, custom_metadata, status_code_and_message, special_status_message,
    unimplemented_method, unimplemented_service, cancel_after_begin, timeout_on_sleeping_server, concurrent_calls,
]  # fmt: skip

with tempfile.TemporaryDirectory() as folder:
    arguments = ["", f"-I{proto}", f"--python_out={folder}", f"--grpc_python_out={folder}", "messages.proto"]
    check(protoc.main(arguments) == 0, "protoc")
    sys.path.insert(0, folder)
    import messages_pb2 as m
    import messages_pb2_grpc as s

    with grpc.insecure_channel(f"unix:{socket}", options=[("grpc.enable_retries", 0)]) as channel:
        stub = s.TestServiceStub(channel)
        {f.__name__: f for f in CASES}[case]()
print("ok")
